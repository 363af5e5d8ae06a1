#include "executor/secrets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "support/temporary_folder.h"

namespace windlass {
namespace {

using ::testing::HasSubstr;

TEST(SecretsTest, AFileInTheFolderComesBeforeTheEnvironment) {
  testing::TemporaryFolder folder;
  ExecutorConfig config;
  config.secrets_dir = folder.path();
  setenv("WINDLASS_SECRET_WL_A", "from env", 1);
  EXPECT_EQ(*ReadSecret(config, "WL_A"), "from env");
  ASSERT_TRUE(WriteFileAtomically(folder.path() + "/WL_A", "file\n").ok());
  EXPECT_EQ(*ReadSecret(config, "WL_A"), "file");
}

TEST(SecretsTest, ANameCannotLeadOutOfTheFolder) {
  ExecutorConfig config;
  config.secrets_dir = "/etc";
  EXPECT_TRUE(
      absl::IsInvalidArgument(ReadSecret(config, "../etc/passwd").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(ReadSecret(config, "").status()));
}

TEST(SecretsTest, AMissingSecretNamesBothPlaces) {
  ExecutorConfig config;
  config.secrets_dir = "/nowhere";
  absl::Status status = ReadSecret(config, "WL_NONE").status();
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("WINDLASS_SECRET_WL_NONE"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("/nowhere/WL_NONE"));
}

TEST(SecretsTest, OnlyAllowedVariablesAreRead) {
  ExecutorConfig config;
  setenv("WL_B", "b", 1);
  EXPECT_TRUE(absl::IsPermissionDenied(ReadEnv(config, "WL_B").status()));
  config.allowed_env = {"WL_B", "WL_UNSET"};
  EXPECT_EQ(*ReadEnv(config, "WL_B"), "b");
  EXPECT_TRUE(absl::IsNotFound(ReadEnv(config, "WL_UNSET").status()));
}

}  // namespace
}  // namespace windlass

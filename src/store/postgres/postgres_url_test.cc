#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "store/postgres/postgres_store.h"

namespace windlass {
namespace {

using ::testing::HasSubstr;

TEST(LibpqUrlTest, WhatIsLibpqsIsLeftAsItIs) {
  for (const std::string url :
       {"postgres://app:p%40ss@db:5432/jobs",
        "postgresql://a,b/jobs?target_session_attrs=read-write&sslmode=require",
        "postgres://db/jobs?options=-c%20work_mem%3D1MB"}) {
    const auto options = ParsePostgresUrl(url);
    ASSERT_TRUE(options.ok()) << options.status();
    EXPECT_EQ(options->url, url);
    EXPECT_EQ(options->schema, "windlass");
    EXPECT_EQ(options->listen_url, "");
  }
}

TEST(LibpqUrlTest, OursAreTakenOutAndDecoded) {
  const auto options = ParsePostgresUrl(
      "postgres://db/jobs?sslmode=require&windlass_schema=my%20jobs"
      "&windlass_listen_url=postgres%3A%2F%2Fapp%40direct%3A5433%2Fjobs%3F"
      "sslmode%3Drequire&connect_timeout=3");
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->url,
            "postgres://db/jobs?sslmode=require&connect_timeout=3");
  EXPECT_EQ(options->schema, "my jobs");
  EXPECT_EQ(options->listen_url,
            "postgres://app@direct:5433/jobs?sslmode=require");
}

TEST(LibpqUrlTest, NoQuestionMarkIsLeftWithoutOtherParameters) {
  const auto options = ParsePostgresUrl("postgres://db/jobs?windlass_schema=a");
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->url, "postgres://db/jobs");
}

TEST(LibpqUrlTest, WhatCannotBeDecodedIsNamedWithoutTheUrl) {
  for (const char* value : {"%", "%2", "%zz", "a%"}) {
    const auto status =
        ParsePostgresUrl(std::string("postgres://app:secret@db/jobs"
                                     "?windlass_schema=") +
                         value)
            .status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << value;
    EXPECT_THAT(std::string(status.message()), HasSubstr("two hex digits"));
    EXPECT_THAT(std::string(status.message()),
                ::testing::Not(HasSubstr("secret")));
  }
}

TEST(LibpqUrlTest, AnEmptyValueOfOursIsRefused) {
  for (const char* name : {"windlass_schema", "windlass_listen_url"}) {
    for (const char* end : {"", "="}) {
      const auto status =
          ParsePostgresUrl(std::string("postgres://db/jobs?") + name + end)
              .status();
      EXPECT_TRUE(absl::IsInvalidArgument(status)) << name << end;
      EXPECT_THAT(std::string(status.message()), HasSubstr(name));
    }
  }
}

}  // namespace
}  // namespace windlass

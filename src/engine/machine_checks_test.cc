#include "engine/machine_checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <filesystem>

#include "support/temporary_folder.h"
#include "windlass/diagnosis.h"

namespace windlass {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

using Level = Finding::Level;

constexpr Timestamp kNow =
    std::chrono::sys_days(std::chrono::year(2026) / std::chrono::July / 1);

TEST(MachineChecksTest, AFolderIsLookedAtAndLeftAsItWas) {
  testing::TemporaryFolder folder;
  Finding finding = CheckFolder("here", folder.path());
  EXPECT_THAT(finding.detail, HasSubstr("writable"));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(MachineChecksTest, AFolderThatIsYetToBeMadeIsLookedAtThroughItsParent) {
  testing::TemporaryFolder folder;
  Finding finding = CheckFolder("here", folder.path() + "/not/yet/made");
  EXPECT_THAT(finding.detail, HasSubstr("writable"));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(MachineChecksTest, AFolderThatTakesNoFilesIsAProblem) {
  Finding finding = CheckFolder("here", "/proc");
  EXPECT_EQ(finding.level, Level::kProblem);
  EXPECT_THAT(finding.detail, HasSubstr("/proc"));
  EXPECT_THAT(finding.advice, Not(IsEmpty()));
}

TEST(MachineChecksTest, AClockBeforeThisProgramWasWrittenIsAProblem) {
  const Timestamp epoch{};
  EXPECT_EQ(CheckClock(epoch + 24h, epoch).level, Level::kProblem);
}

TEST(MachineChecksTest, AClockBehindTheRecordsIsAWarning) {
  EXPECT_EQ(CheckClock(kNow, kNow - 24h).level, Level::kOk);
  EXPECT_EQ(CheckClock(kNow, kNow + 1s).level, Level::kOk);
  Finding finding = CheckClock(kNow, kNow + 1h);
  EXPECT_EQ(finding.level, Level::kWarning);
  EXPECT_THAT(finding.detail, HasSubstr("1h behind"));
}

TEST(MachineChecksTest, LimitsAreComparedWithWhatTheSlotsNeed) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit low = before;
  low.rlim_cur = 1024;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  EXPECT_EQ(CheckOpenFiles(80).level, Level::kOk);
  Finding finding = CheckOpenFiles(1000);
  EXPECT_EQ(finding.level, Level::kWarning);
  EXPECT_THAT(finding.detail, HasSubstr("limit 1024"));
  EXPECT_THAT(finding.advice, HasSubstr("ulimit -n 12064"));
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
}

TEST(MachineChecksTest, ProgramsAreLookedForOnPath) {
  EXPECT_EQ(CheckProgram("sh", "shell").level, Level::kOk);
  Finding finding = CheckProgram("no-such-program", "tasks of type x");
  EXPECT_EQ(finding.level, Level::kWarning);
  EXPECT_THAT(finding.advice, HasSubstr("tasks of type x"));
}

TEST(MachineChecksTest, SecretsAreForTheirUserAlone) {
  testing::TemporaryFolder folder;
  ASSERT_EQ(chmod(folder.path().c_str(), 0700), 0);
  EXPECT_EQ(CheckSecretsFolder(folder.path()).level, Level::kOk);
  ASSERT_EQ(chmod(folder.path().c_str(), 0755), 0);
  EXPECT_EQ(CheckSecretsFolder(folder.path()).level, Level::kWarning);
  EXPECT_EQ(CheckSecretsFolder(folder.path() + "/none").level, Level::kProblem);
}

}  // namespace
}  // namespace windlass

#include "store/sqlite/diagnosis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "support/temporary_folder.h"

namespace windlass::sqlite {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

using Level = Finding::Level;

class SqliteDiagnosisTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto database =
        Database::Open(Path(), SqliteStoreOptions::Synchronous::kNormal);
    ASSERT_TRUE(database.ok()) << database.status();
    database_ = *std::move(database);
  }
  std::string Path() const { return folder_.path() + "/store.db"; }

  testing::TemporaryFolder folder_;
  std::unique_ptr<Database> database_;
};

TEST_F(SqliteDiagnosisTest, AllIsWellWithANewFile) {
  const auto findings = Diagnose(*database_);
  ASSERT_THAT(findings, SizeIs(2));
  for (const Finding& finding : findings) {
    EXPECT_EQ(finding.level, Level::kOk)
        << finding.check << ": " << finding.detail;
    EXPECT_EQ(finding.advice, "");
  }
  EXPECT_EQ(findings[0].check, "schema");
  EXPECT_EQ(findings[1].check, "write-ahead log");
}

TEST_F(SqliteDiagnosisTest, ASchemaThatIsNotOursIsAProblem) {
  auto other = Connection::Open(Path(), Connection::Mode::kWriter);
  ASSERT_TRUE(other.ok()) << other.status();
  ASSERT_TRUE((*other)->Run("PRAGMA user_version = 999").ok());
  Finding schema = Diagnose(*database_)[0];
  EXPECT_EQ(schema.level, Level::kProblem);
  EXPECT_THAT(schema.advice, HasSubstr("newer Windlass"));
  ASSERT_TRUE((*other)->Run("PRAGMA user_version = 1").ok());
  schema = Diagnose(*database_)[0];
  EXPECT_EQ(schema.level, Level::kProblem);
  EXPECT_THAT(schema.advice, HasSubstr("windlass migrate up"));
}

TEST_F(SqliteDiagnosisTest, ALogThatGrewIsAWarning) {
  const auto log = Diagnose(*database_, 0)[1];
  EXPECT_EQ(log.level, Level::kWarning);
  EXPECT_THAT(log.advice, HasSubstr("reads the file without end"));
}

}  // namespace
}  // namespace windlass::sqlite

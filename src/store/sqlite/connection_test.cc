#include "store/sqlite/connection.h"

#include <gtest/gtest.h>

#include <string>

namespace windlass::sqlite {
namespace {

constexpr std::string_view kCreate = "CREATE TABLE t (a, b)";
constexpr std::string_view kInsert = "INSERT INTO t VALUES (?1, ?2)";
constexpr std::string_view kSelect = "SELECT a, b FROM t ORDER BY rowid";
constexpr std::string_view kWrong = "SELECT nothing FROM nowhere";

class ConnectionTest : public testing::Test {
 protected:
  ConnectionTest()
      : connection_(
            Connection::Open(":memory:", Connection::Mode::kWriter).value()) {
    connection_->ExecuteText(kCreate);
  }
  Connection& db() { return *connection_; }

  std::unique_ptr<Connection> connection_;
};

TEST_F(ConnectionTest, ValuesComeBackAsTheyWere) {
  const std::string text("nul \0 and ä", 12);
  EXPECT_EQ(db().ExecuteText(kInsert, std::string_view(text), -1), 1);
  db().ExecuteText(kInsert, std::optional<int>(), 0.5);
  sql::Rows rows = db().ReadText(kSelect);
  ASSERT_TRUE(rows.Next());
  EXPECT_EQ(rows.Text(0), text);
  EXPECT_EQ(rows.Int(1), -1);
  ASSERT_TRUE(rows.Next());
  EXPECT_TRUE(rows.IsNull(0));
  EXPECT_EQ(rows.Real(1), 0.5);
  EXPECT_FALSE(rows.Next());
  EXPECT_FALSE(rows.Next());
}

TEST_F(ConnectionTest, AnEmptyTextIsNotNull) {
  db().ExecuteText(kInsert, std::string_view(), sql::TextOrNull{""});
  sql::Rows rows = db().ReadText(kSelect);
  ASSERT_TRUE(rows.Next());
  EXPECT_FALSE(rows.IsNull(0));
  EXPECT_TRUE(rows.IsNull(1));
}

TEST_F(ConnectionTest, AnErrorStaysUntilItIsCleared) {
  EXPECT_FALSE(db().ReadText(kWrong).Next());
  EXPECT_EQ(db().status().code(), absl::StatusCode::kInternal);
  EXPECT_NE(db().status().message().find("nowhere"), std::string::npos);
  EXPECT_EQ(db().ExecuteText(kInsert, 1, 2), 0);
  EXPECT_FALSE(db().ReadText(kSelect).Next());
  db().ClearError();
  EXPECT_FALSE(db().ReadText(kSelect).Next());
  EXPECT_EQ(db().ExecuteText(kInsert, 1, 2), 1);
  EXPECT_TRUE(db().ok());
}

TEST_F(ConnectionTest, TheFirstErrorIsTheOneToldOf) {
  db().Fail(absl::DataLossError("first"));
  db().Fail(absl::DataLossError("second"));
  EXPECT_EQ(db().status().message(), "first");
}

TEST_F(ConnectionTest, AFullDiskIsResourceExhausted) {
  ASSERT_TRUE(db().Run("PRAGMA max_page_count = 10").ok());
  const std::string large(100'000, 'x');
  db().ExecuteText(kInsert, std::string_view(large), 0);
  EXPECT_EQ(db().status().code(), absl::StatusCode::kResourceExhausted);
}

TEST(StatusFromCodeTest, CodesSayWhetherToTryAgain) {
  EXPECT_TRUE(StatusFromCode(SQLITE_OK, "").ok());
  EXPECT_TRUE(absl::IsUnavailable(StatusFromCode(SQLITE_BUSY, "x")));
  EXPECT_TRUE(absl::IsUnavailable(StatusFromCode(SQLITE_BUSY_SNAPSHOT, "x")));
  EXPECT_TRUE(absl::IsResourceExhausted(StatusFromCode(SQLITE_FULL, "x")));
  EXPECT_TRUE(absl::IsDataLoss(StatusFromCode(SQLITE_CORRUPT_INDEX, "x")));
  EXPECT_TRUE(absl::IsDataLoss(StatusFromCode(SQLITE_NOTADB, "x")));
  EXPECT_TRUE(absl::IsPermissionDenied(StatusFromCode(SQLITE_READONLY, "x")));
  EXPECT_TRUE(absl::IsInternal(StatusFromCode(SQLITE_CONSTRAINT, "x")));
}

}  // namespace
}  // namespace windlass::sqlite

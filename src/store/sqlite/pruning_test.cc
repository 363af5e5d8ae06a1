// What only a file has to prove of pruning; the rest is tests/conformance.
#include <gtest/gtest.h>

#include <memory>

#include "base/file.h"
#include "store/sql/history.h"
#include "store/sqlite/ledger.h"
#include "support/workflows.h"

namespace windlass::sqlite {
namespace {

// Counts transactions that may change something.
class CountingLedger final : public sql::Ledger {
 public:
  explicit CountingLedger(sql::Ledger& ledger) : ledger_(ledger) {}

  absl::Status Write(
      Durability durability,
      absl::FunctionRef<absl::Status(sql::Transaction&)> body) override {
    ++writes;
    return ledger_.Write(durability, body);
  }
  absl::Status Read(absl::FunctionRef<absl::Status(sql::Connection&, Timestamp)>
                        body) override {
    return ledger_.Read(body);
  }
  absl::Status RunSingle(Single kind,
                         absl::FunctionRef<absl::Status(
                             sql::Connection&, std::optional<Timestamp>)>
                             body) override {
    return ledger_.RunSingle(kind, body);
  }
  absl::StatusOr<Timestamp> Now() override { return ledger_.Now(); }
  sql::Definitions& definitions() override { return ledger_.definitions(); }
  absl::StatusOr<std::unique_ptr<WakeSignal>> Listen() override {
    return ledger_.Listen();
  }
  std::vector<Finding> Diagnose() override { return ledger_.Diagnose(); }

  int writes = 0;

 private:
  sql::Ledger& ledger_;
};

class PruningTest : public ::testing::Test {
 protected:
  PruningTest() : folder_(MakeTempDir("windlass-history-").value()) {
    SqliteStoreOptions options;
    options.path = Path();
    options.parser = &FindBuiltWorkflow;
    file_ = Ledger::Open(std::move(options)).value();
  }
  ~PruningTest() override {
    file_.reset();
    RemoveTree(folder_).IgnoreError();
  }

  std::string Path() const { return folder_ + "/store.db"; }
  int TallyRows() {
    auto file = Connection::Open(Path(), Connection::Mode::kReader);
    EXPECT_TRUE(file.ok()) << file.status();
    sql::Rows rows = (*file)->ReadText("SELECT count(*) FROM tally");
    return rows.Next() ? rows.Int32(0) : -1;
  }
  void Count(std::int64_t definition, int tasks) {
    const auto body = [&](sql::Transaction& tx) {
      tx.tally.Leased(definition, 0, tasks);
      return absl::OkStatus();
    };
    auto status = file_->Write(sql::Ledger::Durability::kProcess, body);
    ASSERT_TRUE(status.ok()) << status;
  }
  static PruneRequest AnHourAgo() {
    PruneRequest request;
    request.older_than = std::chrono::hours(1);
    return request;
  }

  const std::string folder_;
  std::unique_ptr<sql::Ledger> file_;
};

TEST_F(PruningTest, TakesOneTransaction) {
  CountingLedger ledger(*file_);
  ASSERT_TRUE(sql::History(ledger).Prune(AnHourAgo()).ok());
  EXPECT_EQ(ledger.writes, 1);
}

TEST_F(PruningTest, CountsOfNothingAreForgotten) {
  for (const int definition : {7, 8, 9}) Count(definition, 2);
  for (const int definition : {7, 8}) Count(definition, -2);
  EXPECT_EQ(TallyRows(), 3);
  ASSERT_TRUE(sql::History(*file_).Prune(AnHourAgo()).ok());
  EXPECT_EQ(TallyRows(), 1);
}

}  // namespace
}  // namespace windlass::sqlite

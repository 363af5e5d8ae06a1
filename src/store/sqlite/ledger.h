// The ledger of one SQLite file.
//
// There is one writer at a time, so what is remembered from the last write
// holds for the next one unless another process has written between them.
#pragma once

#include <memory>

#include "store/sql/ledger.h"
#include "store/sql/runs.h"
#include "store/sqlite/database.h"
#include "store/sqlite/diagnosis.h"
#include "store/sqlite/doorbell.h"
#include "store/sqlite/sequence.h"

namespace windlass::sqlite {

class Ledger final : public sql::Ledger {
 public:
  static absl::StatusOr<std::unique_ptr<Ledger>> Open(
      SqliteStoreOptions options);

  absl::Status Write(
      Durability durability,
      absl::FunctionRef<absl::Status(sql::Transaction&)> body) override;
  absl::Status Read(absl::FunctionRef<absl::Status(sql::Connection&, Timestamp)>
                        body) override;
  absl::Status RunSingle(Single kind,
                         absl::FunctionRef<absl::Status(
                             sql::Connection&, std::optional<Timestamp> now)>
                             body) override;
  absl::StatusOr<Timestamp> Now() override { return clock_->Now(); }
  sql::Definitions& definitions() override { return definitions_; }
  absl::StatusOr<std::unique_ptr<WakeSignal>> Listen() override {
    return bell_.Listen();
  }
  std::vector<Finding> Diagnose() override {
    return sqlite::Diagnose(*database_);
  }

 private:
  Ledger(SqliteStoreOptions options, std::unique_ptr<Database> database,
         Doorbell bell);

  void Forget(Database::Since since);

  const std::unique_ptr<Clock> own_clock_;
  const Clock* const clock_;
  const LifecycleLimits limits_;
  const OnRunsEnded on_runs_ended_;
  const std::unique_ptr<Database> database_;
  Doorbell bell_;
  sql::Definitions definitions_;

  // Used only inside database_->Write(), hence by one thread at a time.
  sql::RunInfos infos_;
  sql::Runs runs_;
  sql::RareTables rare_;
  Sequence sequence_;
  sql::Leases leases_{sql::Writers::kOne};
};

}  // namespace windlass::sqlite

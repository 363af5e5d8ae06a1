// The ledger of one schema in a PostgreSQL database.
//
// Any number of processes write at the same time. A transaction remembers
// nothing of the ones before it but what never changes, and locks the runs it
// changes, in the order of their ids where it knows them beforehand.
#pragma once

#include <memory>

#include "store/postgres/bell.h"
#include "store/postgres/database.h"
#include "store/postgres/postgres_store.h"
#include "store/sql/ledger.h"
#include "store/sql/runs.h"

namespace windlass::postgres {

class Ledger final : public sql::Ledger {
 public:
  // Brings the schema up to date if `options` say so.
  static absl::StatusOr<std::unique_ptr<Ledger>> Open(
      PostgresStoreOptions options);

  absl::Status Write(
      Durability durability,
      absl::FunctionRef<absl::Status(sql::Transaction&)> body) override;
  absl::Status Read(absl::FunctionRef<absl::Status(sql::Connection&, Timestamp)>
                        body) override;
  absl::Status RunSingle(Single kind,
                         absl::FunctionRef<absl::Status(
                             sql::Connection&, std::optional<Timestamp> now)>
                             body) override;
  absl::StatusOr<Timestamp> Now() override;
  sql::Definitions& definitions() override { return definitions_; }
  absl::StatusOr<std::unique_ptr<WakeSignal>> Listen() override {
    return bell_.Listen();
  }
  std::vector<Finding> Diagnose() override;

 private:
  explicit Ledger(PostgresStoreOptions options);

  const PostgresStoreOptions options_;
  const Clock* const clock_;  // Null: the server's.
  const LifecycleLimits limits_;
  Database database_;
  Bell bell_;
  sql::Definitions definitions_;
  sql::RunInfos infos_{10'000};
};

}  // namespace windlass::postgres

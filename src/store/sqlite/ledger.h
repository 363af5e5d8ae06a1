// What the store's parts share: the file, what is remembered of it, the clock
// and the bell. Its Write() is the frame of every change. Thread-safe.
#pragma once

#include <memory>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "store/sqlite/database.h"
#include "store/sqlite/definitions.h"
#include "store/sqlite/doorbell.h"
#include "store/sqlite/runs.h"
#include "store/sqlite/transaction.h"

namespace windlass::sqlite {

class Ledger {
 public:
  using Durability = Database::Durability;

  static absl::StatusOr<std::unique_ptr<Ledger>> Open(
      SqliteStoreOptions options);

  // Runs `body` in a write transaction. Afterwards writes what it left in
  // memory (released tasks, changed runs, ids), commits, and rings the bell if
  // it asked for that.
  absl::Status Write(Durability durability,
                     absl::FunctionRef<absl::Status(Transaction&)> body);

  absl::Status Read(absl::FunctionRef<absl::Status(Connection&)> body) {
    return database_->Read(body);
  }

  Timestamp Now() const { return clock_->Now(); }
  Definitions& definitions() { return definitions_; }
  Doorbell& bell() { return bell_; }

 private:
  Ledger(SqliteStoreOptions options, std::unique_ptr<Database> database,
         Doorbell bell);

  const std::unique_ptr<Clock> own_clock_;
  const Clock* const clock_;
  const LifecycleLimits limits_;
  const std::unique_ptr<Database> database_;
  Doorbell bell_;
  Definitions definitions_;

  // Used only inside database_->Write(), hence by one thread at a time.
  Runs runs_;
  RareTables rare_;
  Sequence sequence_;
};

}  // namespace windlass::sqlite

#include "store/sqlite/ledger.h"

#include <utility>

#include "absl/cleanup/cleanup.h"
#include "store/sqlite/waiting.h"

namespace windlass::sqlite {

absl::StatusOr<std::unique_ptr<Ledger>> Ledger::Open(
    SqliteStoreOptions options) {
  auto database = Database::Open(options.path, options.synchronous);
  if (!database.ok()) return database.status();
  auto bell = Doorbell::Open(options.path + "-bell");
  if (!bell.ok()) return bell.status();
  return std::unique_ptr<Ledger>(
      new Ledger(std::move(options), *std::move(database), *std::move(bell)));
}

Ledger::Ledger(SqliteStoreOptions options, std::unique_ptr<Database> database,
               Doorbell bell)
    : own_clock_(options.clock == nullptr ? MakeSystemClock() : nullptr),
      clock_(options.clock == nullptr ? own_clock_.get() : options.clock),
      limits_{options.max_crashes},
      database_(std::move(database)),
      bell_(std::move(bell)),
      definitions_(std::move(options.parser)),
      runs_(definitions_) {}

absl::Status Ledger::Write(Durability durability,
                           absl::FunctionRef<absl::Status(Transaction&)> body) {
  bool ring = false;
  const auto step = [&](Connection& connection, Database::Since since) {
    if (since == Database::Since::kChangedElsewhere) {
      runs_.Forget();
      rare_.Forget();
      sequence_.Forget();
    }
    runs_.Trim();
    rare_.LookAgain();
    Transaction tx{connection, Now(),     limits_, definitions_, runs_,
                   rare_,      sequence_, {},      false};
    absl::Status status = body(tx);
    if (status.ok()) {
      FlushFresh(tx);
      runs_.Save(connection);
      sequence_.Save(connection);
      ring = tx.ring;
    }
    if (!status.ok() || !connection.ok()) {
      runs_.Forget();
      rare_.Forget();
      sequence_.Forget();
      definitions_.Forget();
    }
    return status;
  };
  if (auto status = database_->Write(durability, step); !status.ok()) {
    return status;
  }
  if (ring) bell_.Ring();
  return absl::OkStatus();
}

}  // namespace windlass::sqlite

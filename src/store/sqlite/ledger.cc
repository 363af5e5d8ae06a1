#include "store/sqlite/ledger.h"

#include <utility>
#include <vector>

#include "store/sql/permits.h"
#include "store/sql/waiting.h"

namespace windlass::sqlite {
namespace {

// Of which it is remembered what never changes, whoever else writes.
constexpr std::size_t kRuns = 1'000;

}  // namespace

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
      on_runs_ended_(std::move(options.on_runs_ended)),
      database_(std::move(database)),
      bell_(std::move(bell)),
      definitions_(std::move(options.parser)),
      infos_(kRuns),
      runs_(sql::Writers::kOne, definitions_, infos_) {}

void Ledger::Forget(Database::Since since) {
  if (since == Database::Since::kUnchanged) return;
  runs_.Forget();
  rare_.Forget();
  leases_.Forget();
  sequence_.Forget();
  if (since == Database::Since::kChangedElsewhere) return;
  infos_.Forget();
  definitions_.Forget();
}

absl::Status Ledger::Write(
    Durability durability,
    absl::FunctionRef<absl::Status(sql::Transaction&)> body) {
  bool ring = false;
  std::vector<EndedRun> ended;
  const auto step = [&](Connection& connection, Database::Since since) {
    Forget(since);
    runs_.Trim();
    rare_.LookAgain();
    sql::Transaction tx{
        connection, sql::Writers::kOne, clock_,  limits_, definitions_, runs_,
        rare_,      sequence_,          leases_, {},      false};
    ended.clear();
    if (on_runs_ended_) tx.ended = &ended;
    absl::Status status = body(tx);
    if (status.ok()) {
      SettlePermits(tx);
      FlushFresh(tx);
      leases_.Save(connection);
      tx.plain_ends.Save(connection);
      runs_.Save(connection);
      sequence_.Save(connection);
      tx.tally.Save(connection);
      ring = tx.ring;
    }
    return status;
  };
  if (auto status = database_->Write(durability, step); !status.ok()) {
    // At once, for those who only read: its number may be another's now.
    definitions_.Forget();
    return status;
  }
  if (ring) bell_.Ring();
  if (!ended.empty()) on_runs_ended_(ended);
  return absl::OkStatus();
}

absl::Status Ledger::Read(
    absl::FunctionRef<absl::Status(sql::Connection&, Timestamp)> body) {
  return database_->Read(
      [&](Connection& connection) { return body(connection, clock_->Now()); });
}

absl::Status Ledger::RunSingle(
    Single kind, absl::FunctionRef<absl::Status(sql::Connection&,
                                                std::optional<Timestamp> now)>
                     body) {
  if (kind == Single::kRead) {
    return Read([&](sql::Connection& connection, Timestamp now) {
      return body(connection, now);
    });
  }
  return Write(Durability::kProcess,
               [&](sql::Transaction& tx) { return body(tx.db, tx.now()); });
}

}  // namespace windlass::sqlite

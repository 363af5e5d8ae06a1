#include "store/postgres/ledger.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/random.h"
#include "store/postgres/diagnosis.h"
#include "store/postgres/ids.h"
#include "store/postgres/schema.h"
#include "store/postgres/sessions.h"
#include "store/sql/permits.h"
#include "store/sql/waiting.h"

namespace windlass::postgres {
namespace {

absl::Status Prepare(Database& database, bool migrate) {
  return database.Use([&](Connection& connection) -> absl::Status {
    const std::string& schema = database.options().schema;
    auto version = SchemaVersion(connection, schema);
    if (!version.ok()) return version.status();
    if (auto status = CheckVersion(*version, schema); !status.ok()) {
      return status;
    }
    const int newest = Migrations().back().version;
    if (*version == newest) return absl::OkStatus();
    if (migrate) return MigrateTo(connection, schema, newest);
    return absl::FailedPreconditionError(absl::StrCat(
        "schema ", schema, " has version ", *version,
        " and this Windlass needs ", newest, "; run `windlass migrate up`"));
  });
}

// Each transaction adds what it changed; now and then the rows are folded into
// one of each kind.
void SaveTally(Connection& connection, sql::Tally& tally) {
  constexpr std::uint64_t kTransactionsPerFold = 256;
  tally.Save(connection);
  // Any number that differs between transactions will do.
  const auto number =
      static_cast<std::uint64_t>(sql::ToMicros(connection.TransactionTime()));
  if (Mix(number) % kTransactionsPerFold == 0) {
    connection.Write(sql::Query::kFoldTally);
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Ledger>> Ledger::Open(
    PostgresStoreOptions options) {
  const bool migrate = options.migrate;
  std::unique_ptr<Ledger> ledger(new Ledger(std::move(options)));
  if (auto status = Prepare(ledger->database_, migrate); !status.ok()) {
    return absl::Status(status.code(),
                        absl::StrCat("open the store: ", status.message()));
  }
  return ledger;
}

Ledger::Ledger(PostgresStoreOptions options)
    : options_(std::move(options)),
      clock_(options_.clock),
      limits_{options_.max_crashes},
      database_(MainSession(options_)),
      bell_(database_, ListeningSession(options_)),
      definitions_(options_.parser) {}

absl::Status Ledger::Write(
    Durability, absl::FunctionRef<absl::Status(sql::Transaction&)> body) {
  bool ring = false;
  std::vector<EndedRun> ended;
  const auto step = [&](Connection& connection) {
    sql::Runs runs(sql::Writers::kMany, definitions_, infos_);
    sql::RareTables rare;
    sql::Leases leases(sql::Writers::kMany);
    Ids ids;
    sql::Transaction tx{connection,   sql::Writers::kMany,
                        clock_,       limits_,
                        definitions_, runs,
                        rare,         ids,
                        leases,       {},
                        false};
    ended.clear();
    if (options_.on_runs_ended) tx.ended = &ended;
    absl::Status status = body(tx);
    if (status.ok()) {
      SettlePermits(tx);
      FlushFresh(tx);
      leases.Save(connection);
      tx.plain_ends.Save(connection);
      runs.Save(connection);
      ids.Save(connection);
      SaveTally(connection, tx.tally);
      ring = tx.ring;
    }
    if (!status.ok() || !connection.ok()) definitions_.Forget();
    return status;
  };
  auto status = database_.Transact(Connection::Access::kWrite, step);
  if (!status.ok()) return status;
  if (ring) bell_.Ring();
  if (!ended.empty()) options_.on_runs_ended(ended);
  return absl::OkStatus();
}

absl::Status Ledger::Read(
    absl::FunctionRef<absl::Status(sql::Connection&, Timestamp)> body) {
  return database_.Transact(
      Connection::Access::kRead, [&](Connection& connection) {
        const Timestamp now =
            clock_ == nullptr ? connection.TransactionTime() : clock_->Now();
        return body(connection, now);
      });
}

absl::Status Ledger::RunSingle(
    Single, absl::FunctionRef<absl::Status(sql::Connection&,
                                           std::optional<Timestamp> now)>
                body) {
  std::optional<Timestamp> now;
  if (clock_ != nullptr) now = clock_->Now();
  return database_.Transact(
      Connection::Access::kSingle,
      [&](Connection& connection) { return body(connection, now); });
}

absl::StatusOr<Timestamp> Ledger::Now() {
  Timestamp now;
  auto status = Read([&](sql::Connection&, Timestamp time) {
    now = time;
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return now;
}

std::vector<Finding> Ledger::Diagnose() { return DiagnosePostgres(options_); }

}  // namespace windlass::postgres

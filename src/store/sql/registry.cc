#include "store/sql/registry.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "sql_query.h"
#include "store/sql/recovery.h"

namespace windlass::sql {
namespace {

absl::Status Unknown(ExecutorId executor) {
  return absl::NotFoundError(
      absl::StrCat("executor ", executor.value,
                   " is not registered, or was declared dead and its leases "
                   "are gone; register again"));
}

std::string NamesText(const std::vector<std::string>& names) {
  JsonArray array;
  for (const std::string& name : names) array.emplace_back(name);
  return FormatJson(array);
}

// Of a row of renew_executor.sql or select_commands_waiting.sql.
struct Waiting {
  HeartbeatReply reply;
  bool commands = false;
};

std::optional<Waiting> ReadWaiting(Rows rows) {
  if (!rows.Next()) return std::nullopt;
  Waiting waiting;
  waiting.reply.now = rows.Time(0);
  waiting.reply.drain = rows.Bool(1);
  waiting.commands = rows.Bool(2);
  return waiting;
}

std::vector<CancelCommand> ReadCancels(Connection& connection,
                                       ExecutorId executor) {
  std::vector<CancelCommand> cancels;
  Rows rows = connection.Read(Query::kSelectCancelCommands, executor.value);
  while (rows.Next()) {
    CancelCommand& command = cancels.emplace_back();
    command.run = RunId{rows.Int(0)};
    command.task = TaskKey{rows.Int32(1), rows.Int32(2)};
    command.token = LeaseToken{rows.Int(3)};
    command.type = static_cast<CancellationSpec::Type>(rows.Int(4));
    command.reason = rows.Text(5);
  }
  return cancels;
}

// What `ask` yields, and the commands if it says that there are some.
template <typename Ask>
absl::StatusOr<HeartbeatReply> Hear(Ledger& ledger, ExecutorId executor,
                                    Ledger::Single kind, const Ask& ask) {
  std::optional<Waiting> waiting;
  const auto look = [&](Connection& connection, std::optional<Timestamp> now) {
    waiting = ReadWaiting(ask(connection, now));
    return absl::OkStatus();
  };
  if (auto status = ledger.RunSingle(kind, look); !status.ok()) return status;
  if (!waiting) return Unknown(executor);
  if (!waiting->commands) return waiting->reply;
  const auto read = [&](Connection& connection, Timestamp) {
    waiting->reply.cancels = ReadCancels(connection, executor);
    return absl::OkStatus();
  };
  if (auto status = ledger.Read(read); !status.ok()) return status;
  return waiting->reply;
}

}  // namespace

absl::StatusOr<ExecutorId> Registry::Register(const ExecutorInfo& info) {
  if (info.lease_ttl <= Duration::zero()) {
    return absl::InvalidArgumentError("lease_ttl must be positive");
  }
  ExecutorId executor;
  const auto body = [&](Transaction& tx) {
    const std::string queue_names = NamesText(info.queues);
    const std::string types = NamesText(info.types);
    Rows rows =
        tx.db.Read(Query::kInsertExecutor, std::string_view(info.name),
                   std::string_view(info.host), info.pid, info.process_start,
                   std::string_view(info.profile), info.slots,
                   std::string_view(queue_names), std::string_view(types),
                   info.lease_ttl.count(), tx.now());
    while (rows.Next()) executor = ExecutorId{rows.Int(0)};
    return absl::OkStatus();
  };
  if (auto status = ledger_.Write(Ledger::Durability::kProcess, body);
      !status.ok()) {
    return status;
  }
  return executor;
}

absl::StatusOr<HeartbeatReply> Registry::Heartbeat(ExecutorId executor,
                                                   int busy_slots) {
  return Hear(ledger_, executor, Ledger::Single::kWrite,
              [&](Connection& connection, std::optional<Timestamp> now) {
                return connection.Read(Query::kRenewExecutor, executor.value,
                                       now, busy_slots);
              });
}

absl::StatusOr<HeartbeatReply> Registry::Commands(ExecutorId executor) {
  return Hear(ledger_, executor, Ledger::Single::kRead,
              [&](Connection& connection, std::optional<Timestamp> now) {
                return connection.Read(Query::kSelectCommandsWaiting,
                                       executor.value, now);
              });
}

absl::Status Registry::Deregister(ExecutorId executor) {
  const auto body = [&](Transaction& tx) -> absl::Status {
    SealExecutor(tx, executor);
    if (EndExecutor(tx, executor, Departure::kGivenBack, nullptr)) {
      return absl::OkStatus();
    }
    return Unknown(executor);
  };
  return ledger_.Write(Ledger::Durability::kProcess, body);
}

}  // namespace windlass::sql

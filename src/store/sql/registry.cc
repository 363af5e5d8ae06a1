#include "store/sql/registry.h"

#include <string>
#include <utility>

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

void ReadCancels(Connection& connection, ExecutorId executor,
                 HeartbeatReply& reply) {
  Rows rows = connection.Read(Query::kSelectCancelCommands, executor.value);
  while (rows.Next()) {
    CancelCommand& command = reply.cancels.emplace_back();
    command.run = RunId{rows.Int(0)};
    command.task = TaskKey{rows.Int32(1), rows.Int32(2)};
    command.token = LeaseToken{rows.Int(3)};
    command.type = static_cast<CancellationSpec::Type>(rows.Int(4));
    command.reason = rows.Text(5);
  }
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
  HeartbeatReply reply;
  const auto body = [&](Transaction& tx) -> absl::Status {
    reply = HeartbeatReply();
    reply.now = tx.now();
    bool commands = false;
    {
      Rows rows = tx.db.Read(Query::kRenewExecutor, executor.value, tx.now(),
                             busy_slots);
      if (!rows.Next()) return Unknown(executor);
      reply.drain = rows.Bool(0);
      commands = rows.Bool(1);
    }
    if (commands) ReadCancels(tx.db, executor, reply);
    return absl::OkStatus();
  };
  if (auto status = ledger_.Write(Ledger::Durability::kProcess, body);
      !status.ok()) {
    return status;
  }
  return reply;
}

absl::StatusOr<HeartbeatReply> Registry::Commands(ExecutorId executor) {
  HeartbeatReply reply;
  const auto body = [&](Connection& connection,
                        Timestamp now) -> absl::Status {
    reply.now = now;
    {
      Rows rows =
          connection.Read(Query::kSelectExecutorDraining, executor.value);
      if (!rows.Next()) return Unknown(executor);
      reply.drain = rows.Bool(0);
    }
    ReadCancels(connection, executor, reply);
    return absl::OkStatus();
  };
  if (auto status = ledger_.Read(body); !status.ok()) return status;
  return reply;
}

absl::Status Registry::Deregister(ExecutorId executor) {
  const auto body = [&](Transaction& tx) -> absl::Status {
    if (EndExecutor(tx, executor, Departure::kGivenBack, nullptr)) {
      return absl::OkStatus();
    }
    return Unknown(executor);
  };
  return ledger_.Write(Ledger::Durability::kProcess, body);
}

}  // namespace windlass::sql

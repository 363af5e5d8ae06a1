#include "store/sql/fleet.h"

#include <map>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sql_query.h"
#include "store/sql/dead_letters.h"
#include "store/sql/permits.h"

namespace windlass::sql {
namespace {

constexpr std::chrono::hours kRemembered{1};

std::vector<std::string> NamesFrom(std::string_view text) {
  std::vector<std::string> names;
  const auto json = ParseJson(text);
  if (!json.ok() || !json->is_array()) return names;
  for (const Json& name : json->as_array()) names.push_back(JsonToText(name));
  return names;
}

ExecutorRecord ReadExecutor(const Rows& rows) {
  ExecutorRecord record;
  record.id = ExecutorId{rows.Int(0)};
  record.info.name = rows.Text(1);
  record.info.host = rows.Text(2);
  record.info.pid = rows.Int(3);
  record.info.process_start = rows.Int(4);
  record.info.profile = rows.Text(5);
  record.info.slots = rows.Int32(6);
  record.info.queues = NamesFrom(rows.Text(7));
  record.info.types = NamesFrom(rows.Text(8));
  record.info.lease_ttl = Duration(rows.Int(9));
  record.started_at = rows.Time(10);
  record.last_heartbeat = rows.Time(11);
  record.busy_slots = rows.Int32(12);
  record.draining = rows.Bool(13);
  record.alive = rows.Bool(14);
  return record;
}

using QueuesByName = std::map<std::string, QueueRecord, std::less<>>;

QueueRecord& At(QueuesByName& records, std::string_view name) {
  auto found = records.find(name);
  if (found == records.end()) {
    found = records.emplace(std::string(name), QueueRecord()).first;
    found->second.name = name;
  }
  return found->second;
}

void ReadReadyCounts(Connection& connection, QueuesByName& records) {
  Rows rows = connection.Read(Query::kSelectQueueReady);
  while (rows.Next()) {
    QueueRecord& record = At(records, rows.Text(0));
    record.ready = rows.Int(1);
    record.oldest_ready = rows.Time(2);
  }
}

// Leases and scheduled tasks do not say their queue; their definition does.
absl::Status AddCounts(Connection& connection, Definitions& definitions,
                       Query query, std::int64_t QueueRecord::*count,
                       QueuesByName& records) {
  struct Count {
    std::int64_t definition;
    std::int32_t node;
    std::int64_t tasks;
  };
  std::vector<Count> counts;
  {
    Rows rows = connection.Read(query);
    while (rows.Next()) {
      counts.push_back({rows.Int(0), rows.Int32(1), rows.Int(2)});
    }
  }
  for (const Count& found : counts) {
    auto definition = definitions.Get(connection, found.definition);
    if (!definition.ok()) return definition.status();
    At(records, (*definition)->spec(found.node).queue).*count += found.tasks;
  }
  return absl::OkStatus();
}

absl::Status SetPaused(Ledger& ledger, const std::string& queue, bool paused) {
  if (queue.empty()) {
    return absl::InvalidArgumentError("a queue's name cannot be empty");
  }
  return ledger.Write(Ledger::Durability::kMachine, [&](Transaction& tx) {
    tx.db.Write(Query::kUpsertQueue, std::string_view(queue), paused);
    if (!paused) UnblockQueue(tx, queue);
    tx.ring = !paused;
    return absl::OkStatus();
  });
}

}  // namespace

absl::Status Fleet::PauseQueue(const std::string& queue) {
  return SetPaused(ledger_, queue, true);
}

absl::Status Fleet::ResumeQueue(const std::string& queue) {
  return SetPaused(ledger_, queue, false);
}

absl::Status Fleet::Drain(const std::string& executor_name) {
  return ledger_.Write(
      Ledger::Durability::kProcess, [&](Transaction& tx) -> absl::Status {
        if (tx.db.Execute(Query::kDrainExecutor,
                          std::string_view(executor_name)) == 0) {
          return absl::NotFoundError(absl::StrCat(
              "there is no living executor named ", executor_name));
        }
        tx.ring = true;
        return absl::OkStatus();
      });
}

absl::StatusOr<std::vector<DeadLetterRecord>> Fleet::ListDeadLetters(
    const DeadLetterFilter& filter) {
  std::vector<DeadLetterRecord> records;
  const auto body = [&](Connection& connection, Timestamp) {
    auto read = ReadDeadLetters(connection, ledger_.definitions(), filter);
    if (read.ok()) records = *std::move(read);
    return read.status();
  };
  if (auto status = ledger_.Read(body); !status.ok()) return status;
  return records;
}

absl::StatusOr<std::vector<ExecutorRecord>> Fleet::ListExecutors() {
  std::vector<ExecutorRecord> records;
  const auto body = [&](Connection& connection, Timestamp now) {
    Rows rows = connection.Read(Query::kSelectExecutors, now - kRemembered);
    while (rows.Next()) records.push_back(ReadExecutor(rows));
    return absl::OkStatus();
  };
  if (auto status = ledger_.Read(body); !status.ok()) return status;
  return records;
}

absl::StatusOr<std::vector<QueueRecord>> Fleet::ListQueues() {
  QueuesByName found;
  const auto body = [&](Connection& connection, Timestamp) -> absl::Status {
    {
      Rows rows = connection.Read(Query::kSelectLaneQueues);
      while (rows.Next()) At(found, rows.Text(0));
    }
    {
      Rows rows = connection.Read(Query::kSelectQueues);
      while (rows.Next()) At(found, rows.Text(0)).paused = rows.Bool(1);
    }
    ReadReadyCounts(connection, found);
    auto& definitions = ledger_.definitions();
    auto status = AddCounts(connection, definitions, Query::kCountLeasesByNode,
                            &QueueRecord::running, found);
    if (!status.ok()) return status;
    return AddCounts(connection, definitions, Query::kCountScheduledByNode,
                     &QueueRecord::scheduled, found);
  };
  if (auto status = ledger_.Read(body); !status.ok()) return status;
  std::vector<QueueRecord> records;
  for (auto& [name, record] : found) records.push_back(std::move(record));
  return records;
}

absl::StatusOr<std::vector<LimitRecord>> Fleet::ListLimits() {
  std::vector<LimitRecord> records;
  const auto body = [&](Connection& connection, Timestamp now) {
    Rows rows = connection.Read(Query::kSelectLimits, now);
    while (rows.Next()) {
      LimitRecord& record = records.emplace_back();
      record.kind = static_cast<LimitRecord::Kind>(rows.Int(0));
      record.key = rows.Text(1);
      record.limit = rows.Int32(2);
      record.period = Duration(rows.Int(3));
      record.in_use = rows.Int(4);
      if (record.kind == LimitRecord::Kind::kRate) record.in_use += rows.Int(6);
      record.next_at = rows.OptionalTime(5);
      record.waiting = rows.Int(7);
    }
    return absl::OkStatus();
  };
  if (auto status = ledger_.Read(body); !status.ok()) return status;
  return records;
}

absl::StatusOr<std::int64_t> Fleet::CountUnfinishedRuns() {
  std::int64_t count = 0;
  const auto body = [&](Connection& connection, Timestamp) {
    Rows rows = connection.Read(Query::kSelectUnfinished);
    if (rows.Next()) count = rows.Int(0);
    return absl::OkStatus();
  };
  if (auto status = ledger_.Read(body); !status.ok()) return status;
  return count;
}

}  // namespace windlass::sql

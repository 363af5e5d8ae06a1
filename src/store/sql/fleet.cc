#include "store/sql/fleet.h"

#include <map>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "model/circuit.h"
#include "model/rates.h"
#include "sql_query.h"
#include "store/sql/dead_letters.h"
#include "store/sql/permits.h"
#include "store/sql/tally.h"

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

void ReadOldest(Connection& connection, QueuesByName& records) {
  Rows rows = connection.Read(Query::kSelectOldestReady);
  while (rows.Next()) {
    At(records, rows.Text(0)).oldest_ready = rows.Time(1);
  }
}

// A row of `tally`.
struct Count {
  int what = 0;
  std::int64_t which = 0;
  std::int32_t node = 0;
  std::int64_t tasks = 0;
};

std::vector<Count> ReadCounts(Connection& connection) {
  std::vector<Count> counts;
  Rows rows = connection.Read(Query::kSelectTally);
  while (rows.Next()) {
    counts.push_back({rows.Int32(0), rows.Int(1), rows.Int32(2), rows.Int(3)});
  }
  return counts;
}

// What is claimable is counted by lanes; of the rest the definition says the
// queue.
absl::Status AddCounts(Connection& connection, Definitions& definitions,
                       const std::map<std::int64_t, std::string>& lanes,
                       QueuesByName& records) {
  for (const Count& count : ReadCounts(connection)) {
    if (count.what == Tally::kRuns) continue;
    if (count.what == Tally::kReady) {
      const auto lane = lanes.find(count.which);
      if (lane != lanes.end()) At(records, lane->second).ready += count.tasks;
      continue;
    }
    auto definition = definitions.Get(connection, count.which);
    if (!definition.ok()) return definition.status();
    QueueRecord& record = At(records, (*definition)->spec(count.node).queue);
    (count.what == Tally::kLeased ? record.running : record.scheduled) +=
        count.tasks;
  }
  return absl::OkStatus();
}

std::int64_t& CountOf(RunState state, RunCounts& counts) {
  switch (state) {
    case RunState::kSucceeded:
      return counts.succeeded;
    case RunState::kFailed:
      return counts.failed;
    case RunState::kCancelled:
      return counts.cancelled;
    case RunState::kRunning:
    case RunState::kPaused:
      break;
  }
  return counts.running;
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

absl::Status Fleet::ResetCircuit(const std::string& key) {
  return ledger_.Write(
      Ledger::Durability::kMachine, [&](Transaction& tx) -> absl::Status {
        if (!sql::ResetCircuit(tx, key)) {
          return absl::NotFoundError(
              absl::StrCat("there is no circuit breaker of key ", key));
        }
        return absl::OkStatus();
      });
}

absl::StatusOr<std::vector<DeadLetterRecord>> Fleet::ListDeadLetters(
    const DeadLetterFilter& filter) {
  std::vector<DeadLetterRecord> records;
  const auto body = [&](Connection& connection, Timestamp) {
    auto read = ReadDeadLetters(connection, ledger_.definitions(), filter);
    if (!read.ok()) return read.status();
    records = *std::move(read);
    return absl::OkStatus();
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
    std::map<std::int64_t, std::string> lanes;
    {
      Rows rows = connection.Read(Query::kSelectLaneQueues);
      while (rows.Next()) {
        At(found, rows.Text(1));
        lanes.emplace(rows.Int(0), rows.Text(1));
      }
    }
    {
      Rows rows = connection.Read(Query::kSelectQueues);
      while (rows.Next()) At(found, rows.Text(0)).paused = rows.Bool(1);
    }
    ReadOldest(connection, found);
    return AddCounts(connection, ledger_.definitions(), lanes, found);
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
      record.in_use = rows.Int(4);
      record.next_at = rows.OptionalTime(5);
      record.waiting = rows.Int(7);
      const Duration period(rows.Int(3));
      if (record.kind == LimitRecord::Kind::kRate) {
        record.period = period;
        if (rows.Int32(8) > 0) record.burst = rows.Int32(8);
        record.in_use +=
            record.burst ? TokenBucket::Missing(
                               *record.burst,
                               TokenBucket::IntervalOf(record.limit, period),
                               rows.OptionalTime(10).value_or(now), now)
                         : rows.Int(6);
      } else if (!rows.IsNull(9)) {
        LimitRecord::Adaptation adaptive;
        adaptive.minimum = rows.Int32(8);
        adaptive.allowed = rows.Int32(9);
        if (period > Duration::zero()) adaptive.target_latency = period;
        record.adaptive = adaptive;
      }
    }
    return absl::OkStatus();
  };
  if (auto status = ledger_.Read(body); !status.ok()) return status;
  return records;
}

absl::StatusOr<std::vector<AdaptiveLimitRecord>> Fleet::ListAdaptiveLimits() {
  std::vector<AdaptiveLimitRecord> records;
  const auto body = [&](Connection& connection, Timestamp) {
    records.clear();
    Rows rows = connection.Read(Query::kSelectAdaptiveLimits);
    while (rows.Next()) {
      AdaptiveLimitRecord& record = records.emplace_back();
      record.key = rows.Text(0);
      record.allowed = rows.Int32(1);
      record.limit = rows.Int32(2);
    }
    return absl::OkStatus();
  };
  if (auto status = ledger_.Read(body); !status.ok()) return status;
  return records;
}

absl::StatusOr<std::vector<CircuitRecord>> Fleet::ListCircuits() {
  std::vector<CircuitRecord> records;
  const auto body = [&](Connection& connection, Timestamp now) {
    Rows rows = connection.Read(Query::kSelectCircuits);
    while (rows.Next()) {
      CircuitRecord& record = records.emplace_back();
      record.key = rows.Text(0);
      record.failures = rows.Int32(1);
      record.failure_threshold = rows.Int32(2);
      record.open_for = Duration(rows.Int(3));
      record.probes = rows.Int32(4);
      record.probing = rows.Int(5);
      record.open_until = rows.OptionalTime(6);
      record.waiting = rows.Int(7);
      record.state = CircuitStateAt(record.open_until, now);
    }
    return absl::OkStatus();
  };
  if (auto status = ledger_.Read(body); !status.ok()) return status;
  return records;
}

absl::StatusOr<RunCounts> Fleet::CountRuns() {
  RunCounts counts;
  const auto body = [&](Connection& connection, Timestamp) {
    counts = RunCounts();
    Rows rows = connection.Read(Query::kSelectRunCounts,
                                static_cast<int>(Tally::kRuns));
    while (rows.Next()) {
      CountOf(static_cast<RunState>(rows.Int(0)), counts) = rows.Int(1);
    }
    return absl::OkStatus();
  };
  if (auto status = ledger_.Read(body); !status.ok()) return status;
  return counts;
}

}  // namespace windlass::sql

#include "store/sql/task_records.h"

#include <algorithm>
#include <limits>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sql_query.h"
#include "store/sql/plain_ends.h"
#include "store/sql/row_text.h"

namespace windlass::sql {
namespace {

constexpr std::int32_t kMost = std::numeric_limits<std::int32_t>::max();

struct Range {
  TaskKey first{0, -1};
  TaskKey last{kMost, kMost};
};

struct Expansion {
  int count = 0;
  bool closed = false;
  int attempt = 0;
  Timestamp started_at;
  std::string executor;
};

// Each key may be empty, but not all.
std::string WhyBlocked(std::string_view concurrency, std::string_view rate,
                       std::string_view circuit) {
  std::string why;
  for (const auto& [field, key] :
       {std::pair("concurrency", concurrency), std::pair("rate_limit", rate),
        std::pair("circuit_breaker", circuit)}) {
    if (key.empty()) continue;
    absl::StrAppend(&why, why.empty() ? "waits for " : " and ", field, " '",
                    std::string(key), "'");
  }
  return why;
}

// Everything the rows say about the tasks in a range.
class TaskRows {
 public:
  TaskRows(Connection& connection, const RunSnapshot& run, Range range)
      : connection_(connection), run_(run), range_(range) {}

  absl::Status Read() {
    ReadExpansions();
    if (auto status = ReadEnds(); !status.ok()) return status;
    if (Found()) return connection_.status();
    ReadLeases();
    ReadWaiting();
    if (!unfinished_) return connection_.status();
    ReadProgress();
    return ReadEarlierAttempts();
  }

  TaskRecord Record(TaskKey key) const {
    TaskRecord record;
    if (auto found = records_.find(key); found != records_.end()) {
      record = found->second;
    } else {
      record.state = StateWithoutRow(key);
    }
    const TaskSpec& spec = run_.definition->spec(key.node);
    record.key = key;
    record.id = spec.id;
    record.type = spec.type;
    const Expansion* expansion = ExpansionOf(key.node);
    if (key.index < 0 && expansion != nullptr) {
      record.item_count = expansion->count;
      record.attempt = expansion->attempt;
      record.started_at = expansion->started_at;
      record.executor = expansion->executor;
    }
    return record;
  }

  // Null for a task whose items are not known.
  const Expansion* ExpansionOf(std::int32_t node) const {
    const auto found = expansions_.find(node);
    return found == expansions_.end() ? nullptr : &found->second;
  }

 private:
  TaskState StateWithoutRow(TaskKey key) const {
    if (key.index < 0) return run_.progress.node(key.node).state;
    const Expansion* expansion = ExpansionOf(key.node);
    return expansion != nullptr && expansion->closed ? TaskState::kCancelled
                                                     : TaskState::kPending;
  }

  Rows ReadRange(Query query) {
    return connection_.Read(query, run_.id, range_.first.node,
                            range_.first.index, range_.last.node,
                            range_.last.index);
  }

  TaskRecord& Live(TaskKey key, TaskState state, int attempt) {
    unfinished_ = true;
    TaskRecord& record = records_[key];
    record.state = state;
    record.attempt = attempt;
    return record;
  }

  void ReadExpansions() {
    Rows rows = connection_.Read(Query::kSelectExpansions, run_.id,
                                 range_.first.node, range_.last.node);
    while (rows.Next()) {
      Expansion& expansion = expansions_[rows.Int32(0)];
      expansion.count = rows.Int32(1);
      expansion.closed = rows.Bool(2);
      expansion.attempt = rows.Int32(3);
      expansion.started_at = rows.Time(4);
      expansion.executor = rows.Text(5);
    }
  }

  absl::Status ReadEnds() {
    Rows rows = ReadRange(Query::kSelectTaskEnds);
    while (rows.Next()) {
      TaskRecord& record = records_[TaskKey{rows.Int32(0), rows.Int32(1)}];
      record.state = static_cast<TaskState>(rows.Int(2));
      record.attempt = rows.Int32(3);
      record.started_at = rows.OptionalTime(4);
      record.finished_at = rows.OptionalTime(5);
      if (!rows.IsNull(6)) record.run_time = Duration(rows.Int(6));
      record.executor = rows.Text(7);
      if (!rows.IsNull(8)) {
        auto error = ReadErrorText(rows.Text(8));
        if (!error.ok()) return error.status();
        record.error = *std::move(error);
      }
      record.cached_from = rows.Text(9);
      if (record.state != TaskState::kSucceeded) continue;
      auto result = ReadEnvelope(rows, 10);
      if (!result.ok()) return result.status();
      record.result = *std::move(result);
    }
    ReadPlainEnds();
    return absl::OkStatus();
  }

  void ReadPlainEnds() {
    if (Found()) return;
    for (PlainEnd& end :
         sql::ReadPlainEnds(connection_, run_.id, range_.first, range_.last)) {
      TaskRecord& record = records_[end.task];
      record.state = TaskState::kSucceeded;
      record.attempt = end.attempt;
      record.started_at = end.started_at;
      record.finished_at = end.finished_at;
      if (end.run_time) record.run_time = Duration(*end.run_time);
      record.executor = std::move(end.executor_name);
      record.result.emplace();
    }
  }

  // The one task that is looked for: it has no other row.
  bool Found() const {
    return range_.first == range_.last && records_.contains(range_.first);
  }

  void ReadLeases() {
    {
      Rows rows = ReadRange(Query::kSelectLeases);
      while (rows.Next()) {
        AddLease(TaskKey{rows.Int32(0), rows.Int32(1)}, rows, 2);
      }
    }
    Rows rows = connection_.Read(Query::kSelectLeaseRangesOfRun, run_.id);
    while (rows.Next()) AddLeases(rows);
  }

  // Those of this run in a row of lease_range; the last has the token.
  void AddLeases(const Rows& rows) {
    const Series series{rows.Int(0), rows.Int32(1)};
    const std::int64_t last = rows.Int(2);
    for (std::int64_t back = rows.Int(3) - 1; back >= 0; --back) {
      const TaskKey key = series.TaskAt(last - back);
      if (series.RunAt(last - back) != run_.id || key < range_.first ||
          range_.last < key) {
        continue;
      }
      AddLease(key, rows, 4, back);
    }
  }

  // From the columns token, attempt, claimed_at and the executor's name.
  void AddLease(TaskKey key, const Rows& rows, int column,
                std::int64_t back = 0) {
    if (records_.contains(key)) return;
    TaskRecord& record = Live(key, TaskState::kRunning, rows.Int32(column + 1));
    record.started_at = rows.Time(column + 2);
    record.executor = rows.Text(column + 3);
    tokens_[key] = rows.Int(column) - back;
  }

  void ReadWaiting() {
    {
      Rows rows = ReadRange(Query::kSelectScheduled);
      while (rows.Next()) {
        Live(TaskKey{rows.Int32(0), rows.Int32(1)}, TaskState::kScheduled,
             rows.Int32(2) - 1)
            .due_at = rows.Time(3);
      }
    }
    {
      Rows rows = ReadRange(Query::kSelectParked);
      while (rows.Next()) {
        Live(TaskKey{rows.Int32(0), rows.Int32(1)}, TaskState::kRunning,
             rows.Int32(2));
      }
    }
    ReadBlocked();
    ReadAwaiting();
    for (Place place : run_.definition->distinct_places) {
      if (run_.paused) place.lane = -place.lane;
      ReadReady(place);
    }
  }

  void ReadBlocked() {
    Rows rows = connection_.Read(Query::kSelectBlocked, run_.id,
                                 range_.first.node, range_.first.index,
                                 range_.last.node, range_.last.index);
    const bool one = range_.first == range_.last;
    while (rows.Next()) {
      const std::int32_t node = rows.Int32(0);
      const std::int32_t last = one ? range_.last.index : rows.Int32(1);
      const std::int32_t first = one ? last : last - rows.Int32(2) + 1;
      for (std::int32_t index = first; index <= last; ++index) {
        TaskRecord& record = Live(TaskKey{node, index}, TaskState::kScheduled,
                                  rows.Int32(3) - 1);
        record.progress_message =
            WhyBlocked(rows.Text(4), rows.Text(5), rows.Text(6));
      }
    }
  }

  // Of what is scheduled: who waits for a message, within an attempt.
  void ReadAwaiting() {
    const auto& tasks = run_.definition->workflow->tasks;
    if (std::none_of(tasks.begin(), tasks.end(), [](const TaskSpec& task) {
          return task.callback.has_value();
        })) {
      return;
    }
    Rows rows = ReadRange(Query::kSelectAwaitedCallbacks);
    while (rows.Next()) {
      const auto found = records_.find(TaskKey{rows.Int32(0), rows.Int32(1)});
      if (found == records_.end()) continue;
      TaskRecord& record = found->second;
      if (record.state != TaskState::kScheduled) continue;
      ++record.attempt;
      record.waiting_since = rows.Time(2);
      record.progress_message = "waits for its callback";
    }
  }

  void ReadReady(const Place& place) {
    Rows rows = connection_.Read(Query::kSelectReady, place.lane, place.rank,
                                 run_.id, range_.first.node, range_.first.index,
                                 range_.last.node, range_.last.index);
    const bool one = range_.first == range_.last;
    while (rows.Next()) {
      const int attempt = rows.Int32(3) - 1;
      const std::int32_t node = rows.Int32(0);
      const std::int32_t last = rows.Int32(1);
      const std::int32_t first = last - rows.Int32(2) + 1;
      if (one) {
        Live(range_.first, TaskState::kReady, attempt);
        continue;
      }
      for (std::int32_t index = first; index <= last; ++index) {
        Live(TaskKey{node, index}, TaskState::kReady, attempt);
      }
    }
  }

  void ReadProgress() {
    Rows rows = ReadRange(Query::kSelectTaskProgress);
    while (rows.Next()) {
      const TaskKey key{rows.Int32(0), rows.Int32(1)};
      const auto token = tokens_.find(key);
      if (token == tokens_.end() || token->second != rows.Int(2)) continue;
      TaskRecord& record = records_[key];
      if (!rows.IsNull(3)) record.progress = rows.Real(3);
      record.progress_message = rows.Text(4);
    }
  }

  // What a task that has not ended owes to attempts before.
  absl::Status ReadEarlierAttempts() {
    Rows rows = connection_.Read(Query::kSelectEarlierAttempts, run_.id);
    while (rows.Next()) {
      const auto found = records_.find(TaskKey{rows.Int32(0), rows.Int32(1)});
      if (found == records_.end() || IsFinal(found->second.state)) continue;
      TaskRecord& record = found->second;
      if (!record.started_at || record.finished_at) {
        record.started_at = rows.Time(2);
        record.finished_at = rows.Time(3);
        record.executor = rows.Text(4);
      }
      if (rows.IsNull(5)) continue;
      auto error = ReadErrorText(rows.Text(5));
      if (!error.ok()) return error.status();
      record.error = *std::move(error);
    }
    return connection_.status();
  }

  Connection& connection_;
  const RunSnapshot& run_;
  const Range range_;
  bool unfinished_ = false;
  std::map<TaskKey, TaskRecord> records_;
  std::map<TaskKey, std::int64_t> tokens_;  // Of leases.
  std::map<std::int32_t, Expansion> expansions_;
};

}  // namespace

absl::StatusOr<ResultEnvelope> ReadEnvelope(const Rows& rows, int column) {
  ResultEnvelope envelope;
  envelope.kind = static_cast<ResultEnvelope::Kind>(rows.Int(column));
  envelope.media_type = rows.Text(column + 1);
  envelope.size = rows.Int(column + 2);
  envelope.sha256 = rows.Text(column + 3);
  if (!rows.IsNull(column + 4)) envelope.encoding = rows.Text(column + 4);
  if (!rows.IsNull(column + 5)) {
    auto value = ParseJson(rows.Text(column + 5));
    if (!value.ok()) return absl::DataLossError("damaged result value");
    envelope.value = *std::move(value);
  }
  envelope.uri = rows.Text(column + 6);
  if (!rows.IsNull(column + 7)) {
    auto metadata = ParseJson(rows.Text(column + 7));
    if (!metadata.ok() || !metadata->is_object()) {
      return absl::DataLossError("damaged result metadata");
    }
    envelope.metadata = std::move(metadata->as_object());
  }
  return envelope;
}

absl::StatusOr<RunSnapshot> ReadSnapshot(Connection& connection,
                                         Definitions& definitions, RunId id) {
  Rows rows = connection.Read(Query::kSelectRunProgress, id);
  if (!rows.Next()) {
    if (!connection.ok()) return connection.status();
    return absl::NotFoundError(
        absl::StrCat("there is no run ", FormatRunId(id)));
  }
  auto definition = definitions.Get(connection, rows.Int(0));
  if (!definition.ok()) return definition.status();
  RunSnapshot run{id, *definition, static_cast<RunState>(rows.Int(1)),
                  rows.Bool(2), (*definition)->started};
  if (run.paused) run.state = RunState::kPaused;
  if (!rows.IsNull(3)) {
    auto progress = RunProgress::Decode((*definition)->graph, rows.Text(3));
    if (!progress.ok()) return progress.status();
    run.progress = *std::move(progress);
  }
  return run;
}

absl::StatusOr<std::vector<TaskRecord>> ReadTaskRecords(
    Connection& connection, const RunSnapshot& run) {
  TaskRows rows(connection, run, Range{});
  if (auto status = rows.Read(); !status.ok()) return status;
  std::vector<TaskRecord> records;
  const auto nodes =
      static_cast<std::int32_t>(run.definition->workflow->tasks.size());
  for (std::int32_t node = 0; node < nodes; ++node) {
    records.push_back(rows.Record(TaskKey{node, -1}));
    const Expansion* expansion = rows.ExpansionOf(node);
    const int count = expansion == nullptr ? 0 : expansion->count;
    for (std::int32_t index = 0; index < count; ++index) {
      records.push_back(rows.Record(TaskKey{node, index}));
    }
  }
  return records;
}

absl::StatusOr<TaskRecord> ReadTaskRecord(Connection& connection,
                                          const RunSnapshot& run, TaskKey key) {
  const auto nodes =
      static_cast<std::int32_t>(run.definition->workflow->tasks.size());
  const auto unknown = [&] {
    return absl::NotFoundError(absl::StrCat("run ", FormatRunId(run.id),
                                            " has no task ", key.node, "[",
                                            key.index, "]"));
  };
  if (key.node < 0 || key.node >= nodes || key.index < -1) return unknown();
  TaskRows rows(connection, run, Range{key, key});
  if (auto status = rows.Read(); !status.ok()) return status;
  if (key.index >= 0) {
    const Expansion* expansion = rows.ExpansionOf(key.node);
    if (expansion == nullptr || key.index >= expansion->count) return unknown();
  }
  return rows.Record(key);
}

}  // namespace windlass::sql

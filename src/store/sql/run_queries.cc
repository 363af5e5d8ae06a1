#include "store/sql/run_queries.h"

#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sql_query.h"
#include "store/sql/plain_ends.h"
#include "store/sql/row_text.h"
#include "store/sql/task_records.h"

namespace windlass::sql {
namespace {

absl::Status NoSuchRun(RunId id) {
  return absl::NotFoundError(absl::StrCat("there is no run ", FormatRunId(id)));
}

absl::Status CheckExists(Connection& connection, RunId id) {
  Rows rows = connection.Read(Query::kSelectRunProgress, id);
  if (rows.Next()) return absl::OkStatus();
  return connection.ok() ? NoSuchRun(id) : connection.status();
}

absl::StatusOr<RunRecord> ReadRun(const Rows& rows) {
  RunRecord record;
  record.id = RunId{rows.Int(0)};
  record.workflow = rows.Text(1);
  record.state = static_cast<RunState>(rows.Int(2));
  if (rows.Bool(3)) record.state = RunState::kPaused;
  auto params = ParseJson(rows.Text(4));
  auto labels = ParseJson(rows.Text(5));
  if (!params.ok() || !labels.ok() || !labels->is_object()) {
    return absl::DataLossError(
        absl::StrCat("damaged input of run ", FormatRunId(record.id)));
  }
  record.params = *std::move(params);
  record.labels = std::move(labels->as_object());
  record.created_at = rows.Time(6);
  record.started_at = rows.OptionalTime(7);
  record.finished_at = rows.OptionalTime(8);
  record.attempt = rows.Int32(9);
  record.reason = rows.Text(10);
  if (!rows.IsNull(11)) record.parent = RunId{rows.Int(11)};
  record.idempotency_key = rows.Text(12);
  return record;
}

struct StateFilter {
  Query query;
  std::optional<int> state;
};

// Those that succeeded are most of all: looking for one passes by few others.
// The rest is found without them. A paused run is a running one with a mark.
StateFilter FilterFor(std::optional<RunState> state) {
  if (!state) return {Query::kSelectRunRecords, std::nullopt};
  constexpr int kGoesOn = static_cast<int>(RunState::kRunning);
  switch (*state) {
    case RunState::kRunning:
      return {Query::kSelectRunningRunRecords, kGoesOn};
    case RunState::kPaused:
      return {Query::kSelectPausedRunRecords, kGoesOn};
    case RunState::kFailed:
    case RunState::kCancelled:
      return {Query::kSelectBadRunRecords, static_cast<int>(*state)};
    case RunState::kSucceeded:
      break;
  }
  return {Query::kSelectRunRecords, static_cast<int>(*state)};
}

absl::StatusOr<std::optional<int>> ReadItemCount(Connection& connection,
                                                 RunId run, int node) {
  Rows rows = connection.Read(Query::kSelectExpansionCount, run, node);
  if (rows.Next()) return rows.Int32(0);
  if (!connection.ok()) return connection.status();
  return std::nullopt;
}

absl::Status NotExpanded(RunId run, int node) {
  return absl::NotFoundError(absl::StrCat("the items of task ", node,
                                          " of run ", FormatRunId(run),
                                          " are not known (yet)"));
}

// In the order in which they were claimed.
using AttemptsByToken = std::multimap<std::int64_t, AttemptRecord>;

absl::Status ReadAttempts(Connection& connection, RunId run,
                          AttemptsByToken& attempts) {
  Rows rows = connection.Read(Query::kSelectAttempts, run);
  while (rows.Next()) {
    AttemptRecord& record =
        attempts.emplace(rows.Int(0), AttemptRecord())->second;
    record.key = TaskKey{rows.Int32(1), rows.Int32(2)};
    record.attempt = rows.Int32(3);
    record.outcome = static_cast<AttemptOutcome>(rows.Int(4));
    record.started_at = rows.Time(5);
    record.finished_at = rows.Time(6);
    record.executor = rows.Text(7);
    if (rows.IsNull(8)) continue;
    auto error = ReadErrorText(rows.Text(8));
    if (!error.ok()) return error.status();
    record.error = *std::move(error);
  }
  return absl::OkStatus();
}

void AddPlainEnds(Connection& connection, RunId run,
                  AttemptsByToken& attempts) {
  for (PlainEnd& end : ReadPlainEnds(connection, run)) {
    AttemptRecord record;
    record.key = end.task;
    record.attempt = end.attempt;
    record.outcome = AttemptOutcome::kSucceeded;
    record.started_at = end.started_at;
    record.finished_at = end.finished_at;
    record.executor = std::move(end.executor_name);
    attempts.emplace(end.token.value, std::move(record));
  }
}

}  // namespace

template <typename T, typename Body>
absl::StatusOr<T> Queries::Read(const Body& read) {
  absl::StatusOr<T> result = absl::UnknownError("not read");
  const auto body = [&](Connection& connection, Timestamp) {
    result = read(connection);
    return result.status();
  };
  if (auto status = ledger_.Read(body); !status.ok()) return status;
  return result;
}

// In one statement, as people ask it again and again until the run has ended.
absl::StatusOr<RunRecord> Queries::GetRun(RunId run) {
  absl::StatusOr<RunRecord> record = absl::UnknownError("not read");
  const auto body = [&](Connection& connection, std::optional<Timestamp>) {
    record = NoSuchRun(run);
    Rows rows = connection.Read(Query::kSelectRunRecord, run);
    if (rows.Next()) record = ReadRun(rows);
    return absl::OkStatus();
  };
  auto status = ledger_.RunSingle(Ledger::Single::kRead, body);
  if (!status.ok()) return status;
  return record;
}

absl::StatusOr<std::shared_ptr<const RunInfo>> Queries::GetRunInfo(RunId run) {
  using Info = std::shared_ptr<const RunInfo>;
  return Read<Info>([&](Connection& connection) -> absl::StatusOr<Info> {
    auto info = ReadRunInfo(connection, ledger_.definitions(), run);
    if (info.ok() && *info == nullptr) return NoSuchRun(run);
    return info;
  });
}

absl::StatusOr<RunProgressRecord> Queries::GetProgress(RunId run) {
  return Read<RunProgressRecord>(
      [&](Connection& connection) -> absl::StatusOr<RunProgressRecord> {
        auto snapshot = ReadSnapshot(connection, ledger_.definitions(), run);
        if (!snapshot.ok()) return snapshot.status();
        return RunProgressRecord{snapshot->state, snapshot->progress.nodes()};
      });
}

absl::StatusOr<std::vector<RunRecord>> Queries::ListRuns(
    const RunFilter& filter) {
  using Records = std::vector<RunRecord>;
  // Above all ids, with room to count on.
  const auto before = filter.before.value_or(
      RunId{std::numeric_limits<std::int64_t>::max() / 2});
  const StateFilter state = FilterFor(filter.state);
  return Read<Records>([&](Connection& connection) -> absl::StatusOr<Records> {
    Records records;
    Rows rows =
        connection.Read(state.query, before, std::string_view(filter.workflow),
                        filter.limit, state.state);
    while (rows.Next()) {
      auto record = ReadRun(rows);
      if (!record.ok()) return record.status();
      records.push_back(*std::move(record));
    }
    return records;
  });
}

absl::StatusOr<std::vector<TaskRecord>> Queries::ListTasks(RunId run) {
  using Records = std::vector<TaskRecord>;
  return Read<Records>([&](Connection& connection) -> absl::StatusOr<Records> {
    auto snapshot = ReadSnapshot(connection, ledger_.definitions(), run);
    if (!snapshot.ok()) return snapshot.status();
    return ReadTaskRecords(connection, *snapshot);
  });
}

absl::StatusOr<TaskRecord> Queries::GetTask(RunId run, TaskKey task) {
  return Read<TaskRecord>(
      [&](Connection& connection) -> absl::StatusOr<TaskRecord> {
        auto snapshot = ReadSnapshot(connection, ledger_.definitions(), run);
        if (!snapshot.ok()) return snapshot.status();
        return ReadTaskRecord(connection, *snapshot, task);
      });
}

absl::StatusOr<std::vector<std::optional<ResultEnvelope>>>
Queries::ListInstanceResults(RunId run, int node) {
  using Results = std::vector<std::optional<ResultEnvelope>>;
  return Read<Results>([&](Connection& connection) -> absl::StatusOr<Results> {
    if (auto status = CheckExists(connection, run); !status.ok()) return status;
    auto count = ReadItemCount(connection, run, node);
    if (!count.ok()) return count.status();
    if (!*count) return NotExpanded(run, node);
    Results results(static_cast<std::size_t>(**count));
    Rows rows = connection.Read(Query::kSelectInstanceResults, run, node);
    while (rows.Next()) {
      auto result = ReadEnvelope(rows, 1);
      if (!result.ok()) return result.status();
      results.at(static_cast<std::size_t>(rows.Int(0))) = *std::move(result);
    }
    for (const PlainEnd& end : ReadPlainEnds(connection, run, TaskKey{node, 0},
                                             TaskKey{node, **count})) {
      results.at(static_cast<std::size_t>(end.task.index)).emplace();
    }
    return results;
  });
}

absl::StatusOr<ResultEnvelope> Queries::GetItems(RunId run, int node) {
  return Read<ResultEnvelope>(
      [&](Connection& connection) -> absl::StatusOr<ResultEnvelope> {
        auto exists = CheckExists(connection, run);
        if (!exists.ok()) return exists;
        Rows rows = connection.Read(Query::kSelectItems, run, node);
        if (rows.Next()) return ReadEnvelopeText(rows.Text(0));
        if (!connection.ok()) return connection.status();
        return NotExpanded(run, node);
      });
}

absl::StatusOr<std::vector<AttemptRecord>> Queries::ListAttempts(RunId run) {
  using Records = std::vector<AttemptRecord>;
  return Read<Records>([&](Connection& connection) -> absl::StatusOr<Records> {
    if (auto status = CheckExists(connection, run); !status.ok()) return status;
    AttemptsByToken attempts;
    if (auto status = ReadAttempts(connection, run, attempts); !status.ok()) {
      return status;
    }
    AddPlainEnds(connection, run, attempts);
    Records records;
    for (auto& [token, record] : attempts) records.push_back(std::move(record));
    return records;
  });
}

}  // namespace windlass::sql

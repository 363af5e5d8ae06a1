#include "store/sqlite/runs.h"

#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sqlite_queries.h"

namespace windlass::sqlite {
namespace {

// A node costs a few bytes, a run about a kilobyte.
constexpr std::size_t kMostRuns = 20'000;
constexpr std::size_t kMostNodes = 4'000'000;

struct RunRow {
  bool found = false;
  std::int64_t definition = 0;
  std::int64_t input = 0;
  RunState state = RunState::kRunning;
  bool paused = false;
  int attempt = 1;
  Timestamp created_at;
  std::optional<Timestamp> started_at;
  std::optional<Timestamp> finished_at;
  std::optional<std::string> progress;
  std::string reason;
  RunId root;
  std::optional<RunId> parent;
};

RunRow ReadRunRow(Connection& connection, RunId id) {
  RunRow row;
  Rows rows = connection.Query(queries::kSelectRun, id);
  if (!rows.Next()) return row;
  row.found = true;
  row.definition = rows.Int(0);
  row.input = rows.Int(1);
  row.state = static_cast<RunState>(rows.Int(2));
  row.paused = rows.Bool(3);
  row.attempt = rows.Int32(4);
  row.created_at = rows.Time(5);
  row.started_at = rows.OptionalTime(6);
  row.finished_at = rows.OptionalTime(7);
  if (!rows.IsNull(8)) row.progress = std::string(rows.Text(8));
  row.reason = rows.Text(9);
  row.root = rows.IsNull(10) ? id : RunId{rows.Int(10)};
  if (!rows.IsNull(11)) row.parent = RunId{rows.Int(11)};
  return row;
}

absl::StatusOr<RunInput> ReadInput(Connection& connection, std::int64_t id) {
  RunInput input;
  Rows rows = connection.Query(queries::kSelectInput, id);
  if (!rows.Next()) {
    if (!connection.ok()) return connection.status();
    return absl::DataLossError(absl::StrCat("input ", id, " is missing"));
  }
  auto params = ParseJson(rows.Text(0));
  auto labels = ParseJson(rows.Text(1));
  if (!params.ok() || !labels.ok() || !labels->is_object()) {
    return absl::DataLossError(absl::StrCat("input ", id, " is damaged"));
  }
  input.params = *std::move(params);
  input.labels = std::move(labels->as_object());
  input.base_dir = rows.Text(2);
  return input;
}

std::shared_ptr<const RunInfo> MakeInfo(RunId id, const RunRow& row,
                                        const Definition& definition,
                                        const RunInput& input) {
  auto info = std::make_shared<RunInfo>();
  info->id = id;
  info->workflow = definition.workflow;
  info->params = input.params;
  info->base_dir = input.base_dir;
  info->attempt = row.attempt;
  info->created_at = row.created_at;
  info->root = row.root;
  info->parent = row.parent;
  info->labels = input.labels;
  return info;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const RunInfo>> ReadRunInfo(
    Connection& connection, Definitions& definitions, RunId id) {
  const RunRow row = ReadRunRow(connection, id);
  if (!connection.ok()) return connection.status();
  if (!row.found) return std::shared_ptr<const RunInfo>();
  auto definition = definitions.Get(connection, row.definition);
  if (!definition.ok()) return definition.status();
  auto input = ReadInput(connection, row.input);
  if (!input.ok()) return input.status();
  return MakeInfo(id, row, **definition, *input);
}

LiveRun* Runs::Get(Connection& connection, RunId id) {
  if (auto found = runs_.find(id); found != runs_.end()) {
    return found->second.get();
  }
  auto loaded = Load(connection, id);
  if (!loaded.ok()) {
    connection.Fail(loaded.status());
    return nullptr;
  }
  if (*loaded == nullptr) return nullptr;
  nodes_ += (*loaded)->definition->workflow->tasks.size();
  return runs_.emplace(id, *std::move(loaded)).first->second.get();
}

absl::StatusOr<std::unique_ptr<LiveRun>> Runs::Load(Connection& connection,
                                                    RunId id) {
  RunRow row = ReadRunRow(connection, id);
  if (!connection.ok()) return connection.status();
  if (!row.found) return nullptr;
  auto definition = definitions_.Get(connection, row.definition);
  if (!definition.ok()) return definition.status();
  if (!input_ || input_id_ != row.input) {
    auto input = ReadInput(connection, row.input);
    if (!input.ok()) return input.status();
    input_ = *std::move(input);
    input_id_ = row.input;
  }
  auto run = std::make_unique<LiveRun>(*definition, (*definition)->started);
  if (row.progress) {
    auto progress = RunProgress::Decode((*definition)->graph, *row.progress);
    if (!progress.ok()) return progress.status();
    run->progress = *std::move(progress);
  }
  run->info = MakeInfo(id, row, **definition, *input_);
  run->state = row.state;
  run->paused = row.paused;
  run->started_at = row.started_at;
  run->finished_at = row.finished_at;
  run->reason = std::move(row.reason);
  return run;
}

void Runs::Save(Connection& connection) {
  for (LiveRun* run : dirty_) {
    run->dirty = false;
    const std::string progress = run->progress.Encode();
    connection.Execute(queries::kUpdateRun, run->id(),
                       static_cast<int>(run->state), run->paused,
                       run->info->attempt, run->started_at, run->finished_at,
                       Blob{progress}, TextOrNull{run->reason});
    if (run->state != RunState::kRunning) ended_.push_back(run->id());
  }
  dirty_.clear();
}

void Runs::Trim() {
  for (const RunId id : ended_) {
    const auto found = runs_.find(id);
    if (found == runs_.end()) continue;
    nodes_ -= found->second->definition->workflow->tasks.size();
    runs_.erase(found);
  }
  ended_.clear();
  if (runs_.size() > kMostRuns || nodes_ > kMostNodes) Forget();
}

void Runs::Forget() {
  runs_.clear();
  dirty_.clear();
  ended_.clear();
  nodes_ = 0;
  input_.reset();
}

}  // namespace windlass::sqlite

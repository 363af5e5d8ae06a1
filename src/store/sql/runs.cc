#include "store/sql/runs.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"

namespace windlass::sql {

// A row of select_run.sql and its like.
struct RunRow {
  RunId id;
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

namespace {

// A node costs a few bytes, a run about a kilobyte.
constexpr std::size_t kMostRuns = 20'000;
constexpr std::size_t kMostNodes = 4'000'000;
constexpr std::size_t kMostInputs = 1'000;

// Whether several tasks of a run can be claimed before any has ended.
bool HasSeveralRoots(const Definition& definition) {
  return definition.start.released.size() > 1;
}

RunRow ReadRunRow(const Rows& rows) {
  RunRow row;
  row.id = RunId{rows.Int(0)};
  row.definition = rows.Int(1);
  row.input = rows.Int(2);
  row.state = static_cast<RunState>(rows.Int(3));
  row.paused = rows.Bool(4);
  row.attempt = rows.Int32(5);
  row.created_at = rows.Time(6);
  row.started_at = rows.OptionalTime(7);
  row.finished_at = rows.OptionalTime(8);
  if (!rows.IsNull(9)) row.progress = std::string(rows.Text(9));
  row.reason = rows.Text(10);
  row.root = rows.IsNull(11) ? row.id : RunId{rows.Int(11)};
  if (!rows.IsNull(12)) row.parent = RunId{rows.Int(12)};
  return row;
}

std::optional<RunRow> FindRunRow(Connection& connection, Query query,
                                 RunId id) {
  Rows rows = connection.Read(query, id);
  if (!rows.Next()) return std::nullopt;
  return ReadRunRow(rows);
}

absl::StatusOr<std::shared_ptr<const RunInput>> ReadInput(const Rows& rows) {
  auto params = ParseJson(rows.Text(1));
  auto labels = ParseJson(rows.Text(2));
  if (!params.ok() || !labels.ok() || !labels->is_object()) {
    return absl::DataLossError(
        absl::StrCat("input ", rows.Int(0), " is damaged"));
  }
  auto input = std::make_shared<RunInput>();
  input->params = *std::move(params);
  input->labels = std::move(labels->as_object());
  input->base_dir = rows.Text(3);
  return input;
}

std::shared_ptr<const RunInfo> MakeInfo(const RunRow& row,
                                        const Definition& definition,
                                        const RunInput& input) {
  auto info = std::make_shared<RunInfo>();
  info->id = row.id;
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

std::vector<std::int64_t> Numbers(const std::vector<RunId>& ids) {
  std::vector<std::int64_t> numbers;
  numbers.reserve(ids.size());
  for (const RunId id : ids) numbers.push_back(id.value);
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  return numbers;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const RunInput>> ReadRunInput(
    Connection& connection, std::int64_t id) {
  Rows rows = connection.Read(Query::kSelectInput, id);
  if (rows.Next()) return ReadInput(rows);
  if (!connection.ok()) return connection.status();
  return absl::DataLossError(absl::StrCat("input ", id, " is missing"));
}

absl::StatusOr<std::shared_ptr<const RunInfo>> ReadRunInfo(
    Connection& connection, Definitions& definitions, RunId id) {
  const auto row = FindRunRow(connection, Query::kSelectRun, id);
  if (!connection.ok()) return connection.status();
  if (!row) return std::shared_ptr<const RunInfo>();
  auto definition = definitions.Get(connection, row->definition);
  if (!definition.ok()) return definition.status();
  auto input = ReadRunInput(connection, row->input);
  if (!input.ok()) return input.status();
  return MakeInfo(*row, **definition, **input);
}

std::shared_ptr<const RunInfo> RunInfos::Find(RunId id, int attempt) const {
  MutexLock lock(mutex_);
  auto found = young_.find(id);
  if (found == young_.end()) {
    const auto older = old_.find(id);
    if (older == old_.end()) return nullptr;
    found = young_.insert(*older).first;
  }
  return found->second->attempt == attempt ? found->second : nullptr;
}

void RunInfos::Add(std::shared_ptr<const RunInfo> info) {
  MutexLock lock(mutex_);
  if (young_.size() >= generation_) {
    old_ = std::move(young_);
    young_ = Map();
  }
  young_[info->id] = std::move(info);
}

std::shared_ptr<const RunInput> RunInfos::FindInput(std::int64_t id) const {
  MutexLock lock(mutex_);
  const auto found = inputs_.find(id);
  return found == inputs_.end() ? nullptr : found->second;
}

void RunInfos::AddInput(std::int64_t id,
                        std::shared_ptr<const RunInput> input) {
  MutexLock lock(mutex_);
  if (inputs_.size() >= kMostInputs) inputs_.clear();
  inputs_[id] = std::move(input);
}

void RunInfos::Forget() {
  MutexLock lock(mutex_);
  young_.clear();
  old_.clear();
  inputs_.clear();
}

LiveRun* Runs::Get(Connection& connection, RunId id) {
  const auto found = runs_.find(id);
  if (found != runs_.end() && found->second->locked) {
    return found->second.get();
  }
  return Load(connection, id, Locking::kLock);
}

LiveRun* Runs::Peek(Connection& connection, RunId id) {
  const auto found = runs_.find(id);
  if (found != runs_.end()) return found->second.get();
  return Load(connection, id, Locking::kLook);
}

LiveRun* Runs::PeekFresh(Connection& connection, const FreshRun& fresh) {
  const auto found = runs_.find(fresh.id);
  if (found != runs_.end()) return found->second.get();
  RunRow row;
  row.id = row.root = fresh.id;
  row.definition = fresh.definition;
  row.input = fresh.input;
  row.created_at = fresh.created_at;
  auto run = Keep(connection, std::move(row), Locking::kLook);
  if (!run.ok()) {
    connection.Fail(run.status());
    return nullptr;
  }
  // It has not been read: whoever wants to change it must.
  (*run)->locked = false;
  return *run;
}

LiveRun* Runs::Load(Connection& connection, RunId id, Locking locking) {
  auto row = FindRunRow(
      connection,
      locking == Locking::kLock ? Query::kLockRun : Query::kSelectRun, id);
  if (!row) return nullptr;
  auto run = Keep(connection, *std::move(row), locking);
  if (run.ok()) return *run;
  connection.Fail(run.status());
  return nullptr;
}

void Runs::Fetch(Connection& connection, std::vector<RunId> ids) {
  FetchAll(connection, std::move(ids), Locking::kLock);
}

void Runs::FetchUnlocked(Connection& connection, std::vector<RunId> ids) {
  FetchAll(connection, std::move(ids), Locking::kLook);
}

void Runs::FetchAll(Connection& connection, std::vector<RunId> ids,
                    Locking locking) {
  if (writers_ == Writers::kOne) return;
  std::erase_if(ids, [&](RunId id) {
    const auto found = runs_.find(id);
    return found != runs_.end() &&
           (found->second->locked || locking == Locking::kLook);
  });
  if (ids.empty()) return;
  std::vector<RunRow> found;
  std::vector<std::int64_t> inputs;
  {
    const std::vector<std::int64_t> numbers = Numbers(ids);
    Rows rows = connection.Read(
        locking == Locking::kLock ? Query::kLockRuns : Query::kSelectRuns,
        Ints{numbers});
    while (rows.Next()) {
      found.push_back(ReadRunRow(rows));
      const RunRow& row = found.back();
      if (infos_.Find(row.id, row.attempt)) continue;
      if (KnownInput(row.input) == nullptr) inputs.push_back(row.input);
    }
  }
  if (!inputs.empty()) {
    LearnInputs(connection,
                connection.Read(Query::kSelectInputs, Ints{inputs}));
    if (!connection.ok()) return;
  }
  for (RunRow& row : found) {
    auto run = Keep(connection, std::move(row), locking);
    if (!run.ok()) return connection.Fail(run.status());
    if (locking == Locking::kLock && !(*run)->started_at &&
        HasSeveralRoots(*(*run)->definition)) {
      unclear_starts_.push_back((*run)->id().value);
    }
  }
  FetchFirstClaims(connection);
}

void Runs::FetchFirstClaims(Connection& connection) {
  if (unclear_starts_.empty()) return;
  Rows rows = connection.Read(Query::kSelectFirstClaims, Ints{unclear_starts_});
  while (rows.Next()) {
    runs_[RunId{rows.Int(0)}]->first_claim = rows.OptionalTime(1);
  }
  unclear_starts_.clear();
}

absl::StatusOr<LiveRun*> Runs::Keep(Connection& connection, RunRow row,
                                    Locking locking) {
  auto definition = definitions_.Get(connection, row.definition);
  if (!definition.ok()) return definition.status();
  auto info = Info(connection, row, **definition);
  if (!info.ok()) return info.status();
  RunProgress progress = (*definition)->started;
  if (row.progress) {
    auto decoded = RunProgress::Decode((*definition)->graph, *row.progress);
    if (!decoded.ok()) return decoded.status();
    progress = *std::move(decoded);
  }
  auto& kept = runs_[row.id];
  if (kept == nullptr) {
    nodes_ += (*definition)->workflow->tasks.size();
    kept = std::make_unique<LiveRun>(*definition, std::move(progress));
  } else {
    kept->progress = std::move(progress);
  }
  kept->info = *std::move(info);
  kept->state = row.state;
  kept->paused = row.paused;
  kept->started_at = row.started_at;
  kept->finished_at = row.finished_at;
  kept->reason = std::move(row.reason);
  kept->first_claim.reset();
  // With one writer nothing changes under its hands.
  kept->locked = locking == Locking::kLock || writers_ == Writers::kOne;
  locked_some_ = locked_some_ || locking == Locking::kLock;
  return kept.get();
}

absl::StatusOr<std::shared_ptr<const RunInfo>> Runs::Info(
    Connection& connection, const RunRow& row, const Definition& definition) {
  if (auto info = infos_.Find(row.id, row.attempt)) return info;
  auto input = Input(connection, row.input);
  if (!input.ok()) return input.status();
  auto info = MakeInfo(row, definition, **input);
  infos_.Add(info);
  return info;
}

absl::StatusOr<std::shared_ptr<const RunInput>> Runs::Input(
    Connection& connection, std::int64_t id) {
  if (auto known = KnownInput(id)) return known;
  auto read = ReadRunInput(connection, id);
  if (read.ok()) KeepInput(id, *read);
  return read;
}

std::shared_ptr<const RunInput> Runs::KnownInput(std::int64_t id) const {
  if (writers_ == Writers::kMany) return infos_.FindInput(id);
  const auto found = inputs_.find(id);
  return found == inputs_.end() ? nullptr : found->second;
}

void Runs::LearnInputs(Connection& connection, Rows rows) {
  while (rows.Next()) {
    if (KnownInput(rows.Int(0)) != nullptr) continue;
    auto input = ReadInput(rows);
    if (!input.ok()) return connection.Fail(input.status());
    KeepInput(rows.Int(0), *std::move(input));
  }
}

void Runs::KeepInput(std::int64_t id, std::shared_ptr<const RunInput> input) {
  if (writers_ == Writers::kMany) return infos_.AddInput(id, std::move(input));
  inputs_.insert_or_assign(id, std::move(input));
}

void Runs::Save(Connection& connection) {
  for (LiveRun* run : dirty_) {
    run->dirty = false;
    const std::string progress = run->progress.Encode();
    if (std::exchange(run->dirty_otherwise, false)) {
      connection.Write(Query::kUpdateRun, run->id(),
                       static_cast<int>(run->state), run->paused,
                       run->info->attempt, run->started_at, run->finished_at,
                       Blob{progress}, TextOrNull{run->reason});
    } else {
      connection.Write(Query::kProceedRun, run->id(),
                       static_cast<int>(run->state), run->started_at,
                       run->finished_at, Blob{progress});
    }
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
  if (inputs_.size() > kMostInputs) inputs_.clear();
  if (runs_.size() > kMostRuns || nodes_ > kMostNodes) Forget();
}

void Runs::Forget() {
  runs_.clear();
  dirty_.clear();
  ended_.clear();
  nodes_ = 0;
  inputs_.clear();
  locked_some_ = false;
}

}  // namespace windlass::sql

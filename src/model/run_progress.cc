#include "model/run_progress.h"

#include <algorithm>
#include <cassert>
#include <limits>
#include <utility>

namespace windlass {
namespace {

// Up to so many dependencies are looked at again each time one ends; above,
// counts are kept, so that a fan-in costs the same for each of its ends.
constexpr std::size_t kCountAfresh = 8;

constexpr std::int64_t kUnlimited = std::numeric_limits<std::int64_t>::max();

// Of a run that has not been started.
class NoRows : public RunRows {
 public:
  std::int32_t Running(std::int32_t) const override { return 0; }
  std::vector<InstanceRange> NotDone(std::int32_t, std::int32_t, std::int32_t,
                                     std::int32_t) const override {
    return {};
  }
};

TaskError NoItems() {
  return {.type = std::string(error_type::kNoItems),
          .message = "the list of items to map over is empty",
          .category = ErrorCategory::kApplication,
          .retryable = false,
          .details = {},
          .next_retry_delay = {}};
}

}  // namespace

RunProgress::RunProgress(const Graph& graph)
    : graph_(&graph),
      stages_(static_cast<std::size_t>(graph.size()), Stage::kPending),
      instances_(static_cast<std::size_t>(graph.map_count())),
      unfinished_(graph.size() - (graph.on_exit() >= 0 ? 1 : 0)) {}

Effects RunProgress::Start() {
  Effects effects;
  if (started_ || IsFinal(state_)) return effects;
  started_ = true;
  for (int node = 0; node < graph_->size(); ++node) {
    if (node != graph_->on_exit()) Evaluate(node, effects);
  }
  Conclude(NoRows(), effects);
  return effects;
}

Effects RunProgress::TaskEnded(TaskKey task, TaskState state,
                               const RunRows& rows) {
  Effects effects;
  int node = task.node;
  if (!IsFinal(state) || !Exists(node) || !Live(stage(node))) return effects;
  if (Stopping(stage(node))) state = TaskState::kCancelled;
  const Instances* mapped = instances(node);
  if (task.index < 0) {
    if (mapped != nullptr && mapped->expanded()) return effects;
    --in_flight_;
    End(node, StageFor(state));
  } else {
    if (mapped == nullptr || task.index >= mapped->released ||
        mapped->live() == 0) {
      return effects;
    }
    InstanceEnded(node, state, rows, effects);
  }
  Conclude(rows, effects);
  return effects;
}

Effects RunProgress::Expanded(std::int32_t node, std::int32_t count,
                              const RunRows& rows) {
  Effects effects;
  if (count < 0 || !Exists(node) || stage(node) != Stage::kReleased) {
    return effects;
  }
  Instances* mapped = instances(node);
  if (mapped == nullptr || mapped->expanded()) return effects;
  --in_flight_;
  mapped->items = count;
  if (count > 0) {
    held_.insert(node);
  } else if (graph_->spec(node).map->on_empty == MapSpec::OnEmpty::kSkip) {
    EndMapped(node, Stage::kSkipped, NoItems(), effects);
  } else {
    EndMapped(node, Stage::kSucceeded, std::nullopt, effects);
  }
  Conclude(rows, effects);
  return effects;
}

NodeProgress RunProgress::node(int node) const {
  NodeProgress progress;
  if (!Exists(node)) return progress;
  progress.state = StateFor(stage(node));
  if (const Instances* mapped = instances(node)) {
    progress.items = mapped->items;
    progress.succeeded = mapped->succeeded;
    progress.failed = mapped->failed;
    progress.skipped = mapped->skipped;
    progress.cancelled = mapped->cancelled;
  }
  return progress;
}

std::vector<NodeProgress> RunProgress::nodes() const {
  std::vector<NodeProgress> all;
  all.reserve(stages_.size());
  for (int i = 0; i < graph_->size(); ++i) all.push_back(node(i));
  return all;
}

// ----------------------------------------------------------- one node's place

RunProgress::Stage RunProgress::StageFor(TaskState state) {
  switch (state) {
    case TaskState::kSucceeded:
      return Stage::kSucceeded;
    case TaskState::kFailed:
      return Stage::kFailed;
    case TaskState::kCancelled:
      return Stage::kCancelled;
    case TaskState::kSkipped:
      return Stage::kSkipped;
    default:
      break;
  }
  assert(false);
  return Stage::kFailed;
}

TaskState RunProgress::StateFor(Stage stage) {
  switch (stage) {
    case Stage::kReleased:
    case Stage::kStopping:
    case Stage::kFailing:
      return TaskState::kRunning;
    case Stage::kSucceeded:
      return TaskState::kSucceeded;
    case Stage::kFailed:
    case Stage::kUpstreamFailed:
      return TaskState::kFailed;
    case Stage::kCancelled:
      return TaskState::kCancelled;
    case Stage::kSkipped:
      return TaskState::kSkipped;
    case Stage::kPending:
    case Stage::kHeld:
    case Stage::kEnding:
      break;
  }
  return TaskState::kPending;
}

RunProgress::Instances* RunProgress::instances(int node) {
  int slot = graph_->map_slot(node);
  return slot < 0 ? nullptr : &instances_[static_cast<std::size_t>(slot)];
}

const RunProgress::Instances* RunProgress::instances(int node) const {
  int slot = graph_->map_slot(node);
  return slot < 0 ? nullptr : &instances_[static_cast<std::size_t>(slot)];
}

bool RunProgress::IsExpanded(int node) const {
  const Instances* mapped = instances(node);
  return mapped != nullptr && mapped->expanded();
}

bool RunProgress::HasLiveRows(int node) const {
  if (stage(node) != Stage::kReleased) return false;
  return !IsExpanded(node) || instances(node)->live() > 0;
}

// ------------------------------------------------------------ what ends means

DependencyEnd RunProgress::EndAsDependency(int node) const {
  switch (stage(node)) {
    case Stage::kSucceeded:
      return DependencyEnd::kSuccess;
    case Stage::kSkipped:
      return DependencyEnd::kSkip;
    case Stage::kFailed:
    case Stage::kCancelled:
      return graph_->spec(node).allow_failure ? DependencyEnd::kSuccess
                                              : DependencyEnd::kFailure;
    default:
      return DependencyEnd::kFailure;  // kUpstreamFailed
  }
}

DependencyCounts RunProgress::CountDependencies(int node) const {
  const std::vector<int>& dependencies = graph_->dependencies(node);
  DependencyCounts counts;
  counts.total = static_cast<std::int32_t>(dependencies.size());
  for (int dependency : dependencies) {
    if (Ended(stage(dependency))) counts.Add(EndAsDependency(dependency));
  }
  return counts;
}

void RunProgress::DependencyEnded(int node, int dependency, Effects& effects) {
  if (graph_->dependencies(node).size() <= kCountAfresh) {
    Evaluate(node, effects);
    return;
  }
  auto [entry, is_new] = counts_.try_emplace(node);
  if (is_new) {
    entry->second = CountDependencies(node);  // This end among them.
  } else {
    entry->second.Add(EndAsDependency(dependency));
  }
  Verdict verdict = Judge(graph_->spec(node).trigger_rule, entry->second);
  if (verdict == Verdict::kWait) return;
  counts_.erase(entry);
  Apply(verdict, node, effects);
}

void RunProgress::Evaluate(int node, Effects& effects) {
  Apply(Judge(graph_->spec(node).trigger_rule, CountDependencies(node)), node,
        effects);
}

void RunProgress::Apply(Verdict verdict, int node, Effects& effects) {
  switch (verdict) {
    case Verdict::kWait:
      return;
    case Verdict::kRun:
      stage(node) = Stage::kHeld;
      held_.insert(node);
      return;
    case Verdict::kSkip:
    case Verdict::kFail:
      break;
  }
  Stage ended =
      verdict == Verdict::kSkip ? Stage::kSkipped : Stage::kUpstreamFailed;
  effects.settled.push_back(
      {{node, -1}, StateFor(ended), ReasonFor(verdict, node)});
  End(node, ended);
}

// Names the first dependency that alone would have led to the verdict.
TaskError RunProgress::ReasonFor(Verdict verdict, int node) const {
  TriggerRule rule = graph_->spec(node).trigger_rule;
  TaskError error;
  error.type = verdict == Verdict::kFail ? error_type::kUpstreamFailed
                                         : error_type::kTriggerRuleNotMet;
  error.category = ErrorCategory::kUpstream;
  error.retryable = false;
  error.message = "the task needs ";
  error.message += Requirement(rule);
  for (int dependency : graph_->dependencies(node)) {
    if (!Ended(stage(dependency))) continue;
    DependencyCounts alone{.total = 1};
    alone.Add(EndAsDependency(dependency));
    if (Judge(rule, alone) != verdict) continue;

    const std::string& id = graph_->spec(dependency).id;
    std::string_view state = stage(dependency) == Stage::kUpstreamFailed
                                 ? "could not run"
                                 : Name(StateFor(stage(dependency)));
    error.message += ", but task '" + id + "' ";
    if (state == "skipped" || state == "cancelled") error.message += "was ";
    error.message += state;
    error.details = JsonObject{{"task", id}};
    break;
  }
  return error;
}

void RunProgress::InstanceEnded(int node, TaskState state, const RunRows& rows,
                                Effects& effects) {
  Instances& mapped = *instances(node);
  --in_flight_;
  bool failed = false;
  switch (state) {
    case TaskState::kSucceeded:
      ++mapped.succeeded;
      break;
    case TaskState::kSkipped:
      ++mapped.skipped;
      break;
    case TaskState::kCancelled:
      ++mapped.cancelled;
      failed = true;
      break;
    default:
      ++mapped.failed;
      failed = true;
  }
  if (failed && graph_->spec(node).map->fail_fast &&
      stage(node) == Stage::kReleased && mapped.ended() < mapped.items) {
    held_.erase(node);
    if (StopInstances(node, rows)) stage(node) = Stage::kFailing;
    effects.cancelled_nodes.push_back(node);
  }
  if (mapped.ended() < mapped.items) {
    if (mapped.to_release() > 0) held_.insert(node);
  } else if (stage(node) == Stage::kStopping) {
    EndMapped(node, Stage::kCancelled, std::nullopt, effects);
  } else if (mapped.failed + mapped.cancelled > 0) {
    EndMapped(node, Stage::kFailed, std::nullopt, effects);
  } else if (mapped.skipped == mapped.items) {
    EndMapped(node, Stage::kSkipped, std::nullopt, effects);
  } else {
    EndMapped(node, Stage::kSucceeded, std::nullopt, effects);
  }
}

void RunProgress::EndMapped(int node, Stage stage,
                            std::optional<TaskError> reason, Effects& effects) {
  effects.settled.push_back({{node, -1}, StateFor(stage), std::move(reason)});
  End(node, stage);
}

// -------------------------------------------------------------- what follows

void RunProgress::Conclude(const RunRows& rows, Effects& effects) {
  Announce(effects);
  if (IsFinal(state_)) return;
  if (unfinished_ == 0) {
    if (outcome_ == RunState::kRunning) {
      outcome_ = failures_ > 0 ? RunState::kFailed : RunState::kSucceeded;
    }
    if (graph_->on_exit() < 0) {
      EndRun(outcome_, effects);
    } else if (stage(graph_->on_exit()) == Stage::kPending) {
      Apply(Verdict::kRun, graph_->on_exit(), effects);
    }
  }
  ReleaseHeld(rows, effects);
}

// Tells the successors of everything that ended, which may end them too. A
// queue, not recursion: chains are as long as someone writes them. A node
// counts as ended from its turn on, so that what follows is the same whether
// or not the run was encoded and decoded in between.
void RunProgress::Announce(Effects& effects) {
  for (std::size_t next = 0; next < ending_.size(); ++next) {
    auto [node, ended] = ending_[next];
    stage(node) = ended;
    if (node == graph_->on_exit()) {
      EndRun(outcome_, effects);
      continue;
    }
    --unfinished_;
    if (EndAsDependency(node) == DependencyEnd::kFailure) ++failures_;
    for (int successor : graph_->successors(node)) {
      if (stage(successor) == Stage::kPending) {
        DependencyEnded(successor, node, effects);
      }
    }
  }
  ending_.clear();
}

void RunProgress::ReleaseHeld(const RunRows& rows, Effects& effects) {
  while (!held_.empty() && RunRoom() > 0) {
    int node = *held_.begin();
    held_.erase(held_.begin());
    ReleaseSome(node, rows, effects);
  }
}

void RunProgress::ReleaseSome(int node, const RunRows& rows, Effects& effects) {
  Instances* mapped = instances(node);
  if (mapped == nullptr || !mapped->expanded()) {
    stage(node) = Stage::kReleased;
    ++in_flight_;
    effects.released.push_back({node, -1, 1});
    return;
  }
  auto count = static_cast<std::int32_t>(
      std::min({mapped->to_release(), RunRoom(), RoomFor(node)}));
  if (count > 0) ReleaseInstances(node, count, rows, effects);
  // Without room under the map's own limit the next instance that ends asks
  // again; without room in the run the node has to stay in line.
  if (mapped->to_release() > 0 && RoomFor(node) > 0) held_.insert(node);
}

void RunProgress::ReleaseInstances(int node, std::int32_t count,
                                   const RunRows& rows, Effects& effects) {
  Instances& mapped = *instances(node);
  in_flight_ += count;
  if (mapped.kept == 0) {
    effects.released.push_back({node, mapped.released, count});
    mapped.released += count;
    return;
  }
  for (InstanceRange range :
       rows.NotDone(node, mapped.released, mapped.items, count)) {
    effects.released.push_back({node, range.first, range.count});
    mapped.kept -= range.first - mapped.released;
    mapped.released = range.first + range.count;
  }
  if (mapped.released + mapped.kept >= mapped.items) {
    mapped.released = mapped.items;
    mapped.kept = 0;
  }
}

std::int64_t RunProgress::RunRoom() const {
  int limit = graph_->workflow().max_parallel;
  return limit > 0 ? limit - in_flight_ : kUnlimited;
}

std::int64_t RunProgress::RoomFor(int node) const {
  int limit = graph_->spec(node).map->max_parallel;
  return limit > 0 ? limit - instances(node)->live() : kUnlimited;
}

void RunProgress::EndRun(RunState state, Effects& effects) {
  state_ = state;
  effects.ended = state;
}

}  // namespace windlass

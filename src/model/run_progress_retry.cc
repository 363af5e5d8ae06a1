// Running again what has ended: RunProgress::RetryTasks() and Requeue().
#include <algorithm>
#include <utility>

#include "model/run_progress.h"

namespace windlass {

RunProgress::Restart RunProgress::RetryTasks(RetryScope scope,
                                             const RunRows& rows) {
  Restart restart;
  if (!IsFinal(state_)) return restart;
  const int on_exit = graph_->on_exit();
  std::vector<std::int32_t> again;
  for (int node = 0; node < graph_->size(); ++node) {
    if (node == on_exit) continue;
    Stage ended = stage(node);
    if (scope == RetryScope::kWholeRun || ended == Stage::kFailed ||
        ended == Stage::kUpstreamFailed || ended == Stage::kCancelled) {
      again.push_back(node);
    }
  }
  again = EndedDownstream(std::move(again));
  if (again.empty() && scope == RetryScope::kFailedTasks) {
    bool on_exit_failed = on_exit >= 0 && (stage(on_exit) == Stage::kFailed ||
                                           stage(on_exit) == Stage::kCancelled);
    if (!on_exit_failed) return restart;
  }
  // Decided for all before one changes.
  std::vector<std::int32_t> resumed;
  for (int node : again) {
    if (scope == RetryScope::kFailedTasks && MayResume(node, again)) {
      resumed.push_back(node);
    }
  }
  for (int node : again) {
    if (std::binary_search(resumed.begin(), resumed.end(), node)) {
      Resume(node, restart);
    } else {
      Reset(node, restart);
    }
  }
  ResetOnExit(restart);
  started_ = true;
  Reopen(rows, restart);
  return restart;
}

// Whether running its failed and cancelled instances again makes the mapped
// node good: nothing it depends on, and so none of its items, may change.
bool RunProgress::MayResume(int node,
                            const std::vector<std::int32_t>& again) const {
  if (!IsExpanded(node)) return false;
  if (stage(node) != Stage::kFailed && stage(node) != Stage::kCancelled) {
    return false;
  }
  const std::vector<int>& dependencies = graph_->dependencies(node);
  return std::none_of(dependencies.begin(), dependencies.end(), [&](int other) {
    return std::binary_search(again.begin(), again.end(), other);
  });
}

RunProgress::Restart RunProgress::Requeue(TaskKey task, const RunRows& rows) {
  Restart restart;
  if (!MayRequeue(task)) return restart;
  const int node = task.node;
  const bool had_ended = Ended(stage(node));
  if (task.index >= 0) {
    --instances(node)->failed;
    stage(node) = Stage::kReleased;
    restart.effects.released.push_back({node, task.index, 1});
  }
  if (!had_ended) {  // So nothing has followed from it.
    ++in_flight_;
    return restart;
  }
  if (node == graph_->on_exit()) {  // The outcome stands.
    if (task.index < 0) Reset(node, restart);
    state_ = RunState::kRunning;
    Recount();
    if (task.index < 0) Apply(Verdict::kRun, node, restart.effects);
    Conclude(rows, restart.effects);
    return restart;
  }
  for (int below : EndedDownstream({node})) {
    if (below != node || task.index < 0) Reset(below, restart);
  }
  ResetOnExit(restart);
  // Its rule was met once; it need not be met again.
  if (task.index < 0) stage(node) = Stage::kHeld;
  Reopen(rows, restart);
  return restart;
}

bool RunProgress::MayRequeue(TaskKey task) const {
  if (!Exists(task.node) || WaitsForStops()) return false;
  if (Stopping(stage(task.node))) return false;
  if (task.index < 0) return stage(task.node) == Stage::kFailed;
  const Instances* mapped = instances(task.node);
  return mapped != nullptr && task.index < mapped->released &&
         mapped->failed > 0;
}

// `nodes` and all nodes that have ended and are reached from them through nodes
// that have ended; sorted.
std::vector<std::int32_t> RunProgress::EndedDownstream(
    std::vector<std::int32_t> nodes) const {
  std::vector<bool> seen(stages_.size());
  for (int node : nodes) seen[static_cast<std::size_t>(node)] = true;
  for (std::size_t next = 0; next < nodes.size(); ++next) {
    for (int successor : graph_->successors(nodes[next])) {
      auto place = static_cast<std::size_t>(successor);
      if (seen[place] || !Ended(stage(successor))) continue;
      seen[place] = true;
      nodes.push_back(successor);
    }
  }
  std::sort(nodes.begin(), nodes.end());
  return nodes;
}

void RunProgress::Reset(int node, Restart& restart) {
  stage(node) = Stage::kPending;
  if (Instances* mapped = instances(node)) *mapped = Instances();
  restart.reset.push_back(node);
}

void RunProgress::Resume(int node, Restart& restart) {
  Instances& mapped = *instances(node);
  mapped.failed = 0;
  mapped.cancelled = 0;
  mapped.released = 0;
  mapped.kept = mapped.succeeded + mapped.skipped;
  stage(node) = Stage::kReleased;
  restart.resumed.push_back(node);
}

void RunProgress::ResetOnExit(Restart& restart) {
  const int on_exit = graph_->on_exit();
  if (on_exit >= 0 && stage(on_exit) != Stage::kPending) {
    Reset(on_exit, restart);
  }
}

// The run goes on from the stages as they are now.
void RunProgress::Reopen(const RunRows& rows, Restart& restart) {
  state_ = RunState::kRunning;
  outcome_ = RunState::kRunning;
  Recount();
  for (int node : restart.reset) {
    if (stage(node) == Stage::kPending && node != graph_->on_exit()) {
      Evaluate(node, restart.effects);
    }
  }
  Conclude(rows, restart.effects);
}

}  // namespace windlass

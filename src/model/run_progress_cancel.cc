// Ending what has not ended: RunProgress::Cancel(), and fail_fast's part of it.
#include <string>

#include "model/run_progress.h"

namespace windlass {
namespace {

TaskError RunEnded(RunState outcome) {
  return {.type = std::string(error_type::kCancelled),
          .message = outcome == RunState::kCancelled
                         ? "the run was cancelled before the task had ended"
                         : "the run timed out before the task had ended",
          .category = ErrorCategory::kCancelled,
          .retryable = false,
          .details = {},
          .next_retry_delay = {}};
}

}  // namespace

Effects RunProgress::Cancel(RunState outcome) {
  Effects effects;
  if (IsFinal(state_) || !IsFinal(outcome)) return effects;
  const int on_exit = graph_->on_exit();
  if (outcome_ != RunState::kRunning) {  // on_exit runs.
    if (outcome != RunState::kCancelled || outcome_ == RunState::kCancelled) {
      return effects;
    }
    outcome_ = outcome;
    CancelNode(on_exit, RunEnded(outcome), effects);
    EndRun(outcome, effects);
    return effects;
  }

  held_.clear();
  counts_.clear();
  for (int node = 0; node < graph_->size(); ++node) {
    if (node == on_exit || Ended(stage(node))) continue;
    CancelNode(node, RunEnded(outcome), effects);
    if (EndAsDependency(node) == DependencyEnd::kFailure) ++failures_;
  }
  unfinished_ = 0;
  outcome_ = outcome;
  if (on_exit < 0) {
    EndRun(outcome, effects);
  } else if (!started_) {
    CancelNode(on_exit, RunEnded(outcome), effects);
    EndRun(outcome, effects);
  } else {
    Apply(Verdict::kRun, on_exit, effects);
    ReleaseHeld(effects);
  }
  return effects;
}

void RunProgress::CancelNode(int node, const TaskError& reason,
                             Effects& effects) {
  if (HasLiveRows(node)) effects.cancelled_nodes.push_back(node);
  if (IsExpanded(node)) {
    Instances& mapped = *instances(node);
    in_flight_ -= mapped.live();
    CloseInstances(mapped);
    effects.settled.push_back({{node, -1}, TaskState::kCancelled, {}});
  } else if (stage(node) == Stage::kReleased) {
    --in_flight_;
  } else {
    effects.settled.push_back({{node, -1}, TaskState::kCancelled, reason});
  }
  stage(node) = Stage::kCancelled;
}

// All that has not ended counts as cancelled.
void RunProgress::CloseInstances(Instances& instances) {
  auto rest = static_cast<std::int32_t>(instances.items - instances.ended());
  instances.cancelled += rest;
  instances.released = instances.items;
}

}  // namespace windlass

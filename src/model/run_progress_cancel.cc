// Ending what has not ended: RunProgress::Cancel(), and fail_fast's part of it.
#include <algorithm>
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

Effects RunProgress::Cancel(RunState outcome, const RunRows& rows) {
  Effects effects;
  if (IsFinal(state_) || !IsFinal(outcome) || WaitsForStops()) return effects;
  if (outcome_ != RunState::kRunning) {  // on_exit runs.
    if (outcome == RunState::kCancelled && outcome_ != outcome) {
      CancelOnExit(outcome, rows, effects);
    }
    return effects;
  }

  held_.clear();
  counts_.clear();
  const int on_exit = graph_->on_exit();
  for (int node = 0; node < graph_->size(); ++node) {
    if (node == on_exit || Ended(stage(node))) continue;
    if (!Stopping(stage(node))) {
      CancelNode(node, RunEnded(outcome), rows, effects);
    }
    if (Stopping(stage(node))) continue;
    --unfinished_;
    if (EndAsDependency(node) == DependencyEnd::kFailure) ++failures_;
  }
  outcome_ = outcome;
  if (!started_ && on_exit >= 0) {
    CancelOnExit(outcome, rows, effects);
    return effects;
  }
  Conclude(rows, effects);
  return effects;
}

void RunProgress::CancelOnExit(RunState outcome, const RunRows& rows,
                               Effects& effects) {
  const int on_exit = graph_->on_exit();
  outcome_ = outcome;
  if (Stopping(stage(on_exit))) return;
  CancelNode(on_exit, RunEnded(outcome), rows, effects);
  if (!Stopping(stage(on_exit))) EndRun(outcome, effects);
}

void RunProgress::CancelNode(int node, const TaskError& reason,
                             const RunRows& rows, Effects& effects) {
  bool stops = false;
  if (HasLiveRows(node)) effects.cancelled_nodes.push_back(node);
  if (IsExpanded(node)) {
    stops = StopInstances(node, rows);
    if (!stops) {
      effects.settled.push_back({{node, -1}, TaskState::kCancelled, {}});
    }
  } else if (stage(node) == Stage::kReleased) {
    stops = ToStop(node, rows) > 0;
    if (!stops) --in_flight_;
  } else {
    effects.settled.push_back({{node, -1}, TaskState::kCancelled, reason});
  }
  stage(node) = stops ? Stage::kStopping : Stage::kCancelled;
}

// Attempts that must have stopped before the node can end.
std::int32_t RunProgress::ToStop(int node, const RunRows& rows) const {
  if (!HasLiveRows(node) ||
      graph_->spec(node).cancellation.type !=
          CancellationSpec::Type::kWaitCancellationCompleted) {
    return 0;
  }
  return rows.Running(node);
}

// All that has not ended counts as cancelled, but what has to stop first.
// Whether there is any of that.
bool RunProgress::StopInstances(int node, const RunRows& rows) {
  Instances& mapped = *instances(node);
  const auto stopping = static_cast<std::int32_t>(
      std::min<std::int64_t>(ToStop(node, rows), mapped.live()));
  in_flight_ -= mapped.live() - stopping;
  mapped.cancelled +=
      static_cast<std::int32_t>(mapped.items - mapped.ended()) - stopping;
  mapped.released = mapped.items;
  mapped.kept = 0;
  return stopping > 0;
}

}  // namespace windlass

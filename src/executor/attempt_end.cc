#include "executor/attempt_end.h"

#include <utility>

#include "base/concat.h"

namespace windlass {
namespace {

AttemptEnd TimedOut(const Lease& lease, std::string_view type,
                    std::string message) {
  AttemptEnd end = EndOf(lease, AttemptOutcome::kTimedOut);
  end.error = MakeError(type, std::move(message), ErrorCategory::kTimeout);
  return end;
}

}  // namespace

AttemptEnd EndOf(const Lease& lease, AttemptOutcome outcome) {
  AttemptEnd end;
  end.run = lease.run->id;
  end.task = lease.task;
  end.token = lease.token;
  end.outcome = outcome;
  return end;
}

AttemptEnd FailedEnd(const Lease& lease, TaskError error) {
  AttemptEnd end = EndOf(lease, AttemptOutcome::kFailed);
  end.error = std::move(error);
  return end;
}

TaskError MakeError(std::string_view type, std::string message,
                    ErrorCategory category) {
  TaskError error;
  error.type = type;
  error.message = std::move(message);
  error.category = category;
  return error;
}

TaskError MakeFinalError(std::string_view type, std::string message,
                         ErrorCategory category) {
  TaskError error = MakeError(type, std::move(message), category);
  error.retryable = false;
  return error;
}

AttemptEnd StoppedEnd(const Lease& lease, StopReason reason) {
  const TaskSpec& spec = lease.spec();
  switch (reason) {
    case StopReason::kTimeout:
      return TimedOut(
          lease, error_type::kTimeout,
          Concat("the attempt did not end within ",
                 FormatDuration(
                     spec.start_to_close_timeout.value_or(Duration::zero())),
                 " (start_to_close_timeout)"));
    case StopReason::kHeartbeatTimeout:
      return TimedOut(
          lease, error_type::kHeartbeatTimeout,
          Concat(
              "the handler showed no sign of life for ",
              FormatDuration(spec.heartbeat_timeout.value_or(Duration::zero())),
              " (heartbeat_timeout)"));
    case StopReason::kScheduleToCloseTimeout: {
      AttemptEnd end = TimedOut(
          lease, error_type::kScheduleToCloseTimeout,
          Concat("the task did not end within ",
                 FormatDuration(
                     spec.schedule_to_close_timeout.value_or(Duration::zero())),
                 " (schedule_to_close_timeout)"));
      end.error->retryable = false;  // No attempt would have any time.
      return end;
    }
    case StopReason::kCancelled:
      return EndOf(lease, AttemptOutcome::kCancelled);
    case StopReason::kNone:
    case StopReason::kLeaseLost:  // Refused, and counted as stale.
    case StopReason::kDrain:
      return EndOf(lease, AttemptOutcome::kReleased);
  }
  return EndOf(lease, AttemptOutcome::kReleased);
}

}  // namespace windlass

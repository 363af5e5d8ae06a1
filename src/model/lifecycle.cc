#include "model/lifecycle.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/later.h"

namespace windlass {
namespace {

TaskError MakeError(std::string_view type, std::string message,
                    ErrorCategory category) {
  TaskError error;
  error.type = type;
  error.message = std::move(message);
  error.category = category;
  error.retryable = false;
  return error;
}

TaskError ErrorOf(const AttemptEnd& end) {
  if (end.error) return *end.error;
  switch (end.outcome) {
    case AttemptOutcome::kTimedOut: {
      TaskError error = MakeError(error_type::kTimeout,
                                  "the attempt took longer than its "
                                  "start_to_close_timeout",
                                  ErrorCategory::kTimeout);
      error.retryable = true;
      return error;
    }
    case AttemptOutcome::kSkipped:
      return MakeError(error_type::kConditionFalse,
                       "the task's `when` is false",
                       ErrorCategory::kApplication);
    case AttemptOutcome::kCancelled:
      return MakeError(error_type::kCancelled, "the attempt was cancelled",
                       ErrorCategory::kCancelled);
    default: {
      TaskError error = MakeError(error_type::kHandlerException,
                                  "the attempt failed without saying why",
                                  ErrorCategory::kInternal);
      error.retryable = true;
      return error;
    }
  }
}

bool MayRetry(const RetryPolicy& policy, const TaskError& error, int failures) {
  if (!error.retryable) return false;
  const auto& types = policy.non_retryable_error_types;
  if (std::find(types.begin(), types.end(), error.type) != types.end()) {
    return false;
  }
  return policy.maximum_attempts == 0 || failures < policy.maximum_attempts;
}

Decision FailedForGood(const TaskSpec& spec, const Ticket& ticket,
                       TaskError error) {
  Decision decision;
  decision.kind = Decision::Kind::kFinal;
  decision.state = TaskState::kFailed;
  decision.error = std::move(error);
  decision.dead_letter = !spec.allow_failure;
  decision.ticket = ticket;
  return decision;
}

TaskError NoTimeToRetry(const TaskError& cause, int attempt) {
  TaskError error = MakeError(
      error_type::kScheduleToCloseTimeout,
      absl::StrCat("schedule_to_close_timeout leaves no time for another "
                   "attempt after: ",
                   cause.message),
      ErrorCategory::kTimeout);
  error.details = JsonObject{{"cause", ToJson(cause, attempt)}};
  return error;
}

Decision AfterFailure(const TaskSpec& spec, Ticket ticket, TaskError error,
                      Timestamp now, std::uint64_t seed) {
  const int attempt = ticket.attempt;
  ++ticket.failures;
  if (!MayRetry(spec.retry_policy, error, ticket.failures)) {
    return FailedForGood(spec, ticket, std::move(error));
  }
  Duration delay = error.next_retry_delay.value_or(
      RetryDelay(spec.retry_policy, ticket.failures, seed));
  delay = std::max(delay, error.minimum_retry_delay.value_or(Duration::zero()));
  const Timestamp at = Later(now, delay);
  std::optional<Timestamp> deadline = CloseDeadline(spec, ticket);
  if (deadline && at >= *deadline) {
    return FailedForGood(spec, ticket, NoTimeToRetry(error, attempt));
  }
  Decision decision;
  decision.kind = Decision::Kind::kRetryAt;
  decision.error = std::move(error);
  decision.at = at;
  decision.ticket = ticket;
  ++decision.ticket.attempt;
  return decision;
}

}  // namespace

Decision AfterAttempt(const TaskSpec& spec, const Ticket& ticket,
                      const AttemptEnd& end, Timestamp now,
                      std::uint64_t seed) {
  Decision decision;
  decision.ticket = ticket;
  switch (end.outcome) {
    case AttemptOutcome::kSucceeded:
      decision.state = TaskState::kSucceeded;
      break;
    case AttemptOutcome::kFailed:
    case AttemptOutcome::kTimedOut:
      return AfterFailure(spec, ticket, ErrorOf(end), now, seed);
    case AttemptOutcome::kCancelled:
      decision.state = TaskState::kCancelled;
      decision.error = ErrorOf(end);
      decision.record_attempt = end.started;
      break;
    case AttemptOutcome::kReleased:
      decision.kind = Decision::Kind::kReady;
      decision.record_attempt = end.started;
      if (end.started) ++decision.ticket.attempt;
      break;
    case AttemptOutcome::kSkipped:
      decision.state = TaskState::kSkipped;
      decision.error = ErrorOf(end);
      decision.record_attempt = false;
      break;
    case AttemptOutcome::kExpanded:
      decision.kind = Decision::Kind::kExpand;
      decision.record_attempt = false;
      break;
    case AttemptOutcome::kParked:
      decision.kind = Decision::Kind::kPark;
      decision.record_attempt = false;
      break;
    case AttemptOutcome::kDeferred:
      decision.kind = Decision::Kind::kRetryAt;
      decision.at = Later(now, end.delay);
      decision.record_attempt = false;
      break;
  }
  return decision;
}

Decision AfterCrash(const TaskSpec& spec, const Ticket& ticket,
                    Timestamp /*now*/, const LifecycleLimits& limits) {
  Ticket next = ticket;
  ++next.crashes;
  TaskError error = MakeError(
      error_type::kExecutorLost,
      absl::StrCat("the executor of the attempt died (crash ", next.crashes,
                   "; at most ", limits.max_crashes, " are tolerated)"),
      ErrorCategory::kCrash);
  if (next.crashes > limits.max_crashes) {
    return FailedForGood(spec, next, std::move(error));
  }
  error.retryable = true;
  ++next.attempt;
  Decision decision;
  decision.kind = Decision::Kind::kReady;
  decision.error = std::move(error);
  decision.ticket = next;
  return decision;
}

Decision AfterDeadline(const TaskSpec& spec, const Ticket& ticket,
                       std::string_view error_type, Timestamp now) {
  std::string message =
      error_type == error_type::kScheduleToStartTimeout
          ? "no executor started the task within its schedule_to_start_timeout"
          : "the task had not ended within its schedule_to_close_timeout";
  TaskError error =
      MakeError(error_type, std::move(message), ErrorCategory::kTimeout);
  auto waited = std::chrono::duration_cast<std::chrono::milliseconds>(
      now - ticket.scheduled_at);
  error.details = JsonObject{{"since_scheduled_ms", waited.count()}};
  Decision decision = FailedForGood(spec, ticket, std::move(error));
  decision.record_attempt = false;
  return decision;
}

std::optional<Timestamp> CloseDeadline(const TaskSpec& spec,
                                       const Ticket& ticket) {
  if (!spec.schedule_to_close_timeout) return std::nullopt;
  return Later(ticket.scheduled_at, *spec.schedule_to_close_timeout);
}

}  // namespace windlass

// What becomes of a task when an attempt of it ends: retry, give back, or a
// final state. Pure policy; stores carry out what it says.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "windlass/ids.h"
#include "windlass/lease.h"
#include "windlass/states.h"
#include "windlass/time.h"
#include "windlass/workflow.h"

namespace windlass {

// What a store remembers of a task between its attempts.
struct Ticket {
  std::int32_t attempt = 1;   // The number the next (or running) attempt has.
  std::int32_t failures = 0;  // Attempts that failed or timed out.
  std::int32_t crashes = 0;   // Attempts whose executor died.
  Timestamp scheduled_at;     // When it was first released.
};

struct LifecycleLimits {
  int max_crashes = 3;  // One more than these fails the task.
};

struct Decision {
  enum class Kind : std::uint8_t {
    kFinal,    // `state` and `error`; `dead_letter` says whether to keep one.
    kReady,    // Claimable at once, with `ticket`.
    kRetryAt,  // Claimable at `at`, with `ticket`.
    kPark,     // Claimable when AttemptEnd::wake happens, with `ticket`.
    kExpand,   // RunProgress::Expanded().
  };
  Kind kind = Kind::kFinal;
  TaskState state = TaskState::kSucceeded;
  // Why the task ended so, or why this attempt did when others follow. For a
  // skipped task the reason. Absent for a success and for what is no failure.
  std::optional<TaskError> error;
  // The task failed for good and nothing permits that (allow_failure).
  bool dead_letter = false;
  Timestamp at;
  // With `attempt` one higher when the next execution is another attempt.
  Ticket ticket;
  // Whether the attempt belongs into the task's history.
  bool record_attempt = true;
};

// `seed` spreads the retry delay (Jitter); the same seed gives the same delay.
// Use JitterSeed().
//
// An attempt that failed or timed out is retried unless its error is not
// retryable, the policy's maximum_attempts have failed, or the retry would not
// start before CloseDeadline(): then the task fails at once as
// ScheduleToCloseTimeout, with the attempt's error as details.cause.
// TaskError::next_retry_delay, when given, is the delay.
Decision AfterAttempt(const TaskSpec& spec, const Ticket& ticket,
                      const AttemptEnd& end, Timestamp now, std::uint64_t seed);

// The executor died. Costs no retry attempt; has its own limit, above which the
// task fails as ExecutorLost.
Decision AfterCrash(const TaskSpec& spec, const Ticket& ticket, Timestamp now,
                    const LifecycleLimits& limits);

// A deadline passed while the task waited: `error_type` is
// error_type::kScheduleToStartTimeout or kScheduleToCloseTimeout.
Decision AfterDeadline(const TaskSpec& spec, const Ticket& ticket,
                       std::string_view error_type, Timestamp now);

std::uint64_t JitterSeed(RunId run, TaskKey task, int attempt);

// The delay before the attempt after `failures` failed ones (>= 1), in
// [0, maximum_interval], rounded to the nearest microsecond and free of
// overflow for any count.
Duration RetryDelay(const RetryPolicy& policy, int failures,
                    std::uint64_t seed);

// When, by the store's clock, the task must have ended with all its attempts.
std::optional<Timestamp> CloseDeadline(const TaskSpec& spec,
                                       const Ticket& ticket);

}  // namespace windlass

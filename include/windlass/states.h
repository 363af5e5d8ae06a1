// The states of tasks and runs, and how attempts end.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace windlass {

enum class TaskState : std::uint8_t {
  kPending,    // Waits for its dependencies.
  kScheduled,  // Due later: a delay, or the back-off before a retry.
  kReady,      // May be claimed.
  kRunning,    // Leased to an executor, or parked until something happens.
  kSucceeded,
  kFailed,
  kCancelled,
  kSkipped,
};

enum class RunState : std::uint8_t {
  kRunning,
  kSucceeded,
  kFailed,
  kCancelled,
  kPaused,
};

// How an attempt ended. The first five are outcomes people see; the others are
// steps of a task's life that end a lease without ending an attempt.
enum class AttemptOutcome : std::uint8_t {
  kSucceeded,
  kFailed,
  kTimedOut,
  kCancelled,
  kReleased,  // Given back without counting (drain).
  kSkipped,   // `when` was false.
  kExpanded,  // A map's items are known; its instances follow.
  kParked,    // Waits for another run or another task's cached result.
  kDeferred,  // Ready again after a delay, same attempt.
};

constexpr bool IsFinal(TaskState state) {
  return state >= TaskState::kSucceeded;
}
constexpr bool IsFinal(RunState state) {
  return state == RunState::kSucceeded || state == RunState::kFailed ||
         state == RunState::kCancelled;
}

// Lower-case names as in files, messages and the API.
std::string_view Name(TaskState state);
std::string_view Name(RunState state);
std::string_view Name(AttemptOutcome outcome);
std::optional<TaskState> TaskStateFromName(std::string_view name);
std::optional<RunState> RunStateFromName(std::string_view name);
std::optional<AttemptOutcome> AttemptOutcomeFromName(std::string_view name);

}  // namespace windlass

#include "windlass/states.h"

#include <array>
#include <cstddef>

namespace windlass {
namespace {

// In the order of the enumerators.
constexpr std::array<std::string_view, 8> kTaskStates = {
    "pending",   "scheduled", "ready",     "running",
    "succeeded", "failed",    "cancelled", "skipped",
};
constexpr std::array<std::string_view, 5> kRunStates = {
    "running", "succeeded", "failed", "cancelled", "paused",
};
constexpr std::array<std::string_view, 9> kAttemptOutcomes = {
    "succeeded", "failed",   "timed_out", "cancelled", "released",
    "skipped",   "expanded", "parked",    "deferred",
};

template <typename Enum, std::size_t size>
std::optional<Enum> FromName(const std::array<std::string_view, size>& names,
                             std::string_view name) {
  for (std::size_t i = 0; i < size; ++i) {
    if (names[i] == name) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

}  // namespace

std::string_view Name(TaskState state) {
  return kTaskStates.at(static_cast<std::size_t>(state));
}

std::string_view Name(RunState state) {
  return kRunStates.at(static_cast<std::size_t>(state));
}

std::string_view Name(AttemptOutcome outcome) {
  return kAttemptOutcomes.at(static_cast<std::size_t>(outcome));
}

std::optional<TaskState> TaskStateFromName(std::string_view name) {
  return FromName<TaskState>(kTaskStates, name);
}

std::optional<RunState> RunStateFromName(std::string_view name) {
  return FromName<RunState>(kRunStates, name);
}

std::optional<AttemptOutcome> AttemptOutcomeFromName(std::string_view name) {
  return FromName<AttemptOutcome>(kAttemptOutcomes, name);
}

}  // namespace windlass

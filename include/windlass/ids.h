// Identities. All are opaque to users; their text forms are what the command
// line and the API exchange.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace windlass {

// A run. Assigned by the store, increasing, never reused. Text: "r42".
struct RunId {
  std::int64_t value = 0;
  auto operator<=>(const RunId&) const = default;
};
std::string FormatRunId(RunId id);
absl::StatusOr<RunId> ParseRunId(std::string_view text);

// A task of a run: its place in Workflow::tasks, and for an instance of a
// mapped task its index (-1 is the task itself).
struct TaskKey {
  std::int32_t node = 0;
  std::int32_t index = -1;
  auto operator<=>(const TaskKey&) const = default;
};

// The fence of a lease: grows with every claim of any task in the store and is
// never reused.
struct LeaseToken {
  std::int64_t value = 0;
  auto operator<=>(const LeaseToken&) const = default;
};

// One registration of an executor process. An executor that was declared dead
// comes back with a new one.
struct ExecutorId {
  std::int64_t value = 0;
  auto operator<=>(const ExecutorId&) const = default;
};

}  // namespace windlass

template <>
struct std::hash<windlass::RunId> {
  std::size_t operator()(windlass::RunId id) const noexcept {
    return std::hash<std::int64_t>()(id.value);
  }
};

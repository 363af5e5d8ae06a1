// Tasks that are alike and stand in an order, so that neighbours can share a
// row: one task of consecutive runs, or the instances of a mapped task of one
// run.
#pragma once

#include <compare>
#include <cstdint>

#include "model/lifecycle.h"
#include "windlass/ids.h"

namespace windlass::sql {

// A row stands for this many tasks at the most, so that whoever looks for the
// one that covers a run need not look far. Known to the statements too.
inline constexpr std::int64_t kMostInRow = 500;

struct Series {
  // The run whose instances they are; 0: tasks with the index -1, whose runs
  // tell them apart.
  std::int64_t of_run = 0;
  std::int32_t node = 0;

  auto operator<=>(const Series&) const = default;

  static Series Of(RunId run, TaskKey task) {
    return {task.index < 0 ? 0 : run.value, task.node};
  }
  RunId RunAt(std::int64_t position) const {
    return RunId{of_run == 0 ? position : of_run};
  }
  TaskKey TaskAt(std::int64_t position) const {
    return {node, of_run == 0 ? -1 : static_cast<std::int32_t>(position)};
  }
};

// Where in its series a task stands.
inline std::int64_t PositionOf(RunId run, TaskKey task) {
  return task.index < 0 ? run.value : task.index;
}

}  // namespace windlass::sql

// Rules that concern more than one field. Each reports all it finds.
#pragma once

#include <vector>

#include "model/definition/problems.h"
#include "windlass/load.h"
#include "windlass/workflow.h"

namespace windlass {

// Calls `use` with the path of a task: tasks.<id>, or on_exit.
template <typename Use>
void AtTask(const TaskSpec& task, const Use& use) {
  Path root = Path::Root();
  if (task.id == kOnExitTaskId) return use(root.Member(kOnExitTaskId));
  Path tasks = root.Member("tasks");
  use(tasks.Member(task.id));
}

// Task types, timeouts that contradict each other, reserved names, trigger
// rules without dependencies; what the task type says of its params.
void CheckTasks(const Workflow& workflow, const Json& document,
                const LoadOptions& options, Problems& problems);

// The schedule's cron expression and time zone.
void CheckSchedule(const ScheduleSpec& schedule, Problems& problems);

// The dependencies of all tasks, by index. Only those that exist.
struct DraftGraph {
  std::vector<std::vector<int>> dependencies;
  // Groups of tasks that depend on each other (one task, if there are no
  // cycles), a group after all those it depends on.
  std::vector<std::vector<int>> groups;
  // Tasks that name a dependency that does not exist.
  std::vector<bool> incomplete;
};

// Unknown, self and duplicate dependencies, and cycles: one for each group of
// tasks that depend on each other.
DraftGraph CheckGraph(const std::vector<TaskSpec>& tasks, Problems& problems);

// Templates and conditions: that they parse and name only what there is when
// the task starts.
void CheckExpressions(const Workflow& workflow, const DraftGraph& graph,
                      Problems& problems);

}  // namespace windlass

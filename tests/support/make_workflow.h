// Workflows put together by hand, for tests of what runs them.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "windlass/workflow.h"

namespace windlass::testing {

inline TaskSpec MakeTask(std::string id,
                         std::vector<std::string> depends_on = {},
                         TriggerRule rule = TriggerRule::kAllSuccess) {
  TaskSpec task;
  task.id = std::move(id);
  task.type = "noop";
  task.depends_on = std::move(depends_on);
  task.trigger_rule = rule;
  return task;
}

inline TaskSpec MakeMap(std::string id, std::vector<std::string> depends_on,
                        MapSpec map = {}) {
  TaskSpec task = MakeTask(std::move(id), std::move(depends_on));
  task.map = std::move(map);
  return task;
}

inline Workflow MakeWorkflow(std::vector<TaskSpec> tasks) {
  Workflow workflow;
  workflow.name = "test";
  workflow.tasks = std::move(tasks);
  return workflow;
}

inline void AddOnExit(Workflow& workflow) {
  workflow.on_exit_index = static_cast<int>(workflow.tasks.size());
  workflow.tasks.push_back(MakeTask(std::string(kOnExitTaskId)));
}

}  // namespace windlass::testing

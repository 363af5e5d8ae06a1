#include "model/task_name.h"

#include <cstddef>

#include "absl/strings/str_cat.h"

namespace windlass {

std::string FormatTaskName(std::string_view id, TaskKey task) {
  std::string name(id);
  if (task.index >= 0) absl::StrAppend(&name, "[", task.index, "]");
  return name;
}

std::string FormatTaskName(const Workflow& workflow, TaskKey task) {
  return FormatTaskName(workflow.tasks[static_cast<std::size_t>(task.node)].id,
                        task);
}

}  // namespace windlass

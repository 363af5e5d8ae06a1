#include "model/task_name.h"

#include "absl/strings/str_cat.h"

namespace windlass {

std::string FormatTaskName(std::string_view id, TaskKey task) {
  std::string name(id);
  if (task.index >= 0) absl::StrAppend(&name, "[", task.index, "]");
  return name;
}

}  // namespace windlass

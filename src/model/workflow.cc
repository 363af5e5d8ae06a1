#include "windlass/workflow.h"

namespace windlass {

int Workflow::FindTask(std::string_view id) const {
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    if (tasks[i].id == id) return static_cast<int>(i);
  }
  return -1;
}

}  // namespace windlass

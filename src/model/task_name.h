// What people call a task of a run.
#pragma once

#include <string>
#include <string_view>

#include "windlass/ids.h"
#include "windlass/workflow.h"

namespace windlass {

// "report", or "per_airport[3]" for an instance; `id` is TaskSpec::id.
std::string FormatTaskName(std::string_view id, TaskKey task);
// Of a task that `workflow` has.
std::string FormatTaskName(const Workflow& workflow, TaskKey task);

}  // namespace windlass

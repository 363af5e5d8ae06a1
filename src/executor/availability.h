// Features of workflow files that this version cannot carry out yet.
#pragma once

#include <string>
#include <vector>

#include "windlass/workflow.h"

namespace windlass {

// A line each: "tasks.load.circuit_breaker is not available with this store
// yet". Empty when everything in the workflow can be carried out. A command
// that starts runs refuses others; an executor that meets one nevertheless
// fails the task with error_type::kNotAvailable.
std::vector<std::string> UnavailableFeatures(const Workflow& workflow);

// Of one task, without its name: "circuit_breaker".
std::vector<std::string> UnavailableFields(const TaskSpec& spec);

}  // namespace windlass

// A workflow file while it is being read, and the table of its fields.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "model/definition/object_type.h"
#include "windlass/load.h"
#include "windlass/workflow.h"

namespace windlass {

struct Draft {
  Workflow workflow;
  TaskSpec defaults;                     // What tasks start from.
  bool defaults_limit_interval = false;  // They state a maximum_interval.
};

// The whole file. Its fields are read in the order of the table, so that
// `defaults` are known when `tasks` are read.
const ObjectType<Draft>& WorkflowFileType();

// Fields of a task, of `defaults` and of `on_exit`: the latter two lack those
// that make no sense there.
const ObjectType<TaskSpec>& TaskType();
const ObjectType<TaskSpec>& DefaultsType();
const ObjectType<TaskSpec>& OnExitType();

// Trigger rules with their names, in the order of the enumeration.
const std::vector<std::pair<std::string, TriggerRule>>& TriggerRules();

// `params`: one JSON Schema fragment each.
struct Params {
  bool Read(const Json& value, const Path& path, std::vector<ParamSpec>& out,
            Problems& problems) const;
  Json Schema(Definitions& definitions) const;
};

}  // namespace windlass

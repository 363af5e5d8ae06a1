#pragma once

#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "windlass/json.h"
#include "windlass/workflow.h"

namespace windlass::sql {

// Turns a pinned definition back into a workflow.
using WorkflowParser =
    std::function<absl::StatusOr<std::shared_ptr<const Workflow>>(
        const Json& document)>;

}  // namespace windlass::sql

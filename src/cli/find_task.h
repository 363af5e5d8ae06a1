// Names of tasks and runs as people type them.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "windlass/ids.h"
#include "windlass/store.h"
#include "windlass/workflow.h"

namespace windlass::cli {

// "r42", or "last" for the newest run.
absl::StatusOr<RunId> FindRun(RunQueries& store, std::string_view text);

// "report" or "per_airport[3]"; NotFound names the tasks there are.
absl::StatusOr<TaskKey> FindTask(const Workflow& workflow,
                                 std::string_view name);

// The way back.
std::string TaskName(std::string_view id, TaskKey key);

}  // namespace windlass::cli

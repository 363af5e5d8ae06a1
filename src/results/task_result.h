// Reading what a task of a run left, whatever form it has.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "results/result_io.h"
#include "windlass/ids.h"
#include "windlass/store.h"

namespace windlass {

// `task` is "report" or "per_airport[3]"; of a mapped task the list of its
// instances' values, null where there is none. NotFound names the tasks there
// are; FailedPrecondition says why a task has no result.
absl::StatusOr<Json> ReadTaskResult(RunQueries& store, ResultIo& results,
                                    RunId run, std::string_view task);

// "report" or "per_airport[3]" as a key: the way back from FormatTaskName().
absl::StatusOr<TaskKey> FindTask(const Workflow& workflow,
                                 std::string_view name);

}  // namespace windlass

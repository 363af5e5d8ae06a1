// What a finished sub-run means to the task that started it.
#pragma once

#include "absl/status/statusor.h"
#include "handlers/workflow/workflow.h"
#include "windlass/handler.h"

namespace windlass {

// `run` has ended. Success with its results, or SubRunFailed with its failed
// tasks.
absl::StatusOr<Outcome> OutcomeOfSubRun(const RunRecord& run,
                                        RunQueries& queries, ResultIo& results);

}  // namespace windlass

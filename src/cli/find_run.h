// Names of runs as people type them.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "windlass/ids.h"
#include "windlass/store.h"

namespace windlass::cli {

// "r42", or "last" for the newest run.
absl::StatusOr<RunId> FindRun(RunQueries& store, std::string_view text);

}  // namespace windlass::cli

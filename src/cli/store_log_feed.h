// The logs of tasks out of the store itself.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "client/log_feed.h"
#include "windlass/engine.h"

namespace windlass::cli {

// `engine` must outlive it. Unimplemented for a store that keeps no logs.
absl::StatusOr<std::unique_ptr<LogFeed>> OpenStoreLogFeed(Engine& engine);

}  // namespace windlass::cli

// What a store tells of runs that its own transactions have ended.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>

#include "windlass/lease.h"
#include "windlass/states.h"
#include "windlass/time.h"

namespace windlass {

struct EndedRun {
  std::shared_ptr<const RunInfo> info;
  RunState state = RunState::kSucceeded;
  Timestamp finished_at;
  std::string reason;  // As RunRecord::reason.
};

// Called after the commit, on the thread that asked for it: be quick. Of all
// processes that share a store, that of the one that ended the run is told,
// and none if it dies in between.
using OnRunsEnded = std::function<void(std::span<const EndedRun>)>;

}  // namespace windlass

// Whether an executor is alive and whether it can take on work, with reasons.
#pragma once

#include <string>
#include <vector>

#include "windlass/executor.h"
#include "windlass/json.h"

namespace windlass {

struct HealthReason {
  std::string part;    // "claim loop"
  std::string reason;  // "no progress for 45s; at most 32s are normal"
};

// The loops that make no progress; empty: it is alive. Only a new process helps
// those, so a store that is gone is none of these reasons.
std::vector<HealthReason> WhyNotAlive(const BaseExecutor::Liveness& liveness);

// Empty: it is ready.
std::vector<HealthReason> WhyNotReady(const BaseExecutor::Liveness& liveness,
                                      const BaseExecutor::Readiness& readiness);

JsonArray ToJson(const std::vector<HealthReason>& reasons);

}  // namespace windlass

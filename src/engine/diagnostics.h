// What may keep an executor on this machine from working, found before it
// does: `windlass doctor` and an executor's /diagnostics.
#pragma once

#include <vector>

#include "windlass/diagnosis.h"
#include "windlass/engine.h"

namespace windlass {

// Looks at the store and what it says of itself (SelfDiagnosing), the result
// store, the broker, the folders an executor with these settings would use, the
// clock, the limits of this process and the programs that task types need.
// Leaves nothing behind: probes are deleted again.
std::vector<Finding> Diagnose(Engine& engine, const ExecutorConfig& executor);

}  // namespace windlass

// What may keep an executor on this machine from working, found before it
// does: `windlass doctor`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "windlass/engine.h"

namespace windlass {

struct Finding {
  enum class Level : std::uint8_t { kOk, kWarning, kProblem };
  Level level = Level::kOk;
  std::string check;   // "store", "disk", "open files", ...
  std::string detail;  // What was found.
  std::string advice;  // What to do about it; empty when all is well.
};

std::string_view Name(Finding::Level level);

// Looks at the store, the result store, the places they are in, the limits of
// this process and the programs that task types need. Changes nothing but for
// one small object that it writes to the result store and deletes.
std::vector<Finding> Diagnose(Engine& engine);

}  // namespace windlass

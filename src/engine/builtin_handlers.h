// The task types that ship.
#pragma once

#include "windlass/executor.h"
#include "windlass/load.h"
#include "windlass/store.h"

namespace windlass {

class ProcessGuard;
class ResultIo;

// Types a workflow file may name. Those without a handler in this build are
// known too, so that a file can be checked for a fleet that has them.
std::vector<std::string> ShippedTaskTypes();

// What handlers that ship work with; all borrowed by them.
struct HandlerParts {
  Store* store = nullptr;
  ResultIo* results = nullptr;
  ProcessGuard* guard = nullptr;
};

// Adds every handler of this build.
void AddBuiltinHandlers(HandlerRegistry& registry, const HandlerParts& parts);

// LoadOptions that check task types and their params against `handlers` and
// the shipped types.
LoadOptions CheckedLoadOptions(const HandlerRegistry& handlers);

// CheckedLoadOptions() of the handlers that ship.
LoadOptions CheckedLoadOptions();

}  // namespace windlass

// The task types that ship.
#pragma once

#include "windlass/executor.h"
#include "windlass/load.h"
#include "windlass/store.h"

namespace windlass {

class ResultIo;

// Types a workflow file may name. Those without a handler in this build are
// known too, so that a file can be checked for a fleet that has them.
std::vector<std::string> ShippedTaskTypes();

// Adds every handler of this build. `store` and `results` are borrowed by the
// handlers that need them.
void AddBuiltinHandlers(HandlerRegistry& registry, Store& store,
                        ResultIo& results);

// The same for checking files only: nothing behind the handlers may be
// executed.
const HandlerRegistry& HandlersForChecking();

// LoadOptions that check task types and their params against `handlers` and
// the shipped types.
LoadOptions CheckedLoadOptions(const HandlerRegistry& handlers);

}  // namespace windlass

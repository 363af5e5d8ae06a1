// The task types that ship.
#pragma once

#include <string>
#include <vector>

#include "base/http/address_policy.h"
#include "windlass/executor.h"
#include "windlass/load.h"
#include "windlass/store.h"

namespace windlass {

class Clock;
class EventSink;
class ProcessGuard;
class ResultIo;

// What handlers that ship work with; all borrowed by them.
struct HandlerParts {
  Clock* clock = nullptr;  // Never null.
  Store* store = nullptr;
  ResultIo* results = nullptr;
  ProcessGuard* guard = nullptr;
  // Of sql, validate and python tasks without `resources`; 0: as their handlers
  // have it.
  ResourceSpec task_defaults;
  // What a sql or validate task may spill; 0: as their handlers have it.
  std::int64_t spill_bytes = 0;
  EventSink* events = nullptr;  // May be null.
  // Of http tasks.
  AddressPolicy http_policy = {};
  std::string http_authorities = {};
};

// Adds every handler of this build. Handlers made without a store, results or a
// guard can check params and must not execute.
void AddBuiltinHandlers(HandlerRegistry& registry, const HandlerParts& parts);

// Types a workflow file may name. Those that have no handler in this build are
// among them, so that a file can be checked for executors that have.
std::vector<std::string> ShippedTaskTypes();

// LoadOptions that know the shipped task types and those of `handlers`, and
// check their params. `handlers` is borrowed.
LoadOptions CheckedLoadOptions(const HandlerRegistry& handlers);

// The same for the shipped types alone.
LoadOptions CheckedLoadOptions();

}  // namespace windlass

// What an executor claims.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "executor/lease_queue.h"
#include "windlass/store.h"

namespace windlass {

struct ClaimTemplate {
  // Without executor and limit.
  ClaimRequest any;
  // Its types: those that take a slot, and those that are in flight.
  std::vector<std::string> slot_types;
  std::vector<std::string> flight_types;

  ClaimRequest For(const LeaseWish& wish, ExecutorId executor) const {
    ClaimRequest request = any;
    if (wish.kind == LeaseWish::Kind::kSlots) request.types = slot_types;
    if (wish.kind == LeaseWish::Kind::kInFlight) request.types = flight_types;
    request.executor = executor;
    request.limit = wish.limit;
    return request;
  }

  // Whether finding nothing means that there is nothing.
  bool AsksForAll(const LeaseWish& wish) const {
    return wish.kind == LeaseWish::Kind::kAny || slot_types.empty();
  }

  bool InFlight(const Lease& lease) const {
    return std::find(flight_types.begin(), flight_types.end(),
                     lease.spec().type) != flight_types.end();
  }
};

}  // namespace windlass

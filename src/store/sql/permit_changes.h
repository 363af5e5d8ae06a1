// What a transaction does to permits, until SettlePermits() carries it out.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/lifecycle.h"
#include "windlass/ids.h"
#include "windlass/lease.h"

namespace windlass::sql {

struct PermitChanges {
  struct Task {
    RunId run;
    TaskKey task;
    bool operator==(const Task&) const = default;
  };
  struct Wait {
    Task task;
    Ticket ticket;
    Timestamp since;
    PermitKeys keys;
    // Instead of keys: the limiters, which must be among those below.
    std::int64_t concurrency = 0;
    std::int64_t rate = 0;
  };

  // Tasks that need no permit any more, if they have one.
  std::vector<Task> freed;
  // Of those: whose rate lets nobody go before.
  struct Hold {
    Task task;
    Timestamp until;
  };
  std::vector<Hold> holds;
  // Tasks that are to wait for one.
  std::vector<Wait> waits;
  // Limiters that may let someone go, for another reason.
  std::set<std::int64_t> limiters;

  // When the next waiter of what was settled may be let go.
  std::optional<Timestamp> next_due;

  bool empty() const {
    return freed.empty() && waits.empty() && limiters.empty();
  }
};

}  // namespace windlass::sql

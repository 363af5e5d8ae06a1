// What a transaction does to permits, until SettlePermits() carries it out.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "model/adaptive_limit.h"
#include "model/circuit.h"
#include "model/lifecycle.h"
#include "windlass/ids.h"
#include "windlass/lease.h"

namespace windlass::sql {

// The limiters that a task needs together; 0 stands for none.
struct Line {
  std::int64_t concurrency = 0;
  std::int64_t rate = 0;
  std::int64_t circuit = 0;
  bool operator==(const Line&) const = default;
};

struct PermitChanges {
  struct Task {
    RunId run;
    TaskKey task;
    bool operator==(const Task&) const = default;
  };
  struct Wait {
    Task task;
    std::int32_t count = 1;  // Instances, of which `task` is the last.
    Ticket ticket;
    Timestamp since;
    PermitKeys keys;
    // Instead of keys: the limiters, which must be among those below.
    Line line;
  };

  // Tasks that need no permit any more, if they have one.
  std::vector<Task> freed;
  // What the ends of some of those say of the service they called, in order.
  struct Note {
    Task task;
    Testimony testimony = Testimony::kNothing;
    LoadSign load = LoadSign::kNothing;
    Duration latency{0};
    // Nobody is to be let go before.
    std::optional<Timestamp> hold_until;
  };
  std::vector<Note> notes;
  // Tasks that are to wait for one.
  std::vector<Wait> waits;
  // Of these nodes the instances that nobody has claimed do so too.
  std::set<std::pair<RunId, std::int32_t>> whole;
  // Limiters that may let someone go, for another reason.
  std::set<std::int64_t> limiters;
  // Of those: circuits that somebody closes.
  std::set<std::int64_t> resets;

  // When the next waiter of what was settled may be let go.
  std::optional<Timestamp> next_due;

  bool empty() const {
    return freed.empty() && waits.empty() && limiters.empty();
  }
};

}  // namespace windlass::sql

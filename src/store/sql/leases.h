// Running attempts as a write transaction sees them. The lease of a task may
// only be changed while its run is locked.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "model/lifecycle.h"
#include "store/sql/connection.h"
#include "windlass/ids.h"
#include "windlass/lease.h"

namespace windlass::sql {

struct LeaseRow {
  LeaseToken token;
  ExecutorId executor;
  Ticket ticket;
  Timestamp claimed_at;
  bool stopping = false;
};

// Belongs to one transaction at a time.
class Leases {
 public:
  // Reads the leases of all these tasks at once, so that Find() need not ask
  // for each: announces it before the Read() that locks their runs, and fetches
  // them after it.
  void Announce(Connection& connection, std::span<const AttemptEnd> ends);
  void Fetch(Connection& connection);

  std::optional<LeaseRow> Find(Connection& connection, RunId run, TaskKey task);
  void Insert(Connection& connection, RunId run, TaskKey task,
              const LeaseRow& lease);
  void Remove(Connection& connection, RunId run, TaskKey task);
  // The run was cancelled; the attempt is only waited for.
  void MarkStopping(Connection& connection, RunId run, TaskKey task);

  void Forget() { fetched_.clear(); }

 private:
  struct Key {
    RunId run;
    TaskKey task;
    bool operator==(const Key&) const = default;
    template <typename H>
    friend H AbslHashValue(H state, const Key& key) {
      return H::combine(std::move(state), key.run.value, key.task.node,
                        key.task.index);
    }
  };

  // Tasks that Announce() named.
  std::vector<std::int64_t> runs_;
  std::vector<std::int64_t> nodes_;
  std::vector<std::int64_t> indexes_;
  // Null: there is none.
  absl::flat_hash_map<Key, std::optional<LeaseRow>> fetched_;
};

}  // namespace windlass::sql

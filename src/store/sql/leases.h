// Running attempts as a write transaction sees them. The lease of a task may
// only be changed while its run is locked.
//
// Attempts of one task in consecutive runs that were claimed together share a
// row of `lease_range` for as long as nothing tells them apart: a batch of
// thousands of small runs then costs a few rows instead of two changes each.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "model/lifecycle.h"
#include "store/sql/connection.h"
#include "store/sql/writers.h"
#include "windlass/ids.h"
#include "windlass/lease.h"

namespace windlass::sql {

// Rows that stand for consecutive runs stand for this many at the most, so that
// whoever looks for the one that covers a run need not look far. Known to the
// statements too.
inline constexpr std::int64_t kMostRunsInRow = 500;

struct LeaseRow {
  LeaseToken token;
  ExecutorId executor;
  Ticket ticket;
  Timestamp claimed_at;
  bool stopping = false;
};

// A lease of any kind, as one attempt.
struct HeldLease {
  RunId run;
  TaskKey task;
  LeaseToken token;
};

// All that an executor holds.
std::vector<HeldLease> ReadLeasesOf(Connection& connection,
                                    ExecutorId executor);

// Belongs to one transaction at a time.
class Leases {
 public:
  explicit Leases(Writers writers) : writers_(writers) {}

  // Reads the leases of all these tasks at once, so that Find() need not ask
  // for each: announces it before the Read() that locks their runs, and fetches
  // them after it.
  void Announce(Connection& connection, std::span<const AttemptEnd> ends);
  void Fetch(Connection& connection);

  std::optional<LeaseRow> Find(Connection& connection, RunId run, TaskKey task);
  // `definition`: that of the run; none for a lease that gets a row of its own.
  // Written by Save().
  void Insert(RunId run, TaskKey task, std::optional<std::int64_t> definition,
              const LeaseRow& lease);
  void Remove(Connection& connection, RunId run, TaskKey task);
  // The run was cancelled; the attempt is only waited for.
  void MarkStopping(Connection& connection, RunId run, TaskKey task);
  // Gives the attempt of a node, if it has one, a row of its own, for
  // statements that read those.
  void Separate(Connection& connection, RunId run, std::int32_t node);

  // Before the transaction is committed.
  void Save(Connection& connection);
  // Whatever is kept belongs to a transaction that is over.
  void Forget();

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
  // A row of lease_range: the runs [first, last].
  struct Range {
    std::int64_t first = 0;
    std::int64_t last = 0;
    LeaseRow last_lease;        // Tokens are as consecutive as runs.
    std::vector<bool> removed;  // By run; empty while none is.

    bool Covers(RunId run) const;
    bool Has(RunId run) const;
    void Remove(RunId run);
    LeaseRow Of(RunId run) const;
  };
  struct New {
    Key key;
    std::optional<std::int64_t> definition;
    LeaseRow lease;
    bool Follows(const New& before) const;
  };
  // By node and last run.
  using Ranges = std::map<std::pair<std::int32_t, std::int64_t>, Range>;

  static Range ReadRange(const Rows& rows);
  // Consecutive runs of tasks that were announced.
  struct Segments {
    std::vector<std::int64_t> nodes;
    std::vector<std::int64_t> firsts;
    std::vector<std::int64_t> lasts;
  };

  struct TaskList {
    std::vector<std::int64_t> runs;
    std::vector<std::int64_t> nodes;
    std::vector<std::int64_t> indexes;
  };

  static TaskList TasksOf(std::span<const Key> keys);
  // Those of singles_.
  void FetchSingles(Connection& connection);
  // Known to have a row of `lease`.
  bool HasOwnRow(RunId run, TaskKey task) const;
  Range* KnownRange(RunId run, std::int32_t node);
  Range* FindRange(Connection& connection, RunId run, TaskKey task);
  void SaveNew(Connection& connection);
  void SaveRange(Connection& connection, std::int32_t node, const Range& range);
  static void InsertRange(Connection& connection, std::int32_t node,
                          const Range& range);
  static void InsertSingle(Connection& connection, const Key& key,
                           const LeaseRow& lease);

  const Writers writers_;
  std::vector<Key> announced_;
  Segments segments_;
  // To be looked for among leases with rows of their own.
  TaskList singles_;
  // Of tasks without a range. Null: there is none.
  absl::flat_hash_map<Key, std::optional<LeaseRow>> fetched_;
  Ranges ranges_;
  std::vector<New> new_;
};

}  // namespace windlass::sql

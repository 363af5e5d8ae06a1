// Running attempts as a write transaction sees them. The lease of a task may
// only be changed while its run is locked.
//
// Attempts of a series (series.h) that were claimed together share a row of
// `lease_range` for as long as nothing tells them apart: a batch of thousands
// of small runs, or of a map's instances, then costs a few rows instead of two
// changes each.
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
#include "store/sql/series.h"
#include "store/sql/writers.h"
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
  // Gives the attempts of a node of a locked run rows of their own, for
  // statements that read those.
  void Separate(Connection& connection, RunId run, std::int32_t node);
  // How many attempts of a mapped node's instances, of a locked run, are not
  // being stopped.
  std::int32_t CountRunning(Connection& connection, RunId run,
                            std::int32_t node);

  // Before the transaction is committed.
  void Save(Connection& connection);
  // Whatever is kept belongs to a transaction that is over.
  void Forget();

 private:
  struct Key {
    RunId run;
    TaskKey task;
    bool operator==(const Key&) const = default;
    // Those that may share a row are neighbours.
    std::pair<Series, std::int64_t> Order() const {
      return {Series::Of(run, task), PositionOf(run, task)};
    }
    template <typename H>
    friend H AbslHashValue(H state, const Key& key) {
      return H::combine(std::move(state), key.run.value, key.task.node,
                        key.task.index);
    }
  };
  // A row of lease_range: the positions [first, last].
  struct Range {
    Series series;
    std::int64_t first = 0;
    std::int64_t last = 0;
    LeaseRow last_lease;        // Tokens are as consecutive as positions.
    std::vector<bool> removed;  // By position; empty while none is.

    std::int64_t count() const { return last - first + 1; }
    bool Covers(std::int64_t position) const;
    bool Has(std::int64_t position) const;
    void Remove(std::int64_t position);
    LeaseRow Of(std::int64_t position) const;
  };
  struct New {
    Key key;
    std::optional<std::int64_t> definition;
    LeaseRow lease;
    bool Follows(const New& before) const;
  };
  // By series and last position.
  using Ranges = std::map<std::pair<Series, std::int64_t>, Range>;

  static Range ReadRange(const Rows& rows);
  // Consecutive tasks among those that were announced.
  struct Segments {
    std::vector<std::int64_t> of_runs;
    std::vector<std::int64_t> nodes;
    std::vector<std::int64_t> firsts;
    std::vector<std::int64_t> lasts;
    void Add(const Key& key);
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
  Range* KnownRange(RunId run, TaskKey task);
  Range* FindRange(Connection& connection, RunId run, TaskKey task);
  // Unless it is known already.
  Range& Keep(Range&& range);
  // What is known then of a locked run's instances.
  std::vector<Range*> Instances(Connection& connection, RunId run,
                                std::int32_t node);
  void SeparateOne(Connection& connection, RunId run, TaskKey task);
  void SeparateAll(Connection& connection, Range& range);
  void SaveNew(Connection& connection);
  static void SaveRange(Connection& connection, const Range& range);
  static void InsertRange(Connection& connection, const Range& range);
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

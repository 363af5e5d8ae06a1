// Taking leases on claimable tasks.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "base/mutex.h"
#include "store/sql/ready_scan.h"
#include "store/sql/transaction.h"
#include "windlass/store.h"

namespace windlass::sql {

// Whether the executor is registered. Until the transaction ends, nobody can
// declare it dead.
bool GuardExecutor(Transaction& tx, ExecutorId executor);

// What an executor's latest claim found.
struct LatestClaim {
  std::vector<std::int64_t> lanes;  // Those that it looked at.
  std::size_t tasks = 0;
  ReadyMarks marks;
};

// Thread-safe.
class LatestClaims {
 public:
  LatestClaim Of(ExecutorId executor) const;
  void Note(ExecutorId executor, LatestClaim claim);

 private:
  mutable Mutex mutex_;
  absl::flat_hash_map<std::int64_t, LatestClaim> by_executor_
      ABSL_GUARDED_BY(mutex_);
};

// A claim that is under way in a transaction.
class Claim {
 public:
  // A far database is told what the claim will ask. After one that took little,
  // what is claimable is asked for at once, on the chance that the lanes are
  // still the same.
  static void Announce(Transaction& tx, const ClaimRequest& request,
                       const LatestClaim& latest);

  // `request` and `leases`, to which leases are added, are borrowed. The
  // executor must be alive; `latest` is its latest claim.
  Claim(Transaction& tx, const ClaimRequest& request, const LatestClaim& latest,
        std::vector<Lease>& leases);

  // Of what this transaction has released.
  void TakeFresh();
  // Of what waits.
  void TakeReady();
  // When everything has been taken: what was taken is leased.
  void Grant();

  // After Grant().
  LatestClaim Summary() const { return {lanes_, leases_.size(), marks_}; }
  // False when TakeReady() may have passed over tasks; then `next_due` becomes
  // the time from which on a claim would not, if that is earlier.
  bool LookedEverywhere(std::optional<Timestamp>& next_due);

 private:
  bool Accepts(std::string_view queue, std::string_view type,
               bool queue_paused) const;
  bool Accepts(const LiveRun& run, std::int32_t node) const;
  std::int32_t Room() const;

  void FromLanes();
  bool AskedAlready(std::int32_t rows) const;
  std::int32_t TakeFrom(std::int32_t rows);
  void FromFamily();
  std::vector<ReadyRow> ReadyOfFamily();
  // As much of the row as there is room for. False when some of it was left.
  bool Take(const ReadyRow& row);
  void LeaseFront(const ReadyRow& row, std::int32_t count);
  const LiveRun* RunOf(const ReadyRow& row, RunId run);
  void AddLease(const LiveRun& run, TaskKey task, const Ticket& ticket,
                Timestamp ready_at);
  bool AllowsLastChance(const Ticket& ticket);

  Transaction& tx_;
  const ClaimRequest& request_;
  std::vector<Lease>& leases_;
  struct Taken {
    std::size_t lease;                       // In `leases_`.
    std::optional<std::int64_t> definition;  // As Leases::Insert() takes it.
    Ticket ticket;
  };
  std::vector<Taken> taken_;
  std::vector<std::int64_t> lanes_;  // Those that the request accepts.
  ReadyMarks marks_;
  bool used_marks_ = false;
  // Whether the executor holds a task that its next crash would fail for good;
  // unknown until it matters.
  std::optional<bool> last_chance_taken_;
};

}  // namespace windlass::sql

// Leases of claims that were committed, or not: the database's answer was lost.
// Nobody knows of such a lease, and its executor lives, so that nobody takes it
// away either; its task would be stuck. The executor's next claim settles it:
// what it turns out to hold it is given then.
//
// Thread-safe.
#pragma once

#include <chrono>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "base/mutex.h"
#include "store/sql/transaction.h"
#include "windlass/lease.h"

namespace windlass::sql {

class Doubts {
 public:
  // One claim's view of them. At most one at a time has a doubtful lease, so
  // that it is not given out twice.
  class Claim {
   public:
    // Takes the doubts about this executor.
    Claim(Doubts& doubts, ExecutorId executor);
    Claim(const Claim&) = delete;
    Claim& operator=(const Claim&) = delete;

    // Appends those that the executor holds. In the claim's transaction, each
    // time it runs.
    void AppendHeld(Transaction& tx, std::vector<Lease>& leases);

    // How the transaction ended, and what it had claimed. What is still
    // doubtful goes back.
    void End(const absl::Status& status, const std::vector<Lease>& leases);

   private:
    friend class Doubts;
    using Steady = std::chrono::steady_clock::time_point;
    struct Doubt {
      Lease lease;
      Steady until;
    };

    Doubts& doubts_;
    const ExecutorId executor_;
    std::vector<Doubt> doubtful_;
  };

 private:
  using List = std::vector<Claim::Doubt>;

  List Take(ExecutorId executor);
  void Add(ExecutorId executor, List doubtful);

  Mutex mutex_;
  absl::flat_hash_map<std::int64_t, List> by_executor_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace windlass::sql

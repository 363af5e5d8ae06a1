#include "store/sql/doubts.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "sql_query.h"

namespace windlass::sql {
namespace {

// A commit that is still under way, in a server or on the wire to it, has
// happened by then, or it never will: sessions are given up sooner.
constexpr std::chrono::seconds kDoubtful{60};

bool Contains(const std::vector<Lease>& leases, LeaseToken token) {
  return std::any_of(leases.begin(), leases.end(),
                     [&](const Lease& lease) { return lease.token == token; });
}

}  // namespace

Doubts::Claim::Claim(Doubts& doubts, ExecutorId executor)
    : doubts_(doubts), executor_(executor), doubtful_(doubts.Take(executor)) {}

void Doubts::Claim::AppendHeld(Transaction& tx, std::vector<Lease>& leases) {
  if (doubtful_.empty()) return;
  absl::flat_hash_set<std::int64_t> held;
  for (const HeldLease& lease : ReadLeasesOf(tx.db, executor_)) {
    held.insert(lease.token.value);
  }
  for (const Doubt& doubt : doubtful_) {
    if (held.contains(doubt.lease.token.value)) leases.push_back(doubt.lease);
  }
}

void Doubts::Claim::End(const absl::Status& status,
                        const std::vector<Lease>& leases) {
  // The executor is dead, and so are its leases.
  if (absl::IsNotFound(status)) return;
  std::erase_if(doubtful_, [&](const Doubt& doubt) {
    return Contains(leases, doubt.lease.token);
  });
  if (!status.ok()) {
    const auto until = std::chrono::steady_clock::now() + kDoubtful;
    for (const Lease& lease : leases) doubtful_.push_back({lease, until});
  }
  doubts_.Add(executor_, std::exchange(doubtful_, {}));
}

Doubts::List Doubts::Take(ExecutorId executor) {
  const MutexLock lock(mutex_);
  const auto found = by_executor_.find(executor.value);
  if (found == by_executor_.end()) return {};
  List list = std::move(found->second);
  by_executor_.erase(found);
  return list;
}

void Doubts::Add(ExecutorId executor, List doubtful) {
  if (doubtful.empty()) return;
  const auto now = std::chrono::steady_clock::now();
  const auto over = [&](const Claim::Doubt& doubt) {
    return doubt.until < now;
  };
  const MutexLock lock(mutex_);
  List& list = by_executor_[executor.value];
  std::move(doubtful.begin(), doubtful.end(), std::back_inserter(list));
  absl::erase_if(by_executor_, [&](auto& entry) {
    std::erase_if(entry.second, over);
    return entry.second.empty();
  });
}

}  // namespace windlass::sql

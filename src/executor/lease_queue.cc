#include "executor/lease_queue.h"

#include <algorithm>
#include <utility>

namespace windlass {
namespace {

bool Reserves(const ResourceSpec& demand) {
  return demand.memory_bytes > 0 || demand.cpu > 0;
}

}  // namespace

int LeaseQueue::Wanted(int look_ahead) const {
  MutexLock lock(mutex_);
  if (closed_) return 0;
  int wanted = slots_ - busy() + look_ahead - static_cast<int>(leases_.size());
  return std::max(wanted, 0);
}

bool LeaseQueue::UnrecordedLocked() const {
  return outstanding_ > static_cast<std::int64_t>(leases_.size()) + busy();
}

bool LeaseQueue::WaitForRoom(const std::stop_token& stop) {
  MutexLock lock(mutex_);
  ++watchers_;
  bool room = changed_.wait(mutex_, stop, [this] {
    mutex_.AssertHeld();
    return slots_ > busy() + static_cast<int>(leases_.size()) &&
           !UnrecordedLocked();
  });
  --watchers_;
  return room;
}

bool LeaseQueue::Push(std::vector<Lease>& leases, Epoch epoch, Duration now,
                      const std::vector<ResourceSpec>& demands) {
  if (leases.empty()) return true;
  int wake = 0;
  {
    MutexLock lock(mutex_);
    if (epoch != this->epoch()) {
      leases.clear();
      return true;
    }
    outstanding_ += static_cast<std::int64_t>(leases.size());
    empty_claim_ = 0;
    if (closed_) return false;
    for (std::size_t i = 0; i < leases.size(); ++i) {
      leases_.push_back(
          {.lease = std::move(leases[i]),
           .epoch = epoch,
           .received_at = now,
           .demand = demands.empty() ? ResourceSpec{} : demands[i]});
    }
    wake = std::min(static_cast<int>(leases.size()), idle_slots_);
  }
  leases.clear();
  for (; wake > 0; --wake) pushed_.notify_one();
  return true;
}

void LeaseQueue::Refused(std::size_t count, Epoch epoch) {
  MutexLock lock(mutex_);
  if (epoch == this->epoch()) outstanding_ += static_cast<std::int64_t>(count);
}

std::int64_t LeaseQueue::ClaimBegins() {
  MutexLock lock(mutex_);
  return ++claims_begun_;
}

void LeaseQueue::ClaimFoundNothing(std::int64_t claim) {
  MutexLock lock(mutex_);
  empty_claim_ = std::max(empty_claim_, claim);
  if (watchers_ > 0) changed_.notify_all();
}

bool LeaseQueue::Take(EpochLease& lease) {
  MutexLock lock(mutex_);
  auto next = NextLocked();
  if (next == leases_.end() && !closed_) {
    ++idle_slots_;
    pushed_.wait(mutex_, [this, &next] {
      mutex_.AssertHeld();
      next = NextLocked();
      return closed_ || next != leases_.end();
    });
    --idle_slots_;
  }
  if (closed_) return false;
  TakeLocked(next, lease);
  return true;
}

std::deque<EpochLease>::iterator LeaseQueue::NextLocked() {
  bool may_overtake = true;
  for (auto it = leases_.begin(); it != leases_.end(); ++it) {
    const bool allowed = may_overtake || !Reserves(it->demand);
    if (allowed && budget_.Fits(it->demand)) return it;
    if (it->overtaken >= kMaximumOvertaken) may_overtake = false;
  }
  return leases_.end();
}

void LeaseQueue::TakeLocked(std::deque<EpochLease>::iterator next,
                            EpochLease& lease) {
  if (Reserves(next->demand)) {
    for (auto it = leases_.begin(); it != next; ++it) ++it->overtaken;
  }
  lease = std::move(*next);
  leases_.erase(next);
  budget_.Reserve(lease.demand);
  busy_.fetch_add(1, std::memory_order_relaxed);
}

void LeaseQueue::Ended(const ResourceSpec& demand) {
  if (!Reserves(demand)) {
    busy_.fetch_sub(1, std::memory_order_relaxed);
    return;
  }
  {
    MutexLock lock(mutex_);
    busy_.fetch_sub(1, std::memory_order_relaxed);
    budget_.Release(demand);
  }
  // Several small ones may fit where a large one was.
  pushed_.notify_all();
}

std::optional<Lease> LeaseQueue::Remove(LeaseToken token) {
  MutexLock lock(mutex_);
  auto found = std::find_if(
      leases_.begin(), leases_.end(),
      [token](const EpochLease& item) { return item.lease.token == token; });
  if (found == leases_.end()) return std::nullopt;
  Lease lease = std::move(found->lease);
  leases_.erase(found);
  // Others may have waited behind it.
  if (budget_.limited()) pushed_.notify_all();
  return lease;
}

std::vector<Lease> LeaseQueue::TakeSurplus(std::size_t keep) {
  MutexLock lock(mutex_);
  std::vector<Lease> surplus;
  while (leases_.size() > keep) {
    surplus.push_back(std::move(leases_.back().lease));
    leases_.pop_back();
  }
  return surplus;
}

std::vector<Lease> LeaseQueue::Close() {
  std::vector<Lease> left;
  {
    MutexLock lock(mutex_);
    closed_ = true;
    for (EpochLease& item : leases_) left.push_back(std::move(item.lease));
    leases_.clear();
  }
  pushed_.notify_all();
  changed_.notify_all();
  return left;
}

void LeaseQueue::Recorded(std::size_t count, Epoch epoch) {
  MutexLock lock(mutex_);
  if (epoch == this->epoch()) outstanding_ -= static_cast<std::int64_t>(count);
  if (watchers_ > 0) changed_.notify_all();
}

void LeaseQueue::BeginEpoch(Epoch epoch) {
  MutexLock lock(mutex_);
  epoch_.store(epoch, std::memory_order_release);
  leases_.clear();
  outstanding_ = 0;
  empty_claim_ = 0;
  changed_.notify_all();
}

std::size_t LeaseQueue::waiting() const {
  MutexLock lock(mutex_);
  return leases_.size();
}

ResourceSpec LeaseQueue::reserved() const {
  MutexLock lock(mutex_);
  return budget_.reserved();
}

std::int64_t LeaseQueue::outstanding() const {
  MutexLock lock(mutex_);
  return outstanding_;
}

std::int64_t LeaseQueue::claims_begun() const {
  MutexLock lock(mutex_);
  return claims_begun_;
}

void LeaseQueue::WaitUntilIdle(std::int64_t claim) {
  MutexLock lock(mutex_);
  ++watchers_;
  changed_.wait(mutex_, [this, claim] {
    mutex_.AssertHeld();
    return closed_ || (outstanding_ == 0 && empty_claim_ > claim);
  });
  --watchers_;
}

bool LeaseQueue::WaitUntilRecorded(const std::stop_token& stop) {
  MutexLock lock(mutex_);
  ++watchers_;
  bool recorded = changed_.wait(mutex_, stop, [this] {
    mutex_.AssertHeld();
    return outstanding_ == 0 && busy() == 0;
  });
  --watchers_;
  return recorded;
}

}  // namespace windlass

#include "executor/lease_queue.h"

#include <algorithm>
#include <utility>

namespace windlass {
namespace {

bool Reserves(const ResourceSpec& demand) {
  return demand.memory_bytes > 0 || demand.cpu > 0;
}

}  // namespace

LeaseWish LeaseQueue::Wanted(int look_ahead) {
  MutexLock lock(mutex_);
  if (closed_) return {};
  const int slots =
      slots_ == 0 ? 0 : std::max(SlotRoomLocked() + look_ahead, 0);
  if (in_flight_ == 0) return {.kind = LeaseWish::Kind::kAny, .limit = slots};
  const int flights = std::max(FlightRoomLocked(), 0);
  // What comes of a wish for any may all be of one kind.
  if (flights == 0) return {.kind = LeaseWish::Kind::kSlots, .limit = slots};
  if (slots == 0 || (flights > slots && std::exchange(flights_came_, false))) {
    return {.kind = LeaseWish::Kind::kInFlight, .limit = flights};
  }
  return {.kind = LeaseWish::Kind::kAny, .limit = std::min(slots, flights)};
}

bool LeaseQueue::HasRoomForAny() const {
  MutexLock lock(mutex_);
  return SlotRoomLocked() > 0 && FlightRoomLocked() > 0;
}

int LeaseQueue::SlotRoomLocked() const {
  const int waiting = static_cast<int>(leases_.size()) - waiting_flights_;
  return slots_ - (busy() - flights_) - waiting;
}

int LeaseQueue::FlightRoomLocked() const {
  return in_flight_ - flights_ - waiting_flights_;
}

bool LeaseQueue::UnrecordedLocked() const {
  return outstanding_ > static_cast<std::int64_t>(leases_.size()) + busy();
}

bool LeaseQueue::WaitForRoom(const std::stop_token& stop) {
  MutexLock lock(mutex_);
  ++watchers_;
  bool room = changed_.wait(mutex_, stop, [this] {
    mutex_.AssertHeld();
    return (SlotRoomLocked() > 0 || FlightRoomLocked() > 0) &&
           !UnrecordedLocked();
  });
  --watchers_;
  return room;
}

bool LeaseQueue::Push(std::vector<Lease>& leases, Epoch epoch, Duration now,
                      const std::vector<Occupancy>& occupancies) {
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
           .occupancy = occupancies.empty() ? Occupancy{} : occupancies[i]});
      if (!leases_.back().occupancy.in_flight) continue;
      ++waiting_flights_;
      flights_came_ = true;
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

bool LeaseQueue::Take(EpochLease& lease, std::function<void()>& work) {
  MutexLock lock(mutex_);
  auto next = leases_.end();
  auto is_ready = [this, &next] {
    mutex_.AssertHeld();
    if (!resumed_.empty()) return true;
    next = NextLocked();
    return next != leases_.end() || (closed_ && suspended_ == 0);
  };
  if (!is_ready()) {
    ++idle_slots_;
    pushed_.wait(mutex_, is_ready);
    --idle_slots_;
  }
  if (!resumed_.empty()) {
    work = std::move(resumed_.front());
    resumed_.pop_front();
    return true;
  }
  work = nullptr;
  if (next == leases_.end()) return false;
  TakeLocked(next, lease);
  return true;
}

void LeaseQueue::Suspend() {
  MutexLock lock(mutex_);
  ++suspended_;
}

void LeaseQueue::Resume(std::function<void()> work) {
  {
    MutexLock lock(mutex_);
    --suspended_;
    resumed_.push_back(std::move(work));
    if (idle_slots_ == 0) return;
    if (!closed_) {
      pushed_.notify_one();
      return;
    }
  }
  pushed_.notify_all();  // They may have waited for this one alone.
}

void LeaseQueue::Abandon() {
  {
    MutexLock lock(mutex_);
    --suspended_;
  }
  pushed_.notify_all();  // They may have waited for this one alone.
}

bool LeaseQueue::HasPlaceLocked(const EpochLease& item) const {
  if (in_flight_ == 0) return true;  // There is no thread without one.
  return item.occupancy.in_flight ? flights_ < in_flight_
                                  : busy() - flights_ < slots_;
}

void LeaseQueue::EraseLocked(std::deque<EpochLease>::iterator item) {
  if (item->occupancy.in_flight) --waiting_flights_;
  leases_.erase(item);
}

std::deque<EpochLease>::iterator LeaseQueue::NextLocked() {
  bool may_overtake = true;
  for (auto it = leases_.begin(); it != leases_.end(); ++it) {
    if (!HasPlaceLocked(*it)) continue;
    const ResourceSpec& demand = it->occupancy.demand;
    const bool allowed = may_overtake || !Reserves(demand);
    if (allowed && budget_.Fits(demand)) return it;
    if (it->overtaken >= kMaximumOvertaken) may_overtake = false;
  }
  return leases_.end();
}

void LeaseQueue::TakeLocked(std::deque<EpochLease>::iterator next,
                            EpochLease& lease) {
  if (Reserves(next->occupancy.demand)) {
    for (auto it = leases_.begin(); it != next; ++it) ++it->overtaken;
  }
  lease = std::move(*next);
  EraseLocked(next);
  budget_.Reserve(lease.occupancy.demand);
  busy_.fetch_add(1, std::memory_order_relaxed);
  if (lease.occupancy.in_flight) ++flights_;
}

void LeaseQueue::Ended(const Occupancy& occupancy) {
  if (in_flight_ == 0 && !Reserves(occupancy.demand)) {
    busy_.fetch_sub(1, std::memory_order_relaxed);
    return;
  }
  {
    MutexLock lock(mutex_);
    busy_.fetch_sub(1, std::memory_order_relaxed);
    if (occupancy.in_flight) --flights_;
    budget_.Release(occupancy.demand);
    if (leases_.empty() || idle_slots_ == 0) return;
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
  EraseLocked(found);
  // Others may have waited behind it.
  if (budget_.limited()) pushed_.notify_all();
  return lease;
}

std::vector<Lease> LeaseQueue::TakeSurplus(std::size_t keep) {
  MutexLock lock(mutex_);
  const int kept = static_cast<int>(keep);
  int slots = -SlotRoomLocked() - kept;
  int flights = -FlightRoomLocked() - kept;
  std::vector<Lease> surplus;
  for (std::size_t i = leases_.size();
       i-- > 0 && std::max(slots, flights) > 0;) {
    int& too_many = leases_[i].occupancy.in_flight ? flights : slots;
    if (too_many <= 0) continue;
    --too_many;
    surplus.push_back(std::move(leases_[i].lease));
    EraseLocked(leases_.begin() + static_cast<std::ptrdiff_t>(i));
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
    waiting_flights_ = 0;
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
  waiting_flights_ = 0;
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

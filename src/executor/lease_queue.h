// The leases an executor holds: those that wait for a slot, and how many are
// executed or not yet recorded.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <stop_token>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"
#include "executor/resource_budget.h"
#include "windlass/lease.h"

namespace windlass {

// Counts the executor's registrations. What belongs to an earlier one is
// worthless: its leases are someone else's.
using Epoch = std::int64_t;

// What a lease takes up while it is executed.
struct Occupancy {
  ResourceSpec demand;
  bool in_flight = false;  // One of those, and not a slot.
};

struct EpochLease {
  Lease lease;
  Epoch epoch = 0;
  Duration received_at{0};  // On the executor's steady clock.
  Occupancy occupancy;
  int overtaken = 0;  // By later ones that fitted, while this one did not.
};

// What to claim now.
struct LeaseWish {
  // Of what takes a slot, of what is in flight, or of both.
  enum class Kind : std::uint8_t { kAny, kSlots, kInFlight };
  Kind kind = Kind::kAny;
  int limit = 0;
};

// A lease is outstanding from Push() until Recorded(). Thread-safe. The rule
// that claims never run ahead of what can be recorded lives here: WaitForRoom()
// holds the claim loop back while ended attempts wait to be recorded, because
// recording them claims as well.
//
// So does the rule of admission: a lease whose demand does not fit beside what
// is executed waits here, without a slot thread, and later ones that fit go
// first, but only so often: then what is behind it waits until it fits. What
// reserves nothing delays nobody, so it need not wait.
// Leases that wait count against free slots, so those who do not fit keep more
// from being claimed.
//
// Attempts in flight take no slot and, while their handler waits, no thread:
// Suspend() and Resume(). What goes on comes before what begins.
class LeaseQueue {
 public:
  // How often a lease may be overtaken.
  static constexpr int kMaximumOvertaken = 16;

  // What is executed at a time is within `slots`, `in_flight` and `capacity`.
  explicit LeaseQueue(int slots, const ResourceSpec& capacity = {},
                      int in_flight = 0)
      : slots_(slots), in_flight_(in_flight), budget_(capacity) {}
  LeaseQueue(const LeaseQueue&) = delete;
  LeaseQueue& operator=(const LeaseQueue&) = delete;

  // --- claiming

  // What to ask for now, with `look_ahead` beyond the free slots. Where slots
  // are few and there is room for many in flight, every other wish is for
  // those alone, as long as there are any.
  LeaseWish Wanted(int look_ahead);

  // There is room in a slot and in flight.
  bool HasRoomForAny() const;

  // Blocks until a lease can be used and none waits to be recorded; false after
  // `stop`.
  bool WaitForRoom(const std::stop_token& stop);

  // Takes the leases in, at `now` on the steady clock. False: the queue is
  // closed; the leases are untouched and outstanding, the caller gives them
  // back. Leases of an earlier epoch are dropped.
  // `occupancies`, one for each lease or none at all, can be fitted.
  bool Push(std::vector<Lease>& leases, Epoch epoch, Duration now,
            const std::vector<Occupancy>& occupancies = {});

  // Leases that are given back without having been pushed; they become
  // outstanding.
  void Refused(std::size_t count, Epoch epoch);

  // A claim that begins, and what it found. Claims are numbered from 1.
  std::int64_t ClaimBegins();
  void ClaimFoundNothing(std::int64_t claim);

  // --- executing

  // Blocks for `work` that goes on, or else for a lease that fits, and reserves
  // for it: `work` is empty then. False once the queue is closed and nothing is
  // suspended.
  bool Take(EpochLease& lease, std::function<void()>& work);
  // An attempt is over (its end is about to be recorded).
  void Ended(const Occupancy& occupancy = {});
  int busy() const { return busy_.load(std::memory_order_relaxed); }

  // An attempt goes on without a thread, until Resume() with what is left to do
  // of it, or Abandon().
  void Suspend();
  void Resume(std::function<void()> work);
  void Abandon();

  // --- giving back

  // Removes the lease if it waits; it stays outstanding.
  std::optional<Lease> Remove(LeaseToken token);
  // Removes, newest first, the waiting leases that there is no room for and
  // that are more than `keep`; they stay outstanding.
  std::vector<Lease> TakeSurplus(std::size_t keep);
  // No lease is handed to a slot any more; returns those that waited.
  std::vector<Lease> Close();

  // --- recording

  // Leases of an earlier epoch are not counted any more. Call it for those too,
  // or who waits for Ended() may not notice.
  void Recorded(std::size_t count, Epoch epoch);
  // Forgets everything of earlier epochs. Their attempts still call Ended().
  void BeginEpoch(Epoch epoch);
  Epoch epoch() const { return epoch_.load(std::memory_order_acquire); }

  // --- observing

  std::size_t waiting() const;
  ResourceSpec reserved() const;
  std::int64_t outstanding() const;
  // The number of the latest claim.
  std::int64_t claims_begun() const;
  // Blocks until nothing is outstanding and a claim later than `claim` found
  // nothing, or until the queue is closed.
  void WaitUntilIdle(std::int64_t claim);
  // Blocks until nothing is outstanding or executed; false after `stop`.
  bool WaitUntilRecorded(const std::stop_token& stop);

 private:
  bool UnrecordedLocked() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Less than 0 with leases that wait for room.
  int SlotRoomLocked() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  int FlightRoomLocked() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool HasPlaceLocked(const EpochLease& item) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void EraseLocked(std::deque<EpochLease>::iterator item)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The lease to be executed next; end() while none fits.
  std::deque<EpochLease>::iterator NextLocked()
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void TakeLocked(std::deque<EpochLease>::iterator next, EpochLease& lease)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const int slots_;
  const int in_flight_;
  std::atomic<int> busy_ = 0;
  std::atomic<Epoch> epoch_ = 0;  // Written under mutex_.

  mutable Mutex mutex_;
  std::condition_variable_any pushed_;   // For slots.
  std::condition_variable_any changed_;  // For everyone else.
  std::deque<EpochLease> leases_ ABSL_GUARDED_BY(mutex_);
  // Those of leases_ that are to be in flight, and those of busy_ that are.
  int waiting_flights_ ABSL_GUARDED_BY(mutex_) = 0;
  int flights_ ABSL_GUARDED_BY(mutex_) = 0;
  // Some came since the last wish for those alone.
  bool flights_came_ ABSL_GUARDED_BY(mutex_) = false;
  std::deque<std::function<void()>> resumed_ ABSL_GUARDED_BY(mutex_);
  int suspended_ ABSL_GUARDED_BY(mutex_) = 0;
  ResourceBudget budget_ ABSL_GUARDED_BY(mutex_);
  int idle_slots_ ABSL_GUARDED_BY(mutex_) = 0;
  int watchers_ ABSL_GUARDED_BY(mutex_) = 0;  // Who waits for changed_.
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  std::int64_t outstanding_ ABSL_GUARDED_BY(mutex_) = 0;
  std::int64_t claims_begun_ ABSL_GUARDED_BY(mutex_) = 0;
  // The latest claim that found nothing, while nothing came since.
  std::int64_t empty_claim_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace windlass

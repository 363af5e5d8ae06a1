// Records how attempts ended, in batches, and takes the next leases in the same
// breath.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "base/backoff.h"
#include "base/mutex.h"
#include "base/service.h"
#include "executor/claim_template.h"
#include "executor/lease_queue.h"
#include "executor/registration.h"
#include "executor/store_errors.h"
#include "executor/throughput.h"
#include "executor/turn_timer.h"
#include "windlass/executor.h"

namespace windlass {

// Batches form by themselves: an end that comes alone is recorded at once, and
// what ends while a batch is under way is the next batch. Only when much less
// gathered than the last time, although more is being executed, does a batch
// wait for more, at most maximum_finish_delay.
//
// What waits here is bounded by the leases of the executor, because those are
// claimed here or while nothing waits here (LeaseQueue::WaitForRoom()).
//
// An end is recorded, or refused by the store, or void because its epoch is
// over; errors of the store are retried until one of these. Thread-safe.
class Finisher : public ThreadService {
 public:
  struct Parts {
    TaskStore* store = nullptr;
    Clock* clock = nullptr;
    EventSink* events = nullptr;
    LeaseQueue* queue = nullptr;
    Registration* registration = nullptr;
    Throughput* throughput = nullptr;
    const ExecutorConfig* config = nullptr;
    // What to claim, without executor and limit.
    ClaimTemplate claim;
    // Takes in what was handed off; returns what the executor does not admit.
    std::function<std::vector<Lease>(std::vector<Lease>, Epoch)> accept;
    // Leases were handed off, so the source is not idle.
    std::function<void()> on_handoff;
  };
  explicit Finisher(Parts parts);
  ~Finisher() override { Stop(); }

  // Never blocks for the store.
  void Add(AttemptEnd end, Epoch epoch);
  // Gives back leases whose attempts never started.
  void Release(const std::vector<Lease>& leases, Epoch epoch);

  // Only records from now on.
  void StopClaiming() { claiming_.store(false); }

  Duration Age(Duration now) const { return turn_.Age(now); }

 protected:
  // Records everything that was added before it returns.
  void Run(std::stop_token stop) override;

 private:
  struct Ended {
    AttemptEnd end;
    Epoch epoch = 0;
  };

  bool Gather(const std::stop_token& stop);
  void Record(std::stop_token stop);
  // False when the epoch of the batch is over.
  bool Send(Registration::Membership membership, std::stop_token stop);
  void SendOneByOne(Registration::Membership membership, std::stop_token stop);
  void Delivered(Registration::Membership membership, std::int64_t claim,
                 const LeaseWish& wish, FinishReply reply, Duration began);
  LeaseWish Wish() const;

  const Parts parts_;
  std::atomic<bool> claiming_ = true;
  TurnTimer turn_;

  Mutex mutex_;
  std::condition_variable_any added_;
  std::vector<Ended> ended_ ABSL_GUARDED_BY(mutex_);
  bool waiting_ ABSL_GUARDED_BY(mutex_) = false;
  std::size_t enough_ ABSL_GUARDED_BY(mutex_) = 1;  // That wakes the thread.

  // Of the thread.
  std::vector<Ended> batch_;
  std::vector<AttemptEnd> ends_;
  std::size_t last_size_ = 0;
  StoreErrors errors_;
  Backoff backoff_;
};

}  // namespace windlass

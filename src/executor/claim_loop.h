// Keeps the slots supplied with leases from the source.
#pragma once

#include <atomic>
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

// Under load the finisher claims with every batch it records, and this loop
// rests; it claims when slots are free and nothing is being recorded.
class ClaimLoop : public ThreadService {
 public:
  struct Parts {
    TaskSource* source = nullptr;
    Clock* clock = nullptr;
    EventSink* events = nullptr;
    LeaseQueue* queue = nullptr;
    Registration* registration = nullptr;
    Throughput* throughput = nullptr;
    const ExecutorConfig* config = nullptr;
    ClaimTemplate claim;
    // Takes in what was claimed; returns what the executor does not admit.
    std::function<std::vector<Lease>(std::vector<Lease>, Epoch)> accept;
    std::function<void(const std::vector<Lease>&, Epoch)> release;
  };
  explicit ClaimLoop(Parts parts);
  ~ClaimLoop() override { Stop(); }

  // Leases came by another way: the source's next idle wait is short.
  void NoteActivity() {
    activity_.store(true, std::memory_order_relaxed);
    failing_.store(false, std::memory_order_relaxed);
  }

  // Claims now, whatever the source waits for.
  void ClaimNow();

  Duration Age(Duration now) const { return turn_.Age(now); }
  // The store could not be asked the last time.
  bool failing() const { return failing_.load(std::memory_order_relaxed); }

 protected:
  void Run(std::stop_token stop) override;

 private:
  void Turn(Registration::Membership membership, const std::stop_token& stop);
  absl::StatusOr<ClaimReply> Ask(const ClaimRequest& request,
                                 const std::stop_token& stop);

  const Parts parts_;
  std::atomic<bool> activity_ = false;
  std::atomic<bool> failing_ = false;
  TurnTimer turn_;

  Mutex mutex_;
  // Interrupts the source; a new one for each call.
  std::stop_source call_ ABSL_GUARDED_BY(mutex_){std::nostopstate};
  bool now_ ABSL_GUARDED_BY(mutex_) = false;

  StoreErrors errors_;
  Backoff backoff_;  // After errors.
  Backoff refused_;  // After leases of which none was admitted.
};

}  // namespace windlass

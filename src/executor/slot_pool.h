// The threads that execute attempts.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "base/mutex.h"
#include "base/service.h"
#include "executor/attempt.h"
#include "executor/attempt_pipeline.h"
#include "executor/compiled_task.h"
#include "executor/lease_queue.h"
#include "executor/start_timer.h"

namespace windlass {

// Threads that take leases from the queue until that is closed. A thread whose
// handler does not come back is replaced by a new one; the old one ends as soon
// as its handler returns, touching nothing but its attempt. An attempt in
// flight has a thread until its handler has begun and once that has ended it.
// Thread-safe.
class SlotPool : public Service {
 public:
  struct Parts {
    AttemptParts attempt;
    LeaseQueue* queue = nullptr;
    const AttemptPipeline* pipeline = nullptr;
    CompiledWorkflows* workflows = nullptr;
    // An attempt with time limits has begun.
    std::function<void(Duration due)> on_watched;
    // An attempt has ended by itself.
    std::function<void(const Attempt&, AttemptEnd)> on_end;
  };
  SlotPool(int threads, Parts parts);
  ~SlotPool() override;

  void Start() override;
  // Joins all slots but the stuck ones; the queue must be closed, the attempts
  // over or abandoned.
  void Stop() override;

  // The attempts that are executed now.
  std::vector<std::shared_ptr<Attempt>> Attempts() const;

  // Asks every attempt to stop, those that begin later too.
  void StopAll(StopReason reason);

  // The attempt has been abandoned: another thread takes over its slot.
  void Replace(const std::shared_ptr<Attempt>& abandoned);

  // After Stop(): waits up to `patience` of real time for stuck handlers and
  // joins their threads. Says how many still do not return; they are cut off
  // from the executor's parts, and the pool must live until WhenReturned().
  int JoinStuck(Duration patience);

  // Calls `done`, which may destroy the pool, when the last handler that
  // JoinStuck() left has returned, on its thread; never, if it never does.
  void WhenReturned(std::function<void()> done);

 private:
  struct Slot;
  class Flight;
  struct Ticket;

  std::unique_ptr<Slot> NewSlot();
  void Run(Slot& slot);
  // A handler that JoinStuck() left has returned, or is accounted for.
  void OneFewer();
  // False when another thread has taken over meanwhile.
  bool Execute(Slot& slot, EpochLease lease);
  bool Launch(Slot& slot, const std::shared_ptr<Flight>& flight);
  void Begin(const std::shared_ptr<Ticket>& ticket) const;
  void Land(Flight& flight, const std::function<Outcome()>& outcome);
  void Conclude(Attempt& attempt, AttemptEnd end);
  std::shared_ptr<const CompiledWorkflow> WorkflowOf(Slot& slot,
                                                     const Lease& lease);

  const int threads_;
  const Parts parts_;
  StartTimer starts_;
  std::atomic<StopReason> stop_all_ = StopReason::kNone;
  // Handlers that JoinStuck() left, and one for WhenReturned().
  std::atomic<int> left_ = 1;
  std::function<void()> when_returned_;

  mutable Mutex mutex_;
  bool started_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::unique_ptr<Slot>> running_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Slot>> stuck_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<const Attempt*, std::shared_ptr<Flight>> flights_
      ABSL_GUARDED_BY(mutex_);
  std::vector<std::weak_ptr<Flight>> lost_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace windlass

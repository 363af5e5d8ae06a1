// The executor's registration with the store: renewed in time, or given up in
// time.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "base/mutex.h"
#include "base/service.h"
#include "executor/alarm.h"
#include "executor/lease_queue.h"
#include "windlass/events.h"
#include "windlass/store.h"

namespace windlass {

class Clock;

// Leases live as long as the registration that claimed them. The thread of this
// service renews it every third of lease_ttl. When it could not, the leases
// must be considered lost before another executor can get them (I11): whoever
// watches FenceAt() calls Fence() then, on a thread that never waits for the
// store. After a fence the service registers anew, as a new executor.
class Registration : public ThreadService {
 public:
  struct Parts {
    ExecutorRegistry* registry = nullptr;
    Clock* clock = nullptr;
    EventSink* events = nullptr;
    std::function<int()> busy_slots;
    std::function<void(const HeartbeatReply&)> on_reply;
    // Everything of earlier epochs is void. Called on whatever thread fences.
    std::function<void(Epoch next, std::string_view reason)> on_fence;
    // FenceAt() has changed.
    std::function<void()> on_renewed;
  };
  Registration(ExecutorInfo info, Parts parts);
  ~Registration() override { Stop(); }

  // The first registration. Before Start().
  absl::Status Register();

  struct Membership {
    ExecutorId id;
    Epoch epoch = 0;
  };
  // Nothing between a fence and the next registration.
  std::optional<Membership> current() const;

  // When, on the steady clock, the leases must be given up; max() while there
  // are none.
  Duration FenceAt() const;
  // Gives up the registration of `epoch`; no effect when that is over already.
  void Fence(Epoch epoch, std::string_view reason);
  // Fences when FenceAt() has passed.
  void FenceIfOverdue(Duration now);

  // No registration after the next fence: the executor is about to end.
  void StopReregistering();

  // Since the thread last finished a try to renew, whatever came of it.
  Duration Age(Duration now) const;
  // The last try succeeded.
  bool renewed() const;

 protected:
  void Run(std::stop_token stop) override;

 private:
  void NoteTry(const absl::Status& status);
  // Each returns how long to wait before the next.
  Duration Renew(Membership membership);
  Duration RegisterAgain();

  const ExecutorInfo info_;
  const Parts parts_;
  Alarm alarm_;

  mutable Mutex mutex_;
  std::optional<ExecutorId> id_ ABSL_GUARDED_BY(mutex_);
  Epoch epoch_ ABSL_GUARDED_BY(mutex_) = 0;
  bool reregister_ ABSL_GUARDED_BY(mutex_) = true;
  // When the last renewal that succeeded was sent.
  Duration renewed_at_ ABSL_GUARDED_BY(mutex_){0};
  Duration tried_at_ ABSL_GUARDED_BY(mutex_);  // The last try ended.
  bool renewed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace windlass

// Watches the clock for all attempts of an executor.
#pragma once

#include <atomic>
#include <functional>

#include "base/service.h"
#include "executor/alarm.h"
#include "executor/attempt.h"
#include "executor/registration.h"
#include "executor/slot_pool.h"

namespace windlass {

// Stops attempts whose time is over, abandons those that ignored it for their
// grace period, and fences the executor when its registration was not renewed
// in time. Its one thread never waits for the store.
class AttemptMonitor : public ThreadService {
 public:
  struct Parts {
    Clock* clock = nullptr;
    SlotPool* pool = nullptr;
    Registration* registration = nullptr;
    // The attempt is over although its handler is not.
    std::function<void(const Attempt&, AttemptEnd)> on_abandoned;
  };
  explicit AttemptMonitor(Parts parts);
  ~AttemptMonitor() override { Stop(); }

  // Something is due at `due`, on the steady clock.
  void Watch(Duration due);
  // Look again: an attempt was asked to stop, or the registration renewed.
  void LookAgain() { alarm_.Ring(); }

 protected:
  void Run(std::stop_token stop) override;

 private:
  // Returns when to look again.
  Duration Look();
  Duration LookAt(const std::shared_ptr<Attempt>& attempt, Duration now);

  const Parts parts_;
  Alarm alarm_;
  // Until when the thread sleeps; max() while it looks, so that what begins
  // then rings.
  std::atomic<Duration::rep> sleeps_until_ = Duration::max().count();
};

}  // namespace windlass

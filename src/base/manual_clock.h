// A clock for tests: time passes only when the test says so.
#pragma once

#include <condition_variable>
#include <set>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"
#include "windlass/clock.h"

namespace windlass {

// Thread-safe. Now() and Steady() move together with Advance(); only Now() is
// moved by SetNow(), as when an operator corrects the wall clock.
class ManualClock : public Clock {
 public:
  explicit ManualClock(Timestamp now = Timestamp(std::chrono::hours(24 *
                                                                    20000)))
      : now_(now) {}

  Timestamp Now() const override;
  Duration Steady() const override;
  bool SleepFor(Duration duration, std::stop_token stop) override;

  // Lets `duration` pass and wakes every sleeper whose time has come.
  void Advance(Duration duration);
  void SetNow(Timestamp now);

  // Blocks until at least `n` threads sleep whose time has not come. Returns
  // false when `patience` of real time passed first: the test should fail then.
  [[nodiscard]] bool WaitForSleepers(
      std::size_t n, Duration patience = std::chrono::seconds(10));

  // How long until the first sleeper wakes; Duration::max() without one.
  Duration UntilNextWake() const;

 private:
  std::size_t SleepersLocked() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable Mutex mutex_;
  std::condition_variable_any changed_;
  Timestamp now_ ABSL_GUARDED_BY(mutex_);
  Duration steady_ ABSL_GUARDED_BY(mutex_) = Duration::zero();
  std::multiset<Duration> wake_times_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace windlass

#include "base/manual_clock.h"

#include <iterator>

namespace windlass {

Timestamp ManualClock::Now() const {
  MutexLock lock(mutex_);
  return now_;
}

Duration ManualClock::Steady() const {
  MutexLock lock(mutex_);
  return steady_;
}

bool ManualClock::SleepFor(Duration duration, std::stop_token stop) {
  MutexLock lock(mutex_);
  if (stop.stop_requested()) return false;
  if (duration <= Duration::zero()) return true;
  Duration wake = duration > Duration::max() - steady_ ? Duration::max()
                                                       : steady_ + duration;
  auto entry = wake_times_.insert(wake);
  changed_.notify_all();
  bool woken = changed_.wait(mutex_, stop, [this, wake] {
    mutex_.AssertHeld();
    return steady_ >= wake;
  });
  wake_times_.erase(entry);
  return woken && !stop.stop_requested();
}

void ManualClock::Advance(Duration duration) {
  MutexLock lock(mutex_);
  now_ += duration;
  steady_ += duration;
  changed_.notify_all();
}

void ManualClock::SetNow(Timestamp now) {
  MutexLock lock(mutex_);
  now_ = now;
}

bool ManualClock::WaitForSleepers(std::size_t n, Duration patience) {
  MutexLock lock(mutex_);
  return changed_.wait_for(mutex_, patience, [this, n] {
    mutex_.AssertHeld();
    return SleepersLocked() >= n;
  });
}

Duration ManualClock::UntilNextWake() const {
  MutexLock lock(mutex_);
  auto next = wake_times_.upper_bound(steady_);
  return next == wake_times_.end() ? Duration::max() : *next - steady_;
}

// Threads that were woken but have not run yet do not count.
std::size_t ManualClock::SleepersLocked() const {
  return static_cast<std::size_t>(
      std::distance(wake_times_.upper_bound(steady_), wake_times_.end()));
}

}  // namespace windlass

#include "windlass/clock.h"

#include <algorithm>
#include <condition_variable>

#include "base/mutex.h"

namespace windlass {
namespace {

// Steady clocks count nanoseconds: a sleep beyond this would overflow them.
constexpr Duration kLongestSleep = std::chrono::hours(24 * 365);

class SystemClock : public Clock {
 public:
  Timestamp Now() const override {
    return std::chrono::floor<Duration>(std::chrono::system_clock::now());
  }

  Duration Steady() const override {
    return std::chrono::floor<Duration>(
        std::chrono::steady_clock::now().time_since_epoch());
  }

  bool SleepFor(Duration duration, std::stop_token stop) override {
    if (stop.stop_requested()) return false;
    if (duration <= Duration::zero()) return true;
    Mutex mutex;
    std::condition_variable_any never;
    MutexLock lock(mutex);
    never.wait_for(mutex, stop, std::min(duration, kLongestSleep),
                   [] { return false; });
    return !stop.stop_requested();
  }
};

}  // namespace

std::unique_ptr<Clock> MakeSystemClock() {
  return std::make_unique<SystemClock>();
}

}  // namespace windlass

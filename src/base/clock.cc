#include "windlass/clock.h"

#include <time.h>

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

  // Counts while the machine is suspended, unlike steady_clock: leases run out
  // meanwhile, and whoever holds them must see that.
  Duration Steady() const override {
    timespec now{};
    clock_gettime(CLOCK_BOOTTIME, &now);
    return std::chrono::floor<Duration>(std::chrono::seconds(now.tv_sec) +
                                        std::chrono::nanoseconds(now.tv_nsec));
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

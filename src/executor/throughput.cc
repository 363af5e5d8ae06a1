#include "executor/throughput.h"

#include <algorithm>

namespace windlass {
namespace {

constexpr Duration kWindow = std::chrono::milliseconds(10);
constexpr double kLookAheadSeconds = 0.020;

double Seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

void Throughput::Add(std::int64_t count, Duration now) {
  MutexLock lock(mutex_);
  window_count_ += count;
  Duration elapsed = now - window_start_;
  if (elapsed < kWindow) return;
  double measured = static_cast<double>(window_count_) / Seconds(elapsed);
  // A long window says more about now than what was before it.
  rate_ = elapsed > 10 * kWindow ? measured : (rate_ + measured) / 2;
  window_start_ = now;
  window_count_ = 0;
}

double Throughput::PerSecondLocked(Duration now) const {
  Duration elapsed = now - window_start_;
  if (elapsed < kWindow) return rate_;
  return std::min(rate_,
                  static_cast<double>(window_count_ + 1) / Seconds(elapsed));
}

double Throughput::PerSecond(Duration now) const {
  MutexLock lock(mutex_);
  return PerSecondLocked(now);
}

int Throughput::LookAhead(Duration now, int maximum) const {
  MutexLock lock(mutex_);
  double wanted = PerSecondLocked(now) * kLookAheadSeconds;
  return static_cast<int>(
      std::clamp(wanted, 0.0, static_cast<double>(std::max(maximum, 0))));
}

}  // namespace windlass

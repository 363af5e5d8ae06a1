// Whether a loop makes progress: how long its current turn has taken.
#pragma once

#include <atomic>
#include <cstdint>

#include "windlass/time.h"

namespace windlass {

// One thread begins and ends turns, any thread reads. Waiting for work is not
// a turn, so that an idle loop is alive. Times are a Clock's Steady().
class TurnTimer {
 public:
  void Begin(Duration now) { began_.store(now.count()); }
  void End() { began_.store(kIdle); }

  Duration Age(Duration now) const {
    std::int64_t began = began_.load();
    return began == kIdle ? Duration::zero() : now - Duration(began);
  }

 private:
  static constexpr std::int64_t kIdle = -1;
  std::atomic<std::int64_t> began_ = kIdle;
};

}  // namespace windlass

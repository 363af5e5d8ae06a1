#include "executor/alarm.h"

namespace windlass {

void Alarm::Wait(Duration duration, const std::stop_token& stop) {
  std::stop_source sleep;
  {
    MutexLock lock(mutex_);
    if (rung_) {
      rung_ = false;
      return;
    }
    sleep_ = sleep;
  }
  {
    std::stop_callback link(stop, [&sleep] { sleep.request_stop(); });
    clock_.SleepFor(duration, sleep.get_token());
  }
  MutexLock lock(mutex_);
  rung_ = false;
  sleep_ = std::stop_source(std::nostopstate);
}

void Alarm::Ring() {
  std::stop_source sleep(std::nostopstate);
  {
    MutexLock lock(mutex_);
    rung_ = true;
    sleep = sleep_;
  }
  sleep.request_stop();  // Outside the lock: it runs callbacks.
}

}  // namespace windlass

// A sleep on a Clock that others may cut short.
#pragma once

#include <stop_token>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"
#include "windlass/clock.h"

namespace windlass {

// One thread waits, any thread rings.
class Alarm {
 public:
  // `clock` is borrowed.
  explicit Alarm(Clock& clock) : clock_(clock) {}
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;

  // Blocks until Ring(), a stop request, or until `duration` is over. A ring
  // since the last Wait() returns at once.
  void Wait(Duration duration, const std::stop_token& stop);

  void Ring();

 private:
  Clock& clock_;
  Mutex mutex_;
  bool rung_ ABSL_GUARDED_BY(mutex_) = false;
  // Interrupts the sleep in progress, if there is one.
  std::stop_source sleep_ ABSL_GUARDED_BY(mutex_){std::nostopstate};
};

}  // namespace windlass

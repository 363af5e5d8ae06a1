// Passes on to who waits for commands that there may be one.
#pragma once

#include <map>
#include <memory>
#include <stop_token>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"
#include "windlass/store.h"

namespace windlass::rabbitmq {

// Must outlive its signals. Thread-safe.
class Nudges {
 public:
  void Nudge();

  // Signalled by `signal`, which it takes over, and by nudges. As reliable as
  // `signal`: a nudge may be lost.
  std::unique_ptr<WakeSignal> AddTo(std::unique_ptr<WakeSignal> signal);

 private:
  class Signal;
  struct Waiter {
    bool nudged = false;
    std::stop_source wait;  // Of the wait under way.
  };

  Mutex mutex_;
  std::map<const Signal*, Waiter> waiters_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace windlass::rabbitmq

// Attempts in flight that a limit lets begin a little later.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"
#include "base/service.h"
#include "executor/alarm.h"
#include "windlass/clock.h"

namespace windlass {

// Calls functions when their time has come, one after another, on a thread that
// starts with the first. Those whose time has not come when it is stopped are
// destroyed without a call. Thread-safe.
class StartTimer : public ThreadService {
 public:
  // `clock` is borrowed.
  explicit StartTimer(Clock& clock);
  ~StartTimer() override;

  // At `time` on the steady clock, or as soon as `stop` is requested.
  void CallAt(Duration time, const std::stop_token& stop,
              std::function<void()> begin);

 private:
  using StopCallback = std::stop_callback<std::function<void()>>;
  struct Call {
    Duration time{0};
    std::stop_token stop;
    std::function<void()> begin;
    StopCallback on_stop;
  };

  void Run(std::stop_token stop) override;
  // One that is due, or null and how long there is none.
  std::unique_ptr<Call> TakeDue(Duration& wait);

  Clock& clock_;
  Alarm alarm_;
  Mutex mutex_;
  std::vector<std::unique_ptr<Call>> calls_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace windlass

#include "executor/start_timer.h"

#include <algorithm>
#include <utility>

namespace windlass {

StartTimer::StartTimer(Clock& clock)
    : ThreadService("wl-start"), clock_(clock), alarm_(clock) {}

StartTimer::~StartTimer() { Stop(); }

void StartTimer::CallAt(Duration time, const std::stop_token& stop,
                        std::function<void()> begin) {
  std::unique_ptr<Call> call(
      new Call{.time = time,
               .stop = stop,
               .begin = std::move(begin),
               .on_stop = StopCallback(stop, [this] { alarm_.Ring(); })});
  {
    MutexLock lock(mutex_);
    calls_.push_back(std::move(call));
  }
  Start();
  alarm_.Ring();
}

std::unique_ptr<StartTimer::Call> StartTimer::TakeDue(Duration& wait) {
  const Duration now = clock_.Steady();
  MutexLock lock(mutex_);
  wait = Duration::max();
  const auto due =
      std::find_if(calls_.begin(), calls_.end(), [&](const auto& call) {
        wait = std::min(wait, call->time - now);
        return call->time <= now || call->stop.stop_requested();
      });
  if (due == calls_.end()) return nullptr;
  std::unique_ptr<Call> call = std::move(*due);
  *due = std::move(calls_.back());
  calls_.pop_back();
  return call;
}

void StartTimer::Run(std::stop_token stop) {
  while (!stop.stop_requested()) {
    Duration wait{0};
    if (const std::unique_ptr<Call> call = TakeDue(wait)) {
      call->begin();
    } else {
      alarm_.Wait(wait, stop);
    }
  }
}

}  // namespace windlass

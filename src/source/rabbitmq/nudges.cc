#include "source/rabbitmq/nudges.h"

#include <utility>
#include <vector>

namespace windlass::rabbitmq {

// A nudge interrupts the wait for the other signal as a stop would.
class Nudges::Signal : public WakeSignal {
 public:
  Signal(Nudges& nudges, std::unique_ptr<WakeSignal> real)
      : nudges_(nudges), real_(std::move(real)) {
    const MutexLock lock(nudges_.mutex_);
    nudges_.waiters_[this];
  }
  ~Signal() override {
    const MutexLock lock(nudges_.mutex_);
    nudges_.waiters_.erase(this);
  }

  bool Wait(Duration timeout, std::stop_token stop) override {
    std::stop_source wait = Begin();
    const std::stop_callback link(stop, [&wait] { wait.request_stop(); });
    const bool signalled = real_->Wait(timeout, wait.get_token());
    const bool nudged = TakeNudge();
    return (nudged || signalled) && !stop.stop_requested();
  }
  bool reliable() const override { return real_->reliable(); }

 private:
  std::stop_source Begin() {
    const MutexLock lock(nudges_.mutex_);
    Waiter& waiter = nudges_.waiters_[this];
    waiter.wait = std::stop_source();
    if (waiter.nudged) waiter.wait.request_stop();
    return waiter.wait;
  }
  bool TakeNudge() {
    const MutexLock lock(nudges_.mutex_);
    return std::exchange(nudges_.waiters_[this].nudged, false);
  }

  Nudges& nudges_;
  const std::unique_ptr<WakeSignal> real_;
};

void Nudges::Nudge() {
  std::vector<std::stop_source> waits;
  {
    const MutexLock lock(mutex_);
    for (auto& [signal, waiter] : waiters_) {
      waiter.nudged = true;
      waits.push_back(waiter.wait);
    }
  }
  for (std::stop_source& wait : waits) wait.request_stop();
}

std::unique_ptr<WakeSignal> Nudges::AddTo(std::unique_ptr<WakeSignal> signal) {
  return std::make_unique<Signal>(*this, std::move(signal));
}

}  // namespace windlass::rabbitmq

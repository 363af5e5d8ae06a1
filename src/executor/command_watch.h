// Learns soon of cancels and drains, and gives back leases that wait too long.
#pragma once

#include <functional>
#include <memory>

#include "base/service.h"
#include "executor/registration.h"
#include "executor/store_errors.h"
#include "windlass/store.h"

namespace windlass {

class Clock;

// Asks the store every command_interval, and when the store signals; where its
// signals can be relied on, otherwise seldom.
class CommandWatch : public ThreadService {
 public:
  struct Parts {
    Store* store = nullptr;
    Clock* clock = nullptr;
    EventSink* events = nullptr;
    Registration* registration = nullptr;
    Duration interval{0};
    // Whether there is anything that a command could concern at once.
    std::function<bool()> busy;
    std::function<void(const HeartbeatReply&)> on_reply;
    // Every interval or sooner.
    std::function<void()> on_turn;
  };
  explicit CommandWatch(Parts parts);
  ~CommandWatch() override { Stop(); }

 protected:
  void Run(std::stop_token stop) override;

 private:
  void Ask();

  const Parts parts_;
  StoreErrors errors_;
  Duration asked_at_{0};
};

}  // namespace windlass

// Whoever started this process and wants to know how it is: systemd, or another
// that speaks the protocol of sd_notify(3).
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "base/log.h"
#include "base/service.h"
#include "windlass/time.h"

namespace windlass {

class Clock;

// Thread-safe. Without a supervisor, telling does nothing.
class Supervisor {
 public:
  // The one that NOTIFY_SOCKET names. It and the variables of the watchdog are
  // taken out of the environment, since child processes must not speak in our
  // name; so call it while there are no other threads.
  static Supervisor FromEnvironment();

  // "READY=1", "STOPPING=1"; see sd_notify(3). Never blocks.
  absl::Status Tell(std::string_view state) const;
  // What it does not hear it will find out by itself: a warning.
  void Tell(std::string_view state, const Logger& log) const;

  // How often to say "WATCHDOG=1": half of what the supervisor waits for. None:
  // it does not wait for it.
  std::optional<Duration> watchdog_period() const { return watchdog_period_; }

 private:
  std::string socket_;  // Empty: there is none.
  std::optional<Duration> watchdog_period_;
};

// Says "WATCHDOG=1" for as long as `is_alive` says so, and leaves it to the
// supervisor to act when it does not. Does nothing where nobody waits for it.
// Borrows supervisor and clock.
class Watchdog : public ThreadService {
 public:
  Watchdog(const Supervisor& supervisor, Clock& clock, Logger log,
           std::function<bool(std::stop_token)> is_alive)
      : ThreadService("watchdog"),
        supervisor_(supervisor),
        clock_(clock),
        log_(std::move(log)),
        is_alive_(std::move(is_alive)) {}
  ~Watchdog() override { Stop(); }

 private:
  void Run(std::stop_token stop) override;

  const Supervisor& supervisor_;
  Clock& clock_;
  Logger log_;
  const std::function<bool(std::stop_token)> is_alive_;
};

}  // namespace windlass

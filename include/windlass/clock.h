// Time, as something that is handed in. Nothing else in Windlass tells the time
// or sleeps, so a test can own both. All implementations are thread-safe.
#pragma once

#include <memory>
#include <stop_token>

#include "windlass/time.h"

namespace windlass {

class Clock {
 public:
  virtual ~Clock() = default;

  // The wall clock: for people and for records. May jump in either direction.
  virtual Timestamp Now() const = 0;

  // Time since some fixed moment before this process began; never goes back,
  // and goes on while the machine is suspended. For deadlines and for
  // measuring.
  virtual Duration Steady() const = 0;

  // Blocks for `duration`; returns false, at once, when `stop` is requested
  // first. A duration of zero or less does not block.
  virtual bool SleepFor(Duration duration, std::stop_token stop) = 0;
};

// The machine's own clocks.
std::unique_ptr<Clock> MakeSystemClock();

}  // namespace windlass

// The rules of limits that a fleet shares: in what order tasks wait for one,
// and when a rate lets the next task start. Pure; stores carry them out.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "windlass/time.h"

namespace windlass {

// A task that has waited this long comes before newer ones of one priority
// more.
inline constexpr Duration kAgeingStep = std::chrono::minutes(1);

// Waiting tasks take their turn by this, earliest first. As all grow older at
// the same pace, it never changes.
Timestamp TurnOf(int priority, Timestamp waiting_since);

// The starts of a rate, numbered from 1. Start n may not be before start
// n - limit plus the period, whichever starts they are: so no window of the
// length of a period, wherever it begins, holds more than `limit`.
//
// Starts to come can be reserved: whoever has a reservation is not kept waiting
// by those that come later.
class RateWindow {
 public:
  // Those since the one before it, up to number `last`, were `at`.
  struct Starts {
    std::int64_t last = 0;
    Timestamp at;
  };

  // `recent` begins with whatever holds OldestNeeded(), or after it when that
  // is forgotten, and may end early: what is not known is taken to be as
  // recent as the last that is.
  RateWindow(int limit, Duration period, std::int64_t started,
             std::int64_t reserved, std::vector<Starts> recent);

  // The first start that may have to be over before another one is free.
  static std::int64_t OldestNeeded(int limit, std::int64_t started,
                                   std::int64_t reserved) {
    return started + reserved + 1 - limit;
  }

  // When another start may be reserved; Timestamp::max() when that depends on
  // reservations, Timestamp::min() when nothing is in the way.
  Timestamp FreeAt() const;

  void Reserve() { ++reserved_; }
  // A reserved start is not needed.
  void Cancel() { --reserved_; }
  // A reserved start happens. Returns when, as far as the rate is concerned:
  // `now`, or later when another was.
  Timestamp Start(Timestamp now);

  // Nothing more is to start before `until`, except what is reserved: as if the
  // whole limit had started a period earlier. Returns when it had; nothing when
  // that is so already.
  std::optional<Timestamp> HoldUntil(Timestamp until);

  std::int64_t started() const { return started_; }
  std::int64_t reserved() const { return reserved_; }

 private:
  const int limit_;
  const Duration period_;
  std::int64_t started_;
  std::int64_t reserved_;
  std::vector<Starts> recent_;
};

}  // namespace windlass

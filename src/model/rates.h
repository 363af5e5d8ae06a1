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

// How a rate of so many starts in a period is kept.
struct RatePace {
  // Of one start from that of which it takes the place.
  Duration apart{0};
  // How long before it may happen a start is given out: the way to whoever
  // begins is then no part of the time between starts.
  Duration lead{0};
  // One that is given out less than this ahead counts as late as that: it
  // cannot begin at once.
  Duration way{0};
};

// The service sees calls when they arrive, some later than others. So that
// there are not more than the limit in a period there either, starts are kept
// apart by 20 ms more, or by a fiftieth of a period under a second. They are
// given out 250 ms ahead, or a quarter of the period; the way takes 50 ms, or a
// twentieth.
RatePace PaceOf(Duration period);

// The starts of a rate, numbered from 1. Start n may not be before start
// n - limit plus `apart`, whichever starts they are: so no window of that
// length, wherever it begins, holds more than `limit`.
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
  RateWindow(int limit, RatePace pace, std::int64_t started,
             std::int64_t reserved, std::vector<Starts> recent);

  // The first start that may have to be over before another one.
  static std::int64_t OldestNeeded(int limit, std::int64_t started) {
    return started + 1 - limit;
  }

  // When another start may be reserved; Timestamp::max() when that depends on
  // reservations, Timestamp::min() when nothing is in the way.
  Timestamp FreeAt() const;

  void Reserve() { ++reserved_; }
  // A reserved start is not needed.
  void Cancel() { --reserved_; }
  struct Begun {
    Timestamp at;      // When it may: `now`, or within the lead of it.
    Timestamp counts;  // As far as the rate is concerned.
  };
  // A reserved start happens as soon as it may.
  Begun Start(Timestamp now);

  // Nothing more is to start before `until`, except what is reserved: as if the
  // whole limit had started that much earlier. Returns when it had; nothing
  // when that is so already.
  std::optional<Timestamp> HoldUntil(Timestamp until);

  std::int64_t started() const { return started_; }
  std::int64_t reserved() const { return reserved_; }

 private:
  // When start `number` was, or a later one where that is not known;
  // Timestamp::min() for what is long ago.
  Timestamp TimeOf(std::int64_t number) const;

  const int limit_;
  const RatePace pace_;
  std::int64_t started_;
  std::int64_t reserved_;
  std::vector<Starts> recent_;
};

}  // namespace windlass

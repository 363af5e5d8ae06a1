// When a rate that a fleet shares lets the next task start. Pure; stores carry
// it out.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "windlass/time.h"

namespace windlass {

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
  // Of more than so many that could be at once, the next are so much later.
  int together = 1;
  Duration gap{0};
};

// The service sees calls when they arrive, some later than others. So that
// there are not more than the limit in a period there either, starts are kept
// apart by 20 ms more, or by a fiftieth of a period under a second. They are
// given out 250 ms ahead, or a quarter of the period; the way takes 50 ms, or a
// twentieth. Many calls that are made at once are in each other's way and would
// take longer than that: a fiftieth of the limit may be at once, and each 2 ms,
// or a five hundredth of the period, as many again.
RatePace PaceOf(Duration period, int limit);

// When the starts of a rate, numbered from 1, may be.
//
// Starts to come can be reserved: whoever has a reservation is not kept waiting
// by those that come later.
class RateRule {
 public:
  // What is remembered of those since the one before it, up to number `last`.
  struct Starts {
    std::int64_t last = 0;
    Timestamp at;
  };

  virtual ~RateRule() = default;

  // When another start may be reserved; Timestamp::max() when that depends on
  // reservations, Timestamp::min() when nothing is in the way.
  virtual Timestamp FreeAt() const = 0;

  void Reserve() { ++reserved_; }
  // A reserved start is not needed.
  void Cancel() { --reserved_; }
  struct Begun {
    Timestamp at;      // When it may: `now`, or within the lead of it.
    Timestamp counts;  // To be remembered: Starts::at.
  };
  // A reserved start happens as soon as it may.
  virtual Begun Start(Timestamp now) = 0;

  // Nothing more is to start before `until`, except what is reserved. Returns
  // what is to be remembered, as if there had been starts up to started();
  // nothing when that is so already.
  virtual std::optional<Timestamp> HoldUntil(Timestamp until) = 0;

  // Starts with this number and those before are not needed any more.
  virtual std::int64_t Forgotten() const = 0;
  // From then on all is as if nothing had ever started.
  virtual Timestamp NeededUntil() const = 0;

  std::int64_t started() const { return started_; }
  std::int64_t reserved() const { return reserved_; }

 protected:
  RateRule(std::int64_t started, std::int64_t reserved)
      : started_(started), reserved_(reserved) {}

  std::int64_t started_;
  std::int64_t reserved_;
};

// A sliding window. Start n may not be before start n - limit plus `apart`,
// whichever starts they are: so no window of that length, wherever it begins,
// holds more than `limit`. Remembers when starts were.
class RateWindow : public RateRule {
 public:
  // `recent` begins with whatever holds OldestNeeded(), or after it when that
  // is forgotten, and may end early: what is not known is taken to be as
  // recent as the last that is.
  RateWindow(int limit, RatePace pace, std::int64_t started,
             std::int64_t reserved, std::vector<Starts> recent);

  // The first start that may have to be over before another one.
  static std::int64_t OldestNeeded(int limit, std::int64_t started) {
    return started + 1 - limit;
  }

  Timestamp FreeAt() const override;
  Begun Start(Timestamp now) override;
  // As if the whole limit had started that much earlier.
  std::optional<Timestamp> HoldUntil(Timestamp until) override;
  std::int64_t Forgotten() const override { return started_ - limit_; }
  Timestamp NeededUntil() const override;

 private:
  // When start `number` was, or a later one where that is not known;
  // Timestamp::min() for what is long ago.
  Timestamp TimeOf(std::int64_t number) const;

  const int limit_;
  const RatePace pace_;
  std::vector<Starts> recent_;
  int at_last_ = 0;  // Starts of ours at recent_.back().at.
};

// A token bucket: it holds `capacity` starts, and another one after each
// `interval`. In any time T there are no more than capacity + T / interval.
// Remembers when it will be full again, the "theoretical arrival time" of the
// generic cell rate algorithm (ITU-T I.371, annex A), which is all there is to
// know.
class TokenBucket : public RateRule {
 public:
  // `full_at` is Timestamp::min() where nothing is remembered.
  TokenBucket(int capacity, Duration interval, RatePace pace,
              std::int64_t started, std::int64_t reserved, Timestamp full_at);

  // Of the tokens of a rate.
  static Duration IntervalOf(int limit, Duration period);
  // How many are missing at `now`.
  static std::int64_t Missing(int capacity, Duration interval,
                              Timestamp full_at, Timestamp now);

  Timestamp FreeAt() const override;
  Begun Start(Timestamp now) override;
  // As if all tokens but one, and those of the time until then, had been taken.
  std::optional<Timestamp> HoldUntil(Timestamp until) override;
  std::int64_t Forgotten() const override { return started_ - 1; }
  Timestamp NeededUntil() const override { return full_at_; }

 private:
  // So many tokens after `at`; before it, where that is negative.
  Timestamp After(Timestamp at, std::int64_t tokens) const;

  const int capacity_;
  const Duration interval_;
  const RatePace pace_;
  Timestamp full_at_;
};

}  // namespace windlass

// How many attempts may be under way at a time when nobody knows how many a
// service takes. Pure; stores carry it out.
//
// Additive increase, multiplicative decrease, as TCP finds out how much a
// network takes. Ends are counted in windows, of as many as may be under way
// at a time: so a window is about what one call takes. After one in which all
// was well and all that was allowed was in use, more is allowed: twice as much
// until it was too much for the first time, from then on one more. When the
// service says that it is too much, or a window was slower than it should be,
// less is allowed, once: what began before that says nothing more.
#pragma once

#include <cstdint>
#include <optional>

#include "windlass/lease.h"
#include "windlass/time.h"

namespace windlass {

// What an attempt's end says of how much its service has to do.
enum class LoadSign : std::uint8_t {
  kNothing,
  kServed,   // It has answered, in the attempt's time.
  kTooMuch,  // It asks for less, or did not answer in time.
};

LoadSign LoadSignOf(const AttemptEnd& end);

class AdaptiveLimit {
 public:
  struct Terms {
    int minimum = 1;
    int maximum = 1;
    // What an attempt should take, on the average of a window. Zero: it may
    // take what it takes.
    Duration target_latency{0};
  };
  struct Facts {
    int allowed = 0;  // 0: nothing is known yet.
    std::optional<Timestamp> decreased_at = {};
    // Of the window.
    int ends = 0;
    Duration time{0};   // Of all of them together.
    bool full = false;  // All that was allowed was in use.
    bool operator==(const Facts&) const = default;
  };

  // Brings what is allowed between minimum and maximum.
  AdaptiveLimit(const Terms& terms, const Facts& facts);

  const Facts& facts() const { return facts_; }
  int allowed() const { return facts_.allowed; }

  // One more has begun, or was let go: that makes `taken`.
  void Begin(std::int64_t taken);

  // What had begun, or was let go, at `began` has ended after `latency`.
  void End(Timestamp began, LoadSign sign, Duration latency, Timestamp now);

 private:
  void Decrease(Timestamp now);
  void EndWindow(Timestamp now);
  void NewWindow();

  Terms terms_;
  Facts facts_;
};

}  // namespace windlass

#include "model/adaptive_limit.h"

#include <algorithm>

namespace windlass {
namespace {

// What remains allowed of ten, as CUBIC has it (RFC 9438, section 4.6): half,
// as in classic TCP, would leave a service idle for long.
constexpr std::int64_t kKeptOfTen = 7;

}  // namespace

LoadSign LoadSignOf(const AttemptEnd& end) {
  switch (end.outcome) {
    case AttemptOutcome::kSucceeded:
      return LoadSign::kServed;
    // A handler that asks again later has been answered.
    case AttemptOutcome::kDeferred:
      return end.started ? LoadSign::kServed : LoadSign::kNothing;
    case AttemptOutcome::kTimedOut:
      return LoadSign::kTooMuch;
    case AttemptOutcome::kFailed:
      break;
    default:
      return LoadSign::kNothing;
  }
  if (!end.error) return LoadSign::kNothing;
  switch (end.error->category) {
    case ErrorCategory::kThrottled:
    case ErrorCategory::kTimeout:
      return LoadSign::kTooMuch;
    // That it finds fault with the request is an answer.
    case ErrorCategory::kClient:
      return LoadSign::kServed;
    // Other errors come however little is asked: to ask for less and less
    // would not end them.
    default:
      return LoadSign::kNothing;
  }
}

AdaptiveLimit::AdaptiveLimit(const Terms& terms, const Facts& facts)
    : terms_(terms), facts_(facts) {
  facts_.allowed = std::clamp(facts_.allowed, terms_.minimum, terms_.maximum);
}

void AdaptiveLimit::Begin(std::int64_t taken) {
  if (taken >= facts_.allowed) facts_.full = true;
}

void AdaptiveLimit::End(Timestamp began, LoadSign sign, Duration latency,
                        Timestamp now) {
  if (sign == LoadSign::kNothing) return;
  if (facts_.decreased_at && began < *facts_.decreased_at) return;
  if (sign == LoadSign::kTooMuch) return Decrease(now);
  ++facts_.ends;
  facts_.time += std::max(latency, Duration::zero());
  if (facts_.ends >= facts_.allowed) EndWindow(now);
}

void AdaptiveLimit::Decrease(Timestamp now) {
  facts_.allowed = std::max<int>(
      terms_.minimum,
      static_cast<int>(std::int64_t{facts_.allowed} * kKeptOfTen / 10));
  facts_.decreased_at = std::max(now, facts_.decreased_at.value_or(now));
  NewWindow();
}

void AdaptiveLimit::EndWindow(Timestamp now) {
  if (terms_.target_latency > Duration::zero() &&
      facts_.time / facts_.ends > terms_.target_latency) {
    return Decrease(now);
  }
  if (facts_.full && facts_.allowed < terms_.maximum) {
    const std::int64_t more = facts_.decreased_at ? 1 : facts_.allowed;
    facts_.allowed = static_cast<int>(
        std::min<std::int64_t>(facts_.allowed + more, terms_.maximum));
  }
  NewWindow();
}

void AdaptiveLimit::NewWindow() {
  facts_.ends = 0;
  facts_.time = Duration::zero();
  facts_.full = false;
}

}  // namespace windlass

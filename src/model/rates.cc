#include "model/limits.h"

#include <algorithm>
#include <utility>

namespace windlass {
namespace {

constexpr int kHighestPriority = 9;

}  // namespace

Timestamp TurnOf(int priority, Timestamp waiting_since) {
  return waiting_since +
         kAgeingStep *
             (kHighestPriority - std::clamp(priority, 0, kHighestPriority));
}

RatePace PaceOf(Duration period) {
  constexpr Duration kLongestMargin = std::chrono::milliseconds(20);
  constexpr Duration kLongestLead = std::chrono::milliseconds(250);
  constexpr Duration kLongestWay = std::chrono::milliseconds(50);
  const Duration margin = std::min(period / 50, kLongestMargin);
  return {.apart = period + std::min(margin, Duration::max() - period),
          .lead = std::min(period / 4, kLongestLead),
          .way = std::min(period / 20, kLongestWay)};
}

RateWindow::RateWindow(int limit, RatePace pace, std::int64_t started,
                       std::int64_t reserved, std::vector<Starts> recent)
    : limit_(limit),
      pace_(pace),
      started_(started),
      reserved_(reserved),
      recent_(std::move(recent)) {}

Timestamp RateWindow::TimeOf(std::int64_t number) const {
  if (number <= 0 || recent_.empty()) return Timestamp::min();
  const auto found = std::find_if(
      recent_.begin(), recent_.end(),
      [number](const Starts& starts) { return starts.last >= number; });
  return found == recent_.end() ? recent_.back().at : found->at;
}

Timestamp RateWindow::FreeAt() const {
  const std::int64_t needed = started_ + reserved_ + 1 - limit_;
  if (needed > started_) return Timestamp::max();
  const Timestamp at = TimeOf(needed);
  if (at == Timestamp::min()) return at;
  const Duration after = pace_.apart - pace_.lead;
  return at > Timestamp::max() - after ? Timestamp::max() : at + after;
}

// It was reserved because it was free, so that is within the lead.
RateWindow::Begun RateWindow::Start(Timestamp now) {
  const Timestamp before = TimeOf(started_ + 1 - limit_);
  Timestamp at = now;
  if (before > now - pace_.apart) {
    const Duration ago = std::max(now - before, Duration::zero());
    at += std::min(pace_.lead, pace_.apart - ago);
  }
  Timestamp counts = std::max(at, now + pace_.way);
  if (!recent_.empty()) counts = std::max(counts, recent_.back().at);
  --reserved_;
  ++started_;
  if (!recent_.empty() && recent_.back().at == counts) {
    recent_.back().last = started_;
  } else {
    recent_.push_back({started_, counts});
  }
  return {at, counts};
}

std::optional<Timestamp> RateWindow::HoldUntil(Timestamp until) {
  Timestamp at = until - pace_.apart;
  if (!recent_.empty()) at = std::max(at, recent_.back().at);
  const std::int64_t needed = started_ + 1 - limit_;
  if (needed > 0 && !recent_.empty() && recent_.back().last >= needed &&
      TimeOf(needed) >= at) {
    return std::nullopt;
  }
  started_ += limit_;
  recent_.push_back({started_, at});
  return at;
}

}  // namespace windlass

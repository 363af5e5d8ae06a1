#include "model/rates.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/later.h"

namespace windlass {

RatePace PaceOf(Duration period, int limit) {
  constexpr Duration kLongestMargin = std::chrono::milliseconds(20);
  constexpr Duration kLongestLead = std::chrono::milliseconds(250);
  constexpr Duration kLongestWay = std::chrono::milliseconds(50);
  constexpr int kSteps = 50;
  constexpr Duration kLongestGap = std::chrono::milliseconds(2);
  const Duration margin = std::min(period / 50, kLongestMargin);
  return {.apart = period + std::min(margin, Duration::max() - period),
          .lead = std::min(period / 4, kLongestLead),
          .way = std::min(period / 20, kLongestWay),
          .together = limit / kSteps + (limit % kSteps == 0 ? 0 : 1),
          .gap = std::min(period / (10 * kSteps), kLongestGap)};
}

RateWindow::RateWindow(int limit, RatePace pace, std::int64_t started,
                       std::int64_t reserved, std::vector<Starts> recent)
    : RateRule(started, reserved),
      limit_(limit),
      pace_(pace),
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
  return Later(at, pace_.apart - pace_.lead);
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
  if (!recent_.empty()) {
    const Timestamp last = recent_.back().at;
    if (counts <= last) {
      counts = at_last_ < pace_.together ? last : Later(last, pace_.gap);
    }
    at = std::max(at, std::min(counts - pace_.way, now + pace_.lead));
  }
  --reserved_;
  ++started_;
  if (!recent_.empty() && recent_.back().at == counts) {
    recent_.back().last = started_;
    ++at_last_;
  } else {
    recent_.push_back({started_, counts});
    at_last_ = 1;
  }
  return {at, counts};
}

Timestamp RateWindow::NeededUntil() const {
  return recent_.empty() ? Timestamp::min()
                         : Later(recent_.back().at, pace_.apart);
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

TokenBucket::TokenBucket(int capacity, Duration interval, RatePace pace,
                         std::int64_t started, std::int64_t reserved,
                         Timestamp full_at)
    : RateRule(started, reserved),
      capacity_(capacity),
      interval_(interval),
      pace_(pace),
      full_at_(full_at) {}

Duration TokenBucket::IntervalOf(int limit, Duration period) {
  const Duration apart = PaceOf(period, limit).apart;
  const Duration shorter = apart / limit;
  return shorter * limit == apart ? shorter : shorter + Duration(1);
}

std::int64_t TokenBucket::Missing(int capacity, Duration interval,
                                  Timestamp full_at, Timestamp now) {
  if (full_at <= now) return 0;
  const std::int64_t whole = (full_at - now - Duration(1)) / interval;
  return std::min<std::int64_t>(whole + 1, capacity);
}

Timestamp TokenBucket::After(Timestamp at, std::int64_t tokens) const {
  if (at == Timestamp::min()) return at;
  const bool endless = std::abs(tokens) > Duration::max() / interval_;
  if (tokens >= 0) {
    return Later(at, endless ? Duration::max() : interval_ * tokens);
  }
  const Duration before = endless ? Duration::max() : interval_ * -tokens;
  return at < Timestamp::min() + before ? Timestamp::min() : at - before;
}

// What the bucket holds, and what it gets within the lead, can be reserved.
Timestamp TokenBucket::FreeAt() const {
  const std::int64_t beyond = reserved_ + 1 - capacity_;
  if (beyond > 0 && beyond > pace_.lead / interval_) return Timestamp::max();
  const Timestamp at = After(full_at_, beyond);
  return at == Timestamp::min() || at == Timestamp::max() ? at
                                                          : at - pace_.lead;
}

// It was reserved because it was free, so that is within the lead, or one that
// came late has added a way to that.
RateRule::Begun TokenBucket::Start(Timestamp now) {
  const Timestamp free = After(full_at_, 1 - capacity_);
  const Timestamp at = std::clamp(free, now, now + pace_.lead + pace_.way);
  const Timestamp counts = std::max(at, now + pace_.way);
  full_at_ = After(std::max(full_at_, counts), 1);
  --reserved_;
  ++started_;
  return {at, full_at_};
}

std::optional<Timestamp> TokenBucket::HoldUntil(Timestamp until) {
  const Timestamp full_at = After(until, capacity_ - 1);
  if (full_at <= full_at_) return std::nullopt;
  full_at_ = full_at;
  ++started_;
  return full_at_;
}

}  // namespace windlass

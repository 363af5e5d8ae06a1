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

RateWindow::RateWindow(int limit, Duration period, std::int64_t started,
                       std::int64_t reserved, std::vector<Starts> recent)
    : limit_(limit),
      period_(period),
      started_(started),
      reserved_(reserved),
      recent_(std::move(recent)) {}

Timestamp RateWindow::FreeAt() const {
  const std::int64_t needed = OldestNeeded(limit_, started_, reserved_);
  if (needed > started_) return Timestamp::max();
  if (needed <= 0 || recent_.empty()) return Timestamp::min();
  const auto found = std::find_if(
      recent_.begin(), recent_.end(),
      [needed](const Starts& starts) { return starts.last >= needed; });
  const Timestamp at = found == recent_.end() ? recent_.back().at : found->at;
  if (at > Timestamp::max() - period_) return Timestamp::max();
  return at + period_;
}

Timestamp RateWindow::Start(Timestamp now) {
  --reserved_;
  ++started_;
  if (!recent_.empty()) now = std::max(now, recent_.back().at);
  if (!recent_.empty() && recent_.back().at == now) {
    recent_.back().last = started_;
  } else {
    recent_.push_back({started_, now});
  }
  return now;
}

std::optional<Timestamp> RateWindow::HoldUntil(Timestamp until) {
  Timestamp at = until - period_;
  if (!recent_.empty()) at = std::max(at, recent_.back().at);
  const std::int64_t needed = OldestNeeded(limit_, started_, 0);
  const auto held = std::find_if(
      recent_.begin(), recent_.end(),
      [needed](const Starts& starts) { return starts.last >= needed; });
  if (needed > 0 && held != recent_.end() && held->at >= at) {
    return std::nullopt;
  }
  started_ += limit_;
  recent_.push_back({started_, at});
  return at;
}

}  // namespace windlass

#include "executor/attempt_monitor.h"

#include <algorithm>
#include <utility>

#include "executor/attempt_end.h"
#include "windlass/clock.h"

namespace windlass {

AttemptMonitor::AttemptMonitor(Parts parts)
    : ThreadService("wl-monitor"),
      parts_(std::move(parts)),
      alarm_(*parts_.clock) {}

void AttemptMonitor::Watch(Duration due) {
  if (due.count() < sleeps_until_.load()) alarm_.Ring();
}

void AttemptMonitor::Run(std::stop_token stop) {
  while (!stop.stop_requested()) {
    sleeps_until_.store(Duration::max().count());
    const Duration next = Look();
    sleeps_until_.store(next.count());
    const Duration now = parts_.clock->Steady();
    if (next > now) {
      alarm_.Wait(next == Duration::max() ? next : next - now, stop);
    }
  }
}

Duration AttemptMonitor::Look() {
  parts_.registration->FenceIfOverdue(parts_.clock->Steady());
  Duration next = parts_.registration->FenceAt();
  const Duration now = parts_.clock->Steady();
  for (const auto& attempt : parts_.pool->Attempts()) {
    next = std::min(next, LookAt(attempt, now));
  }
  return next;
}

Duration AttemptMonitor::LookAt(const std::shared_ptr<Attempt>& attempt,
                                Duration now) {
  Attempt::Check check = attempt->CheckTime(now);
  if (check.stop.has_value()) {
    attempt->RequestStop(*check.stop);
    check = attempt->CheckTime(now);
  }
  if (!check.overdue) return check.next;
  if (attempt->Abandon()) {
    AttemptEnd end = StoppedEnd(attempt->lease(), attempt->stop_reason());
    end.run_time = attempt->RunTime(now);
    parts_.on_abandoned(*attempt, std::move(end));
    parts_.pool->Replace(attempt);
  }
  return Duration::max();
}

}  // namespace windlass

#include "executor/pruner.h"

#include <algorithm>

#include "base/backoff.h"
#include "windlass/clock.h"

namespace windlass {
namespace {

constexpr Duration kLongestInterval = std::chrono::hours(1);
constexpr Duration kShortestInterval = std::chrono::milliseconds(100);

}  // namespace

absl::Status PruneAll(HistoryControl& history, PruneRequest request,
                      std::stop_token stop, std::int64_t& runs) {
  while (!stop.stop_requested()) {
    const auto reply = history.Prune(request);
    if (!reply.ok()) return reply.status();
    runs += reply->runs;
    if (!reply->next) break;
    request.after = *reply->next;
  }
  return absl::OkStatus();
}

Pruner::Pruner(HistoryControl& history, Clock& clock, EventSink& events,
               Duration retention)
    : ThreadService("wl-pruner"),
      history_(history),
      clock_(clock),
      events_(events),
      retention_(retention),
      errors_("prune", events),
      random_(RandomSeed()) {}

void Pruner::Run(std::stop_token stop) {
  const Duration interval =
      std::clamp(retention_ / 10, kShortestInterval, kLongestInterval);
  while (!stop.stop_requested()) {
    PruneRequest request;
    request.older_than = retention_;
    std::int64_t runs = 0;
    errors_.Note(PruneAll(history_, request, stop, runs));
    if (runs > 0) events_.OnPruned(runs);
    clock_.SleepFor(Around(interval, random_), stop);
  }
}

}  // namespace windlass

#include "executor/pruner.h"

#include <algorithm>
#include <cstdint>

#include "base/backoff.h"
#include "windlass/clock.h"

namespace windlass {
namespace {

constexpr Duration kLongestInterval = std::chrono::hours(1);
constexpr Duration kShortestInterval = std::chrono::milliseconds(100);

}  // namespace

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
    PruneAll(stop);
    clock_.SleepFor(Around(interval, random_), stop);
  }
}

void Pruner::PruneAll(std::stop_token stop) {
  PruneRequest request;
  request.older_than = retention_;
  std::int64_t runs = 0;
  while (!stop.stop_requested()) {
    const auto reply = history_.Prune(request);
    errors_.Note(reply.status());
    if (!reply.ok()) break;
    runs += reply->runs;
    if (!reply->next) break;
    request.after = *reply->next;
  }
  if (runs > 0) events_.OnPruned(runs);
}

}  // namespace windlass

#include "executor/sweeper.h"

#include <algorithm>

#include "base/backoff.h"
#include "windlass/clock.h"

namespace windlass {
namespace {

// Between two sweeps, when the store's clock and ours do not quite agree on
// when a schedule is due.
constexpr Duration kShortestWait = std::chrono::milliseconds(1);

}  // namespace

Sweeper::Sweeper(ExecutorRegistry& registry, Clock& clock, EventSink& events,
                 Duration interval)
    : ThreadService("wl-sweeper"),
      registry_(registry),
      clock_(clock),
      events_(events),
      interval_(interval),
      errors_("sweep", events),
      random_(RandomSeed()) {}

void Sweeper::Run(std::stop_token stop) {
  while (!stop.stop_requested()) {
    const Duration began = clock_.Steady();
    absl::StatusOr<SweepReport> report = registry_.Sweep();
    errors_.Note(report.status());
    Duration wait = Around(interval_, random_);
    if (report.ok()) {
      events_.OnSwept(*report);
      if (report->next_schedule) {
        // Counted from the beginning of the sweep, so that it is not missed.
        wait =
            std::min(wait, *report->next_schedule - (clock_.Steady() - began));
      }
    }
    clock_.SleepFor(std::max(wait, kShortestWait), stop);
  }
}

}  // namespace windlass

#include "executor/sweeper.h"

#include "windlass/clock.h"

namespace windlass {

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
    absl::StatusOr<SweepReport> report = registry_.Sweep();
    errors_.Note(report.status());
    if (report.ok()) events_.OnSwept(*report);
    const double spread = 0.8 + 0.4 * random_.Unit();
    const auto wait = static_cast<Duration::rep>(
        static_cast<double>(interval_.count()) * spread);
    clock_.SleepFor(Duration(wait), stop);
  }
}

}  // namespace windlass

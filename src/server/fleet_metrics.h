// What the store knows of queues and executors, as Prometheus metrics.
#pragma once

#include <prometheus/metric_family.h>

#include <condition_variable>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"
#include "base/service.h"
#include "windlass/store.h"

namespace windlass {

class Clock;

// Asks the store only when someone scrapes, at most every kMaximumAge however
// many do, on a thread of its own: a store that does not answer delays a scrape
// by kPatience and costs it these metrics, no more. Thread-safe.
class FleetMetrics : public ThreadService {
 public:
  static constexpr Duration kMaximumAge = std::chrono::seconds(5);
  static constexpr Duration kPatience = std::chrono::seconds(1);
  // Beyond these many queues, those with the fewest ready tasks are added up as
  // "other".
  static constexpr std::size_t kMaximumQueues = 100;
  // Beyond these many circuit breakers, open ones first, the worst state of the
  // others is that of "other".
  static constexpr std::size_t kMaximumCircuits = 200;
  // Beyond these many adaptive limits, lowest ones first, the lowest of the
  // others is that of "other".
  static constexpr std::size_t kMaximumAdaptiveLimits = 200;

  // Both are borrowed.
  FleetMetrics(Store& store, const Clock& clock);
  ~FleetMetrics() override { Stop(); }

  // windlass_queue_depth, windlass_queue_oldest_ready_seconds,
  // windlass_executors, windlass_circuit_state and windlass_adaptive_limit;
  // nothing when the store could not be asked.
  std::vector<prometheus::MetricFamily> Collect();

 protected:
  void Run(std::stop_token stop) override;

 private:
  std::vector<prometheus::MetricFamily> Ask();
  bool IsFreshLocked() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Store& store_;
  const Clock& clock_;

  Mutex mutex_;
  std::condition_variable_any changed_;
  bool wanted_ ABSL_GUARDED_BY(mutex_) = false;
  bool asked_ ABSL_GUARDED_BY(mutex_) = false;  // At least once.
  Duration asked_at_ ABSL_GUARDED_BY(mutex_){0};
  std::vector<prometheus::MetricFamily> families_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace windlass

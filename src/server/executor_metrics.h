// What an executor does, as Prometheus metrics.
#pragma once

#include <memory>
#include <vector>

#include "windlass/events.h"

namespace prometheus {
struct MetricFamily;
}

namespace windlass {

// Counts events. Costs some tens of nanoseconds per attempt: the series of a
// task type and queue are looked up by their labels once and remembered by each
// thread. Label values come from workflow files, so their number is bounded:
// beyond kMaximumSeries pairs of type and queue (or as many result stores) what
// is new is counted as "other". Thread-safe.
class ExecutorMetrics : public EventSink {
 public:
  static constexpr std::size_t kMaximumSeries = 200;

  ExecutorMetrics();
  ~ExecutorMetrics() override;

  // Everything counted so far.
  std::vector<prometheus::MetricFamily> Collect() const;

  void OnClaimed(int count, std::string_view source, Duration took) override;
  void OnAttemptStarted(const Lease& lease, Duration waited) override;
  void OnAttemptEnded(const Lease& lease, const AttemptEnd& end) override;
  void OnFinished(int count, int stale, Duration took) override;
  void OnProgressRefused(int count) override;
  void OnPostponed(const Lease& lease, std::string_view reason) override;
  void OnSwept(const SweepReport& report) override;
  void OnResultBytes(std::string_view store, ResultDirection direction,
                     std::int64_t bytes) override;
  void OnBrokerState(BrokerState state, std::string_view why) override;
  void OnData(std::string_view type, const DataVolume& volume) override;
  void OnWorker(std::string_view type, WorkerEvent event) override;
  void OnSpansExported(std::int64_t spans) override;
  void OnSpansDropped(std::int64_t spans, std::string_view why) override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace windlass

// Logging as a subscriber of events: what an executor does, as log lines.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "base/log.h"
#include "base/mutex.h"
#include "windlass/events.h"
#include "windlass/tracing.h"

namespace windlass {

// Every line about an attempt has run, task, attempt and executor.
class LogEvents : public EventSink {
 public:
  // With `traces`, those of a trace have trace_id and span_id too.
  LogEvents(const Logger& log, const std::string& executor,
            std::optional<TracePolicy> traces = std::nullopt)
      : log_(log.With({{"executor", executor}})), traces_(traces) {}

  void OnAttemptStarted(const Lease& lease, Duration waited) override;
  void OnAttemptEnded(const Lease& lease, const AttemptEnd& end) override;
  void OnFinished(int count, int stale, Duration took) override;
  void OnProgressRefused(int count) override;
  void OnLeaseLost(const Lease& lease, std::string_view reason) override;
  void OnAttemptAbandoned(const Lease& lease, std::string_view reason) override;
  void OnPostponed(const Lease& lease, std::string_view reason) override;
  void OnStoreError(std::string_view operation,
                    const absl::Status& status) override;
  void OnHeartbeat(const absl::Status& status) override;
  void OnSwept(const SweepReport& report) override;
  void OnPruned(std::int64_t runs) override;
  void OnLog(const Lease& lease, LogLevel level,
             std::string_view message) override;
  void OnOutput(const Lease& lease, LogSource source, LogLevel level,
                std::string_view lines) override;
  void OnBrokerState(BrokerState state, std::string_view why) override;
  void OnSpansDropped(std::int64_t spans, std::string_view why) override;

 private:
  void Log(const Lease& lease, LogLevel level, std::string_view message,
           LogFields fields) const;

  const Logger log_;
  const std::optional<TracePolicy> traces_;
  Mutex mutex_;
  // Spans that nothing has been said of, and when something was.
  std::int64_t dropped_ ABSL_GUARDED_BY(mutex_) = 0;
  std::optional<std::chrono::steady_clock::time_point> told_
      ABSL_GUARDED_BY(mutex_);
};

// Hands every event to each of several sinks, in order. Borrows them.
class EventFanOut : public EventSink {
 public:
  explicit EventFanOut(std::vector<EventSink*> sinks)
      : sinks_(std::move(sinks)) {}

  void OnClaimed(int count, std::string_view source, Duration took) override;
  void OnAttemptStarted(const Lease& lease, Duration waited) override;
  void OnAttemptEnded(const Lease& lease, const AttemptEnd& end) override;
  void OnFinished(int count, int stale, Duration took) override;
  void OnProgressRefused(int count) override;
  void OnLeaseLost(const Lease& lease, std::string_view reason) override;
  void OnAttemptAbandoned(const Lease& lease, std::string_view reason) override;
  void OnStoreError(std::string_view operation,
                    const absl::Status& status) override;
  void OnHeartbeat(const absl::Status& status) override;
  void OnPostponed(const Lease& lease, std::string_view reason) override;
  void OnSwept(const SweepReport& report) override;
  void OnPruned(std::int64_t runs) override;
  void OnLog(const Lease& lease, LogLevel level,
             std::string_view message) override;
  void OnOutput(const Lease& lease, LogSource source, LogLevel level,
                std::string_view lines) override;
  void OnResultBytes(std::string_view store, ResultDirection direction,
                     std::int64_t bytes) override;
  void OnBrokerState(BrokerState state, std::string_view why) override;
  void OnData(std::string_view type, const DataVolume& volume) override;
  void OnWorker(std::string_view type, WorkerEvent event) override;
  void OnServiceCall(const Lease& lease, const ServiceCall& call) override;
  void OnSpansExported(std::int64_t spans) override;
  void OnSpansDropped(std::int64_t spans, std::string_view why) override;

 private:
  const std::vector<EventSink*> sinks_;
};

}  // namespace windlass

// The traces of an engine: what its executors and its store tell, as spans, to
// a collector.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"
#include "model/run_end.h"
#include "tracing/span_exporter.h"
#include "windlass/clock.h"
#include "windlass/events.h"
#include "windlass/tracing.h"

namespace windlass {

// Outlives the store and the executors it hears of. Its end waits for the last
// spans as SpanExporter::Stop() does. Thread-safe.
class EngineTracing {
 public:
  // `events` is asked for at each report.
  EngineTracing(const TracingConfig& config,
                const std::function<EventSink&()>& events);
  ~EngineTracing();

  const TracePolicy& policy() const { return policy_; }

  // What an executor of this name is to tell its events: `events`, and us.
  EventSink& EventsOf(const std::string& executor, EventSink& events,
                      const Clock& clock);

  OnRunsEnded RunsEnded();

 private:
  class Subscriber;

  const TracePolicy policy_;
  SpanExporter exporter_;
  Mutex mutex_;
  std::vector<std::unique_ptr<Subscriber>> subscribers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace windlass

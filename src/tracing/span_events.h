// Traces as a subscriber of events: runs, attempts and their calls, as spans.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "base/mutex.h"
#include "model/run_end.h"
#include "tracing/span.h"
#include "windlass/events.h"
#include "windlass/tracing.h"

namespace windlass {

class Clock;

// A span for every attempt that ran or failed, and for every call an attempt
// tells of; those of traces that are not sampled cost a look at their ids. All
// times are the store's: an executor's own clock only measures. Thread-safe.
class SpanEvents : public EventSink {
 public:
  // Takes what makes the span, which may happen later and elsewhere.
  using Emit = std::function<void(std::function<Span()>)>;

  // `executor`: its name, for attributes.
  SpanEvents(TracePolicy policy, std::string executor, const Clock& clock,
             Emit emit)
      : policy_(policy),
        executor_(std::move(executor)),
        clock_(clock),
        emit_(std::move(emit)) {}

  void OnAttemptStarted(const Lease& lease, Duration waited) override;
  void OnAttemptEnded(const Lease& lease, const AttemptEnd& end) override;
  void OnServiceCall(const Lease& lease, const ServiceCall& call) override;

 private:
  // When a handler began, by the store's clock and by ours.
  struct Start {
    Timestamp at;
    Duration steady{0};
    Duration waited{0};
  };

  const TracePolicy policy_;
  const std::string executor_;
  const Clock& clock_;
  const Emit emit_;

  Mutex mutex_;
  // By lease token, of what is executed and sampled.
  absl::flat_hash_map<std::int64_t, Start> started_ ABSL_GUARDED_BY(mutex_);
};

// Whether spans of this run are to be exported.
bool IsRecorded(const RunInfo& run, const TracePolicy& policy);

// The span of a run that is recorded.
Span SpanOf(const EndedRun& ended, const TracePolicy& policy);

}  // namespace windlass

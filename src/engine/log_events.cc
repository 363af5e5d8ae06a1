#include "engine/log_events.h"

#include <string>
#include <utility>

#include "base/concat.h"
#include "model/task_name.h"
#include "model/trace.h"

namespace windlass {
namespace {

std::string_view Name(BrokerState state) {
  switch (state) {
    case BrokerState::kNone:
      return "none";
    case BrokerState::kDisconnected:
      return "disconnected";
    case BrokerState::kConnected:
      return "connected";
  }
  return "none";
}

}  // namespace

// Which attempt first, then what about it.
void LogEvents::Log(const Lease& lease, LogLevel level,
                    std::string_view message, LogFields fields) const {
  if (!log_.Enabled(level)) return;
  const Logger log =
      log_.With({{"run", FormatRunId(lease.run->id)},
                 {"task", FormatTaskName(lease.spec().id, lease.task)},
                 {"attempt", lease.attempt}});
  const auto trace =
      traces_ ? TraceOf(lease, *traces_) : std::optional<TraceContext>();
  if (!trace) return log.Log(level, message, fields);
  log.With({{"trace_id", Hex(trace->trace)}, {"span_id", Hex(trace->span)}})
      .Log(level, message, fields);
}

void LogEvents::OnAttemptStarted(const Lease& lease, Duration waited) {
  Log(lease, LogLevel::kDebug, "attempt started", {{"waited", waited}});
}

void LogEvents::OnAttemptEnded(const Lease& lease, const AttemptEnd& end) {
  // Info even if it failed: that is the task's affair, not the executor's.
  if (!log_.Enabled(LogLevel::kInfo)) return;
  const std::string_view outcome = Name(end.outcome);
  if (!end.error) {
    return Log(lease, LogLevel::kInfo, "attempt ended",
               {{"outcome", outcome}, {"took", end.run_time}});
  }
  Log(lease, LogLevel::kInfo, "attempt ended",
      {{"outcome", outcome},
       {"took", end.run_time},
       {"error", Concat(end.error->type, ": ", end.error->message)}});
}

void LogEvents::OnFinished(int count, int stale, Duration took) {
  if (stale > 0) {
    log_.Warn("results refused: the leases had ended",
              {{"refused", stale}, {"of", count}});
  }
  log_.Trace("recorded", {{"attempts", count}, {"took", took}});
}

void LogEvents::OnProgressRefused(int count) {
  log_.Warn("progress refused: the leases had ended", {{"refused", count}});
}

void LogEvents::OnLeaseLost(const Lease& lease, std::string_view reason) {
  Log(lease, LogLevel::kWarn, "attempt stopped: its lease may be gone",
      {{"reason", reason}});
}

void LogEvents::OnAttemptAbandoned(const Lease& lease,
                                   std::string_view reason) {
  Log(lease, LogLevel::kError,
      "handler ignores its stop request; its slot goes on without it",
      {{"reason", reason}});
}

void LogEvents::OnPostponed(const Lease& lease, std::string_view reason) {
  Log(lease, LogLevel::kWarn,
      "too large for this executor; it needs one with more --memory or --cpus",
      {{"reason", reason}});
}

void LogEvents::OnStoreError(std::string_view operation,
                             const absl::Status& status) {
  if (status.ok()) {
    log_.Info("the store answers again", {{"operation", operation}});
  } else {
    log_.Error("the store does not answer; trying on",
               {{"operation", operation}, {"error", status}});
  }
}

void LogEvents::OnHeartbeat(const absl::Status& status) {
  if (!status.ok()) log_.Warn("heartbeat failed", {{"error", status}});
}

void LogEvents::OnSwept(const SweepReport& report) {
  if (report.executors_lost + report.tasks_recovered + report.tasks_failed +
          report.timers_fired + report.runs_started ==
      0) {
    return;
  }
  log_.Info("swept", {{"executors_lost", report.executors_lost},
                      {"tasks_recovered", report.tasks_recovered},
                      {"tasks_failed", report.tasks_failed},
                      {"deadlines", report.timers_fired},
                      {"runs_started", report.runs_started}});
}

void LogEvents::OnPruned(std::int64_t runs) {
  log_.Info("pruned", {{"runs", runs}});
}

void LogEvents::OnLog(const Lease& lease, LogLevel level,
                      std::string_view message) {
  Log(lease, level, message, {});
}

void LogEvents::OnOutput(const Lease& lease, LogSource source, LogLevel level,
                         std::string_view lines) {
  (void)source;
  if (!log_.Enabled(level)) return;
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    Log(lease, level, lines.substr(0, end), {});
    if (end == std::string_view::npos) return;
    lines.remove_prefix(end + 1);
  }
}

void LogEvents::OnBrokerState(BrokerState state, std::string_view why) {
  if (state == BrokerState::kDisconnected) {
    log_.Warn("broker", {{"state", Name(state)}, {"reason", why}});
  } else {
    log_.Info("broker", {{"state", Name(state)}});
  }
}

// A collector that is away for long is worth a line now and then.
void LogEvents::OnSpansDropped(std::int64_t spans, std::string_view why) {
  constexpr auto kPause = std::chrono::minutes(1);
  const auto now = std::chrono::steady_clock::now();
  {
    MutexLock lock(mutex_);
    dropped_ += spans;
    if (told_ && now < *told_ + kPause) return;
    told_ = now;
    spans = std::exchange(dropped_, 0);
  }
  log_.Warn("spans of traces were dropped",
            {{"spans", spans}, {"reason", why}});
}

void EventFanOut::OnClaimed(int count, std::string_view source, Duration took) {
  for (EventSink* sink : sinks_) sink->OnClaimed(count, source, took);
}
void EventFanOut::OnAttemptStarted(const Lease& lease, Duration waited) {
  for (EventSink* sink : sinks_) sink->OnAttemptStarted(lease, waited);
}
void EventFanOut::OnAttemptEnded(const Lease& lease, const AttemptEnd& end) {
  for (EventSink* sink : sinks_) sink->OnAttemptEnded(lease, end);
}
void EventFanOut::OnFinished(int count, int stale, Duration took) {
  for (EventSink* sink : sinks_) sink->OnFinished(count, stale, took);
}
void EventFanOut::OnProgressRefused(int count) {
  for (EventSink* sink : sinks_) sink->OnProgressRefused(count);
}
void EventFanOut::OnLeaseLost(const Lease& lease, std::string_view reason) {
  for (EventSink* sink : sinks_) sink->OnLeaseLost(lease, reason);
}
void EventFanOut::OnAttemptAbandoned(const Lease& lease,
                                     std::string_view reason) {
  for (EventSink* sink : sinks_) sink->OnAttemptAbandoned(lease, reason);
}
void EventFanOut::OnStoreError(std::string_view operation,
                               const absl::Status& status) {
  for (EventSink* sink : sinks_) sink->OnStoreError(operation, status);
}
void EventFanOut::OnHeartbeat(const absl::Status& status) {
  for (EventSink* sink : sinks_) sink->OnHeartbeat(status);
}
void EventFanOut::OnPostponed(const Lease& lease, std::string_view reason) {
  for (EventSink* sink : sinks_) sink->OnPostponed(lease, reason);
}
void EventFanOut::OnSwept(const SweepReport& report) {
  for (EventSink* sink : sinks_) sink->OnSwept(report);
}
void EventFanOut::OnPruned(std::int64_t runs) {
  for (EventSink* sink : sinks_) sink->OnPruned(runs);
}
void EventFanOut::OnLog(const Lease& lease, LogLevel level,
                        std::string_view message) {
  for (EventSink* sink : sinks_) sink->OnLog(lease, level, message);
}
void EventFanOut::OnOutput(const Lease& lease, LogSource source, LogLevel level,
                           std::string_view lines) {
  for (EventSink* sink : sinks_) sink->OnOutput(lease, source, level, lines);
}
void EventFanOut::OnResultBytes(std::string_view store,
                                ResultDirection direction, std::int64_t bytes) {
  for (EventSink* sink : sinks_) sink->OnResultBytes(store, direction, bytes);
}
void EventFanOut::OnBrokerState(BrokerState state, std::string_view why) {
  for (EventSink* sink : sinks_) sink->OnBrokerState(state, why);
}
void EventFanOut::OnData(std::string_view type, const DataVolume& volume) {
  for (EventSink* sink : sinks_) sink->OnData(type, volume);
}
void EventFanOut::OnServiceCall(const Lease& lease, const ServiceCall& call) {
  for (EventSink* sink : sinks_) sink->OnServiceCall(lease, call);
}
void EventFanOut::OnSpansExported(std::int64_t spans) {
  for (EventSink* sink : sinks_) sink->OnSpansExported(spans);
}
void EventFanOut::OnSpansDropped(std::int64_t spans, std::string_view why) {
  for (EventSink* sink : sinks_) sink->OnSpansDropped(spans, why);
}
void EventFanOut::OnWorker(std::string_view type, WorkerEvent event) {
  for (EventSink* sink : sinks_) sink->OnWorker(type, event);
}

}  // namespace windlass

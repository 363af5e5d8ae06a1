#include "engine/log_events.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "model/task_name.h"

namespace windlass {
namespace {

std::string TaskName(const Lease& lease) {
  return FormatTaskName(lease.spec().id, lease.task);
}

}  // namespace

void LogEvents::OnAttemptStarted(const Lease& lease) {
  if (!log_.Enabled(LogLevel::kDebug)) return;
  log_.Debug("attempt started", {{"run", FormatRunId(lease.run->id)},
                                 {"task", TaskName(lease)},
                                 {"attempt", lease.attempt}});
}

void LogEvents::OnAttemptEnded(const Lease& lease, const AttemptEnd& end) {
  // Info even if it failed: that is the task's affair, not the executor's.
  if (!log_.Enabled(LogLevel::kInfo)) return;
  log_.Info("attempt ended",
            {{"run", FormatRunId(lease.run->id)},
             {"task", TaskName(lease)},
             {"attempt", lease.attempt},
             {"outcome", Name(end.outcome)},
             {"took", end.run_time},
             {"error", end.error ? absl::StrCat(end.error->type, ": ",
                                                end.error->message)
                                 : std::string()}});
}

void LogEvents::OnFinished(int count, int stale, Duration took) {
  if (stale > 0) {
    log_.Warn("results refused: the leases had ended",
              {{"refused", stale}, {"of", count}});
  }
  log_.Trace("recorded", {{"attempts", count}, {"took", took}});
}

void LogEvents::OnLeaseLost(const Lease& lease, std::string_view reason) {
  log_.Warn("attempt stopped: its lease may be gone",
            {{"run", FormatRunId(lease.run->id)},
             {"task", TaskName(lease)},
             {"attempt", lease.attempt},
             {"reason", reason}});
}

void LogEvents::OnAttemptAbandoned(const Lease& lease,
                                   std::string_view reason) {
  log_.Error("handler ignores its stop request; its slot goes on without it",
             {{"run", FormatRunId(lease.run->id)},
              {"task", TaskName(lease)},
              {"attempt", lease.attempt},
              {"reason", reason}});
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
          report.timers_fired ==
      0) {
    return;
  }
  log_.Info("swept", {{"executors_lost", report.executors_lost},
                      {"tasks_recovered", report.tasks_recovered},
                      {"tasks_failed", report.tasks_failed},
                      {"deadlines", report.timers_fired}});
}

void LogEvents::OnLog(const Lease& lease, LogLevel level,
                      std::string_view message) {
  if (!log_.Enabled(level)) return;
  log_.Log(level, message,
           {{"run", FormatRunId(lease.run->id)},
            {"task", TaskName(lease)},
            {"attempt", lease.attempt}});
}

void EventFanOut::OnClaimed(int count, std::string_view source, Duration took) {
  for (EventSink* sink : sinks_) sink->OnClaimed(count, source, took);
}
void EventFanOut::OnAttemptStarted(const Lease& lease) {
  for (EventSink* sink : sinks_) sink->OnAttemptStarted(lease);
}
void EventFanOut::OnAttemptEnded(const Lease& lease, const AttemptEnd& end) {
  for (EventSink* sink : sinks_) sink->OnAttemptEnded(lease, end);
}
void EventFanOut::OnFinished(int count, int stale, Duration took) {
  for (EventSink* sink : sinks_) sink->OnFinished(count, stale, took);
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
void EventFanOut::OnSwept(const SweepReport& report) {
  for (EventSink* sink : sinks_) sink->OnSwept(report);
}
void EventFanOut::OnLog(const Lease& lease, LogLevel level,
                        std::string_view message) {
  for (EventSink* sink : sinks_) sink->OnLog(lease, level, message);
}

}  // namespace windlass

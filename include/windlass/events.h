// What happens inside an executor, for logs and metrics.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "windlass/handler.h"
#include "windlass/lease.h"
#include "windlass/store.h"

namespace windlass {

enum class ResultDirection : std::uint8_t { kWritten, kRead };
enum class BrokerState : std::uint8_t { kNone, kDisconnected, kConnected };

// What an attempt gave as tables: its result and its outputs.
struct DataVolume {
  std::int64_t rows = 0;
  std::int64_t bytes = 0;          // Of tables that became files.
  std::int64_t spilled_bytes = 0;  // At most at a time, to its scratch folder.
};

// A process was started, served another task, or was not fit for a next one.
enum class WorkerEvent : std::uint8_t { kStarted, kReused, kDiscarded };

// Receives every event. Called on the threads that do the work: be quick, do
// not block, do not throw. Each method does nothing unless overridden.
//
//   event             when
//   OnClaimed         leases were taken with a recorded batch (`source` is
//                     "handoff"), or the store was asked for some, because the
//                     broker had hinted ("hint") or without ("poll"), and gave
//                     `count`, perhaps none
//   OnAttemptStarted  a handler is about to run, `waited` after the claim,
//                     or after the submit if the task waits for nothing else
//   OnAttemptEnded    it has returned; not yet recorded
//   OnFinished        a batch was recorded; `stale` of it were refused
//   OnProgressRefused progress or saved state was refused as stale
//   OnLeaseLost       an attempt is stopped because its lease may be gone
//   OnAttemptAbandoned  a handler ignored its stop request for its whole grace
//                     period; its slot goes on without it
//   OnHeartbeat       the registration was renewed, or not
//   OnPostponed       a task was given back for a while, because the executor's
//                     whole capacity does not hold it
//   OnSwept           dead executors, deadlines, schedules were dealt with
//   OnPruned          so many runs were deleted that had ended long enough ago
//   OnStoreError      the store cannot be asked; once per row of errors, and
//                     once with OK when it can again
//   OnLog             a handler logged a line
//   OnOutput          a program of a handler printed these lines
//   OnResultBytes     so much was written to or read from a result store;
//                     `store` is the scheme of its URIs: "file"
//   OnBrokerState     the connection to the broker came, or went and `why`
//   OnData            an attempt of this task type has processed data
//   OnServiceCall     a handler has sent a request to a service
//   OnSpansExported   so many spans of traces have arrived at their collector
//   OnSpansDropped    so many have not and never will
//   OnWorker          of the processes that run functions or programs of tasks
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void OnClaimed(int count, std::string_view source, Duration took) {
    (void)count, (void)source, (void)took;
  }
  virtual void OnAttemptStarted(const Lease& lease, Duration waited) {
    (void)lease, (void)waited;
  }
  virtual void OnAttemptEnded(const Lease& lease, const AttemptEnd& end) {
    (void)lease, (void)end;
  }
  virtual void OnFinished(int count, int stale, Duration took) {
    (void)count, (void)stale, (void)took;
  }
  virtual void OnProgressRefused(int count) { (void)count; }
  virtual void OnLeaseLost(const Lease& lease, std::string_view reason) {
    (void)lease, (void)reason;
  }
  virtual void OnAttemptAbandoned(const Lease& lease, std::string_view reason) {
    (void)lease, (void)reason;
  }
  virtual void OnStoreError(std::string_view operation,
                            const absl::Status& status) {
    (void)operation, (void)status;
  }
  virtual void OnHeartbeat(const absl::Status& status) { (void)status; }
  virtual void OnPostponed(const Lease& lease, std::string_view reason) {
    (void)lease, (void)reason;
  }
  virtual void OnSwept(const SweepReport& report) { (void)report; }
  virtual void OnPruned(std::int64_t runs) { (void)runs; }
  virtual void OnLog(const Lease& lease, LogLevel level,
                     std::string_view message) {
    (void)lease, (void)level, (void)message;
  }
  virtual void OnOutput(const Lease& lease, LogSource source, LogLevel level,
                        std::string_view lines) {
    (void)lease, (void)source, (void)level, (void)lines;
  }
  virtual void OnResultBytes(std::string_view store, ResultDirection direction,
                             std::int64_t bytes) {
    (void)store, (void)direction, (void)bytes;
  }
  virtual void OnBrokerState(BrokerState state, std::string_view why) {
    (void)state, (void)why;
  }
  virtual void OnData(std::string_view type, const DataVolume& volume) {
    (void)type, (void)volume;
  }
  virtual void OnWorker(std::string_view type, WorkerEvent event) {
    (void)type, (void)event;
  }
  virtual void OnServiceCall(const Lease& lease, const ServiceCall& call) {
    (void)lease, (void)call;
  }
  virtual void OnSpansExported(std::int64_t spans) { (void)spans; }
  virtual void OnSpansDropped(std::int64_t spans, std::string_view why) {
    (void)spans, (void)why;
  }
};

}  // namespace windlass

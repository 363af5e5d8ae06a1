// What happens inside an executor, for logs and metrics.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "windlass/handler.h"
#include "windlass/lease.h"
#include "windlass/store.h"

namespace windlass {

// Receives every event. Called on the threads that do the work: be quick, do
// not block, do not throw. Each method does nothing unless overridden.
//
//   event             when
//   OnClaimed         leases were taken; `source` is "poll" or "handoff"
//   OnAttemptStarted  a handler is about to run
//   OnAttemptEnded    it has returned; not yet recorded
//   OnFinished        a batch was recorded; `stale` of it were refused
//   OnLeaseLost       an attempt is stopped because its lease may be gone
//   OnAttemptAbandoned  a handler ignored its stop request for its whole grace
//                     period; its slot goes on without it
//   OnHeartbeat       the registration was renewed, or not
//   OnSwept           dead executors or deadlines were dealt with
//   OnStoreError      the store cannot be asked; once per row of errors, and
//                     once with OK when it can again
//   OnLog             a handler logged a line
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void OnClaimed(int count, std::string_view source, Duration took) {
    (void)count, (void)source, (void)took;
  }
  virtual void OnAttemptStarted(const Lease& lease) { (void)lease; }
  virtual void OnAttemptEnded(const Lease& lease, const AttemptEnd& end) {
    (void)lease, (void)end;
  }
  virtual void OnFinished(int count, int stale, Duration took) {
    (void)count, (void)stale, (void)took;
  }
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
  virtual void OnSwept(const SweepReport& report) { (void)report; }
  virtual void OnLog(const Lease& lease, LogLevel level,
                     std::string_view message) {
    (void)lease, (void)level, (void)message;
  }
};

}  // namespace windlass

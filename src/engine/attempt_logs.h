// Brings what attempts print and log to the store, while they run.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"
#include "base/service.h"
#include "engine/log_buffer.h"
#include "executor/store_errors.h"
#include "windlass/attempt_log.h"
#include "windlass/clock.h"
#include "windlass/events.h"

namespace windlass {

// Writes every kInterval what has come since, of all attempts together. Bounded
// in what it keeps of an attempt, in what it holds in memory, and, for attempts
// that print without end, in what it writes. A log that cannot be written never
// fails a task nor slows it. An attempt that prints nothing costs nothing.
//
// Thread-safe. Its thread starts with the first line.
class AttemptLogs : public EventSink, public ThreadService {
 public:
  static constexpr Duration kInterval = std::chrono::milliseconds(200);
  // Between two writes of the end of a log that goes on and on.
  static constexpr Duration kTailInterval = std::chrono::seconds(1);
  static constexpr std::size_t kBatchBytes = std::size_t{1} << 20;
  // Beyond, lines are left out: the store is too slow, or does not answer.
  static constexpr std::size_t kMaximumHeld = std::size_t{64} << 20;

  struct Options {
    // Kept of each attempt, in bytes: half of it the beginning, half the end.
    std::int64_t limit = 0;
  };

  // All borrowed; `told` hears of a store that does not answer.
  AttemptLogs(AttemptLogStore& store, Clock& clock, EventSink& told,
              Options options);
  // Stop() writes what has come until then.
  ~AttemptLogs() override { Stop(); }

  void OnLog(const Lease& lease, LogLevel level,
             std::string_view message) override;
  void OnOutput(const Lease& lease, LogSource source, LogLevel level,
                std::string_view lines) override;
  void OnAttemptEnded(const Lease& lease, const AttemptEnd& end) override;

 protected:
  void Run(std::stop_token stop) override;

 private:
  struct Log {
    RunId run;
    TaskKey task;
    int attempt = 1;
    LogBuffer buffer;
    bool ended = false;
    Duration not_before{0};  // By the steady clock.
  };
  enum class When : std::uint8_t { kDue, kNow };

  void WriteUntilDone(When when);
  std::vector<AttemptLogAppend> TakeBatch(When when);
  // Whether the next is to follow at once.
  bool WriteBatch(When when);
  static void Take(Log& log, LeaseToken token,
                   std::vector<AttemptLogAppend>& batch);

  AttemptLogStore& store_;
  Clock& clock_;
  StoreErrors errors_;  // Of the thread.
  const Options options_;

  // Of the thread alone: what the store did not take yet.
  std::vector<AttemptLogAppend> unwritten_;

  // So that the end of an attempt that logged nothing takes no lock.
  std::atomic<int> open_count_{0};
  Mutex mutex_;
  std::condition_variable_any changed_;
  std::map<LeaseToken, Log> logs_ ABSL_GUARDED_BY(mutex_);
  LeaseToken last_taken_ ABSL_GUARDED_BY(mutex_);
  std::size_t held_ ABSL_GUARDED_BY(mutex_) = 0;
  bool changed_since_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace windlass

// Log lines of attempts, kept as files: one per attempt that logged anything,
// FOLDER/r42/report.1.log (task, or task[index], then the attempt). Bounded;
// what is beyond the bound is counted in the last line.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "base/file.h"
#include "windlass/events.h"

namespace windlass {

// Thread-safe. A log that cannot be written never fails a task.
class AttemptLogs : public EventSink {
 public:
  static constexpr std::int64_t kMaximumBytes = 8 << 20;

  // An empty folder name keeps nothing.
  explicit AttemptLogs(std::string folder) : folder_(std::move(folder)) {}

  void OnLog(const Lease& lease, LogLevel level,
             std::string_view message) override;
  void OnAttemptEnded(const Lease& lease, const AttemptEnd& end) override;

 private:
  struct File {
    UniqueFd fd;
    std::int64_t bytes = 0;
    std::int64_t dropped = 0;
  };

  std::shared_ptr<File> Open(const Lease& lease);

  const std::string folder_;
  absl::Mutex mutex_;
  // By lease token. Shared: a line is written outside the lock.
  std::map<LeaseToken, std::shared_ptr<File>> open_ ABSL_GUARDED_BY(mutex_);
};

// A file of an attempt that is over or still being written.
struct AttemptLog {
  std::string task;  // "report", "per_airport[3]"
  int attempt = 0;
  std::string path;
};

// All there are of a run, by task and attempt.
std::vector<AttemptLog> ListAttemptLogs(const std::string& folder, RunId run);

}  // namespace windlass

// Databases that are open before they are needed.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"
#include "handlers/duckdb/database.h"

namespace windlass::duckdb {

// For tasks that need a database that nobody used before, so that nothing of
// one can reach another. Opening and closing one takes ten times as long as a
// small query; a thread does both aside, and opens them ahead from the first
// Take() on. Thread-safe.
class DatabasePool {
 public:
  // Databases have `threads` threads, unless a task asks for another number.
  explicit DatabasePool(int threads) : threads_(threads) {}
  ~DatabasePool();
  DatabasePool(const DatabasePool&) = delete;
  DatabasePool& operator=(const DatabasePool&) = delete;

  absl::StatusOr<std::unique_ptr<Database>> Take(
      const DatabaseOptions& options);
  // One that is to be kept: no other is opened in its place.
  absl::StatusOr<std::unique_ptr<Database>> Open(
      const DatabaseOptions& options) const;
  // Closes it, soon; it may be null. Its folder may be gone by then.
  void Discard(std::unique_ptr<Database> database);

 private:
  // How many are kept open.
  static constexpr std::size_t kSpare = 2;

  std::unique_ptr<Database> TakeSpare();
  void StartLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool NeedsSpareLocked() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return taken_ && spare_.size() < kSpare && !failing_;
  }
  void Work(std::stop_token stop);

  const int threads_;
  Mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<std::unique_ptr<Database>> spare_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Database>> used_ ABSL_GUARDED_BY(mutex_);
  bool taken_ ABSL_GUARDED_BY(mutex_) = false;    // One ever was.
  bool failing_ ABSL_GUARDED_BY(mutex_) = false;  // The last open did.
  std::jthread thread_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace windlass::duckdb

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

// Every task gets a database that nobody used before, so nothing of one can
// reach another. Opening and closing one takes ten times as long as a small
// query; a thread does both aside. It starts with the first Take().
// Thread-safe.
class DatabasePool {
 public:
  // Databases have `threads` threads, unless a task asks for another number.
  explicit DatabasePool(int threads) : threads_(threads) {}
  ~DatabasePool();
  DatabasePool(const DatabasePool&) = delete;
  DatabasePool& operator=(const DatabasePool&) = delete;

  absl::StatusOr<std::unique_ptr<Database>> Take(
      const DatabaseOptions& options);
  // Closes it, soon; it may be null. Its folder may be gone by then.
  void Discard(std::unique_ptr<Database> database);

 private:
  // How many are kept open.
  static constexpr std::size_t kSpare = 2;

  std::unique_ptr<Database> TakeSpare();
  void Work(std::stop_token stop);

  const int threads_;
  Mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<std::unique_ptr<Database>> spare_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Database>> used_ ABSL_GUARDED_BY(mutex_);
  bool failing_ ABSL_GUARDED_BY(mutex_) = false;  // The last open did.
  std::jthread thread_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace windlass::duckdb

// Stops a database's statements when their task should stop, and tells how far
// they are.
#pragma once

#include <condition_variable>
#include <functional>
#include <stop_token>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"
#include "handlers/duckdb/database.h"

namespace windlass::duckdb {

// Has a thread of its own from construction to destruction. `database` is
// borrowed; `progress` is called on that thread, a few times a second, with
// numbers from 0 to 1, negative ones while DuckDB cannot tell.
class QueryWatch {
 public:
  QueryWatch(Database& database, std::stop_token stop,
             std::function<void(double)> progress);
  ~QueryWatch();

 private:
  void Watch(std::stop_token stop);

  Database& database_;
  const std::function<void(double)> progress_;
  Mutex mutex_;
  std::condition_variable_any changed_;
  bool done_ ABSL_GUARDED_BY(mutex_) = false;
  std::jthread thread_;
};

}  // namespace windlass::duckdb

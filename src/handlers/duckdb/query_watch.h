// Stops a database's statements when their task should stop, and tells how far
// they are.
#pragma once

#include <condition_variable>
#include <functional>
#include <stop_token>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"
#include "handlers/duckdb/database.h"

namespace windlass::duckdb {

class QueryWatch;

// The thread that all watches of a handler share: one per task would cost a
// small query a fifth of its time. It starts with the first watch, and must
// outlive all of them. Thread-safe.
class QueryWatcher {
 public:
  QueryWatcher() = default;
  ~QueryWatcher();
  QueryWatcher(const QueryWatcher&) = delete;
  QueryWatcher& operator=(const QueryWatcher&) = delete;

 private:
  friend class QueryWatch;

  void Add(QueryWatch& watch);
  // Returns when the thread is done with it.
  void Remove(QueryWatch& watch);
  // A task should stop.
  void Hurry();

  void Work(std::stop_token stop);
  // False when it has been removed; otherwise it stays until LookedAt().
  bool Take(QueryWatch* watch);
  void LookedAt();

  Mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<QueryWatch*> watches_ ABSL_GUARDED_BY(mutex_);
  QueryWatch* looking_at_ ABSL_GUARDED_BY(mutex_) = nullptr;
  bool hurry_ ABSL_GUARDED_BY(mutex_) = false;
  std::jthread thread_ ABSL_GUARDED_BY(mutex_);
};

// Watches from construction to destruction. `watcher` and `database` are
// borrowed; `progress` is called on the watcher's thread, a few times a second
// but not at once, with numbers from 0 to 1, negative ones while DuckDB cannot
// tell. It must not take long: other tasks are stopped by that thread as well.
class QueryWatch {
 public:
  QueryWatch(QueryWatcher& watcher, Database& database, std::stop_token stop,
             std::function<void(double)> progress);
  ~QueryWatch();
  QueryWatch(const QueryWatch&) = delete;
  QueryWatch& operator=(const QueryWatch&) = delete;

 private:
  friend class QueryWatcher;

  // What the watcher's thread does with it; false when the task should stop,
  // and it is to be looked at again soon.
  bool Look();

  QueryWatcher& watcher_;
  Database& database_;
  const std::stop_token stop_;
  const std::function<void(double)> progress_;
  bool is_new_ = true;  // Of the watcher's thread.
  std::stop_callback<std::function<void()>> stopped_;
};

}  // namespace windlass::duckdb

// Programs that wait for their next task.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"
#include "handlers/process/worker.h"
#include "windlass/time.h"

namespace windlass {

// Thread-safe. A thread of its own ends programs whose time is over; it starts
// with the first program that waits.
class WorkerPool {
 public:
  WorkerPool(std::size_t maximum_idle, Duration idle_timeout)
      : maximum_idle_(maximum_idle), idle_timeout_(idle_timeout) {}
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // The one of this key that waited least, or null. It can be used.
  std::unique_ptr<Worker> Take(const std::string& key);

  // Lets it wait. Over the limit, the one that waited longest ends.
  void Put(std::string key, std::unique_ptr<Worker> worker);

  std::size_t idle() const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Entry {
    std::string key;
    std::unique_ptr<Worker> worker;
    Clock::time_point expires;
  };

  std::unique_ptr<Worker> Pop(const std::string& key);
  void ExpireUntil(std::stop_token stop);

  const std::size_t maximum_idle_;
  const Duration idle_timeout_;
  mutable Mutex mutex_;
  std::condition_variable_any changed_;
  // Those that waited longest first.
  std::list<Entry> idle_ ABSL_GUARDED_BY(mutex_);
  std::jthread thread_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace windlass

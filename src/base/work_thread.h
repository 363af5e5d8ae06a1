// A thread that does what it is given.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <stop_token>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"

namespace windlass {

// Thread-safe. The thread starts with the first piece of work.
class WorkThread {
 public:
  explicit WorkThread(std::string name) : name_(std::move(name)) {}
  ~WorkThread() { Stop(); }
  WorkThread(const WorkThread&) = delete;
  WorkThread& operator=(const WorkThread&) = delete;

  // In the order given, one at a time. Destroys it once stopped.
  void Post(std::function<void()> work);

  // Waits for what was begun; destroys what still waits.
  void Stop();

 private:
  void Run(const std::stop_token& stop);

  const std::string name_;
  Mutex mutex_;
  std::condition_variable_any posted_;
  std::deque<std::function<void()>> work_ ABSL_GUARDED_BY(mutex_);
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::jthread thread_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace windlass

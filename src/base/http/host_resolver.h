// Names to addresses, off the thread that waits for them.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"

namespace windlass {

// Thread-safe. A few threads, started by the first question: libcurl would
// start one for each.
class HostResolver {
 public:
  // Addresses as texts, best first; of IPv6 in brackets.
  using Answer = absl::StatusOr<std::vector<std::string>>;

  HostResolver() = default;
  // Answers nobody any more.
  ~HostResolver();
  HostResolver(const HostResolver&) = delete;
  HostResolver& operator=(const HostResolver&) = delete;

  // `done` is called on one of its threads. Unavailable: there is no such host,
  // or nobody could say.
  void Resolve(std::string host, std::function<void(Answer)> done);

 private:
  struct Question {
    std::string host;
    std::function<void(Answer)> done;
  };
  void Run(const std::stop_token& stop);

  Mutex mutex_;
  std::condition_variable_any asked_;
  std::deque<Question> questions_ ABSL_GUARDED_BY(mutex_);
  int idle_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<std::jthread> threads_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace windlass

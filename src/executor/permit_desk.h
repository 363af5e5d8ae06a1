// Where attempts ask whether limits let them begin.
#pragma once

#include <condition_variable>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "windlass/store.h"

namespace windlass {

// Attempts that ask while the store is being asked are asked about together, as
// soon as it has answered: one at a time is as quick as without it, and a
// hundred cost two calls. Thread-safe.
class PermitDesk {
 public:
  // `store` is borrowed.
  explicit PermitDesk(TaskStore& store) : store_(store) {}
  PermitDesk(const PermitDesk&) = delete;
  PermitDesk& operator=(const PermitDesk&) = delete;

  // Waits for the store's answer.
  absl::StatusOr<PermitAnswer> Ask(PermitRequest request);

 private:
  struct Question {
    PermitRequest request;
    absl::StatusOr<PermitAnswer> answer = PermitAnswer();
    bool answered = false;
  };

  void Answer(const std::vector<Question*>& questions);

  TaskStore& store_;
  Mutex mutex_;
  std::condition_variable_any changed_;
  bool asking_ ABSL_GUARDED_BY(mutex_) = false;
  // Each belongs to the thread that waits for it.
  std::vector<Question*> waiting_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace windlass

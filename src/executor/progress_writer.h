// Carries progress, heartbeat details and intermediate results of running
// attempts to the store.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "base/mutex.h"
#include "base/service.h"
#include "executor/store_errors.h"
#include "windlass/store.h"

namespace windlass {

class Clock;

// Who is told when the store refuses an update.
class ProgressOwner {
 public:
  virtual ~ProgressOwner() = default;
  virtual void OnLeaseLost() = 0;
};

// Updates of one attempt merge while they wait, the later value winning, and
// are written together with those of others every kInterval. Thread-safe.
class ProgressWriter : public ThreadService {
 public:
  static constexpr Duration kInterval = std::chrono::milliseconds(100);

  // All borrowed.
  ProgressWriter(TaskStore& store, Clock& clock, EventSink& events);
  ~ProgressWriter() override { Stop(); }

  // Writes later. `owner` may be gone by then.
  void Post(ProgressUpdate update, std::weak_ptr<ProgressOwner> owner);

  // Writes now, with what waits for the same lease. FailedPrecondition: the
  // lease has ended.
  absl::Status Save(ProgressUpdate update);

  // The attempt is about to end: writes heartbeat details that wait, because
  // the next attempt will read them, and forgets everything else.
  void Settle(LeaseToken token);

  void Forget(LeaseToken token);

 protected:
  void Run(std::stop_token stop) override;

 private:
  struct Waiting {
    ProgressUpdate update;
    std::weak_ptr<ProgressOwner> owner;
  };
  using WaitingByToken = absl::flat_hash_map<std::int64_t, Waiting>;

  void WriteWaiting();
  void PutBack(WaitingByToken&& unwritten);
  ProgressUpdate TakeMerged(ProgressUpdate update);

  TaskStore& store_;
  Clock& clock_;
  EventSink& events_;
  StoreErrors errors_;  // Of the thread.

  // Held for each write, so that an older value never comes after a newer one.
  // Taken before mutex_.
  Mutex writing_;
  Mutex mutex_ ABSL_ACQUIRED_AFTER(writing_);
  std::condition_variable_any posted_;
  WaitingByToken waiting_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace windlass

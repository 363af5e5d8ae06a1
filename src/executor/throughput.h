// How fast an executor ends tasks, and how many leases that makes worth holding
// beyond its free slots.
#pragma once

#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"
#include "windlass/time.h"

namespace windlass {

// Thread-safe. Times are a Clock's Steady().
class Throughput {
 public:
  // `count` attempts have been recorded.
  void Add(std::int64_t count, Duration now);

  // Tasks per second of late. When nothing ends any more it falls by itself.
  double PerSecond(Duration now) const;

  // What the slots use up in the time two trips to the store may take, within
  // [0, maximum]: nothing when tasks are slow, so that a lease does not wait
  // here while another executor is free.
  int LookAhead(Duration now, int maximum) const;

 private:
  double PerSecondLocked(Duration now) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable Mutex mutex_;
  double rate_ ABSL_GUARDED_BY(mutex_) = 0;
  Duration window_start_ ABSL_GUARDED_BY(mutex_){0};
  std::int64_t window_count_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace windlass

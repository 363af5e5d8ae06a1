// How long tasks take and how long the store does, and how many leases that
// makes worth holding beyond the free slots.
#pragma once

#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"
#include "windlass/time.h"

namespace windlass {

// Thread-safe. Times are a Clock's Steady().
class Throughput {
 public:
  // `count` attempts, which kept slots for `busy` in all, have been recorded by
  // a call of the store that took `trip` and ended `now`.
  void Add(std::int64_t count, Duration busy, Duration trip, Duration now);

  // What `slots` use up while two trips to the store are made, within
  // [0, maximum]: nothing when tasks are slow, so that a lease does not wait
  // here while another executor is free; and nothing when none has ended of
  // late. It does not depend on how many tasks end in a second, which depends
  // on it.
  int LookAhead(int slots, Duration now, int maximum) const;

 private:
  mutable Mutex mutex_;
  double task_seconds_ ABSL_GUARDED_BY(mutex_) = 0;
  double trip_seconds_ ABSL_GUARDED_BY(mutex_) = 0;
  Duration last_ ABSL_GUARDED_BY(mutex_){0};
};

}  // namespace windlass

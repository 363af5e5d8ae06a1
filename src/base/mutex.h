// A mutex that clang's -Wthread-safety understands and ThreadSanitizer sees:
// std::mutex has no annotations, and absl::Mutex from an uninstrumented package
// makes TSan report races that are none.
//
// To wait, use std::condition_variable_any with the Mutex itself as the lock:
//
//   MutexLock lock(mutex_);
//   changed_.wait(mutex_, stop, [this] {
//     mutex_.AssertHeld();
//     return ready_;
//   });
#pragma once

#include <mutex>

#include "absl/base/thread_annotations.h"

namespace windlass {

class ABSL_LOCKABLE Mutex {
 public:
  void lock() ABSL_EXCLUSIVE_LOCK_FUNCTION() { mutex_.lock(); }
  void unlock() ABSL_UNLOCK_FUNCTION() { mutex_.unlock(); }
  bool try_lock() ABSL_EXCLUSIVE_TRYLOCK_FUNCTION(true) {
    return mutex_.try_lock();
  }

  // Tells the analysis, inside a wait's predicate, what it cannot see.
  void AssertHeld() const ABSL_ASSERT_EXCLUSIVE_LOCK() {}

 private:
  std::mutex mutex_;
};

// Holds a Mutex for a scope.
class ABSL_SCOPED_LOCKABLE MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) ABSL_EXCLUSIVE_LOCK_FUNCTION(mutex)
      : mutex_(mutex) {
    mutex_.lock();
  }
  ~MutexLock() ABSL_UNLOCK_FUNCTION() { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

}  // namespace windlass

// Signals as something to wait for instead of something that interrupts.
#pragma once

#include <initializer_list>

#include "base/file.h"
#include "windlass/time.h"

namespace windlass {

// Blocks the given signals for this thread and all threads it starts later, so
// make one before any other thread exists. Not restored when it goes: a late
// signal must not kill a program that is cleaning up.
class SignalWatcher {
 public:
  explicit SignalWatcher(std::initializer_list<int> signals);

  // The next signal that came, or 0 after `timeout`.
  int Wait(Duration timeout);

 private:
  UniqueFd fd_;
};

}  // namespace windlass

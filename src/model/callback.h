// What becomes of the message a task waited for when an attempt of it fails.
#pragma once

#include "windlass/result.h"

namespace windlass {

// Whether this failure is what the message says. Any other one leaves the
// message to the next attempt: its sender was told that it is kept.
inline bool IsSaidByCallback(const TaskError& error) {
  return error.type == "CallbackFailed";
}

}  // namespace windlass

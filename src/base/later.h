// Points in time that are far away without coming around.
#pragma once

#include <algorithm>

#include "windlass/time.h"

namespace windlass {

// At the end of time rather than beyond it; a negative delay is none.
inline Timestamp Later(Timestamp time, Duration delay) {
  delay = std::max(delay, Duration(0));
  if (time > Timestamp::max() - delay) return Timestamp::max();
  return time + delay;
}

}  // namespace windlass

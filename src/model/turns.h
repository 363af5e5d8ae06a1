// In what order tasks wait for a limit that a fleet shares.
#pragma once

#include "windlass/time.h"

namespace windlass {

// A task that has waited this long comes before newer ones of one priority
// more.
inline constexpr Duration kAgeingStep = std::chrono::minutes(1);

// Waiting tasks take their turn by this, earliest first. As all grow older at
// the same pace, it never changes.
Timestamp TurnOf(int priority, Timestamp waiting_since);

}  // namespace windlass

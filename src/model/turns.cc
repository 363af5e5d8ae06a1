#include "model/turns.h"

#include <algorithm>

namespace windlass {
namespace {

constexpr int kHighestPriority = 9;

}  // namespace

Timestamp TurnOf(int priority, Timestamp waiting_since) {
  return waiting_since +
         kAgeingStep *
             (kHighestPriority - std::clamp(priority, 0, kHighestPriority));
}

}  // namespace windlass

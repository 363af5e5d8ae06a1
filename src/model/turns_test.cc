#include "model/turns.h"

#include <gtest/gtest.h>

namespace windlass {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr Timestamp At(Duration since) { return Timestamp(since); }

TEST(TurnTest, HigherPrioritiesComeFirstAndEqualOnesInOrder) {
  EXPECT_LT(TurnOf(6, At(seconds(10))), TurnOf(5, At(seconds(10))));
  EXPECT_LT(TurnOf(5, At(seconds(10))), TurnOf(5, At(seconds(11))));
}

TEST(TurnTest, AMinuteOfWaitingIsWorthOnePriority) {
  EXPECT_LT(TurnOf(4, At(minutes(0))), TurnOf(5, At(minutes(1) + Duration(1))));
  EXPECT_GT(TurnOf(4, At(minutes(0))), TurnOf(5, At(minutes(1) - Duration(1))));
  EXPECT_LT(TurnOf(0, At(minutes(0))), TurnOf(9, At(minutes(10))));
}

}  // namespace
}  // namespace windlass

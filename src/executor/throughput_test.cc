#include "executor/throughput.h"

#include <gtest/gtest.h>

namespace windlass {
namespace {

using namespace std::chrono_literals;

TEST(ThroughputTest, NothingMeasuredIsNoLookAhead) {
  Throughput throughput;
  EXPECT_EQ(throughput.LookAhead(1s, 1000), 0);
}

TEST(ThroughputTest, TheLookAheadIsWhatTwentyMillisecondsUse) {
  Throughput throughput;
  Duration now = 1s;
  for (int i = 0; i < 100; ++i) {
    now += 10ms;
    throughput.Add(100, now);
  }
  EXPECT_NEAR(throughput.PerSecond(now), 10'000, 100);
  EXPECT_NEAR(throughput.LookAhead(now, 1000), 200, 2);
  EXPECT_EQ(throughput.LookAhead(now, 50), 50);
  EXPECT_EQ(throughput.LookAhead(now, -1), 0);
}

TEST(ThroughputTest, SlowTasksHaveNoLookAhead) {
  Throughput throughput;
  Duration now = 1s;
  for (int i = 0; i < 10; ++i) throughput.Add(1, now += 200ms);
  EXPECT_EQ(throughput.LookAhead(now, 1000), 0);
}

TEST(ThroughputTest, TheRateFallsWhenNothingEndsAnyMore) {
  Throughput throughput;
  Duration now = 1s;
  for (int i = 0; i < 100; ++i) throughput.Add(100, now += 10ms);
  EXPECT_EQ(throughput.LookAhead(now + 1s, 1000), 0);
}

}  // namespace
}  // namespace windlass

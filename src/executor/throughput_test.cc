#include "executor/throughput.h"

#include <gtest/gtest.h>

namespace windlass {
namespace {

using namespace std::chrono_literals;

TEST(ThroughputTest, NothingMeasuredIsNoLookAhead) {
  Throughput throughput;
  EXPECT_EQ(throughput.LookAhead(4, 1s, 1000), 0);
}

TEST(ThroughputTest, TheLookAheadIsWhatTheSlotsUseInTwoTrips) {
  Throughput throughput;
  Duration now = 1s;
  for (int i = 0; i < 100; ++i) {
    throughput.Add(10, 10 * 1ms, 20ms, now += 20ms);
  }
  EXPECT_NEAR(throughput.LookAhead(4, now, 1000), 160, 1);
  EXPECT_EQ(throughput.LookAhead(4, now, 50), 50);
  EXPECT_EQ(throughput.LookAhead(4, now, -1), 0);
}

TEST(ThroughputTest, ASlowStoreIsMadeUpForHoweverFewTasksEnd) {
  Throughput throughput;
  throughput.Add(1, 10us, 100ms, 1s);
  EXPECT_EQ(throughput.LookAhead(2, 1s, 1000), 1000);
}

TEST(ThroughputTest, SlowTasksHaveNoLookAhead) {
  Throughput throughput;
  Duration now = 1s;
  throughput.Add(1000, 10ms, 5ms, now);
  for (int i = 0; i < 10; ++i) throughput.Add(1, 200ms, 5ms, now += 100ms);
  EXPECT_EQ(throughput.LookAhead(4, now, 1000), 0);
}

TEST(ThroughputTest, TheLookAheadEndsWhenNothingEndsAnyMore) {
  Throughput throughput;
  Duration now = 1s;
  for (int i = 0; i < 100; ++i) throughput.Add(100, 1ms, 5ms, now += 5ms);
  EXPECT_GT(throughput.LookAhead(4, now, 1000), 0);
  EXPECT_EQ(throughput.LookAhead(4, now + 2s, 1000), 0);
}

}  // namespace
}  // namespace windlass

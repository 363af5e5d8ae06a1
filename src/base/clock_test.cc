#include "windlass/clock.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/manual_clock.h"

namespace windlass {
namespace {

using namespace std::chrono_literals;

TEST(SystemClockTest, SteadyNeverGoesBack) {
  auto clock = MakeSystemClock();
  Duration previous = clock->Steady();
  for (int i = 0; i < 1'000; ++i) {
    Duration now = clock->Steady();
    EXPECT_GE(now, previous);
    previous = now;
  }
}

TEST(SystemClockTest, ASleepLastsAtLeastAsLongAsAsked) {
  auto clock = MakeSystemClock();
  Duration start = clock->Steady();
  EXPECT_TRUE(clock->SleepFor(2ms, {}));
  EXPECT_GE(clock->Steady() - start, 2ms);
}

TEST(SystemClockTest, AStopEndsTheLongestSleep) {
  auto clock = MakeSystemClock();
  std::atomic<bool> slept = true;
  std::jthread sleeper([&](std::stop_token stop) {
    slept = clock->SleepFor(Duration::max(), stop);
  });
  sleeper.request_stop();
  sleeper.join();
  EXPECT_FALSE(slept);
}

TEST(SystemClockTest, AStoppedSleeperDoesNotSleep) {
  std::stop_source source;
  source.request_stop();
  EXPECT_FALSE(MakeSystemClock()->SleepFor(1h, source.get_token()));
  EXPECT_TRUE(MakeSystemClock()->SleepFor(-1s, {}));
}

TEST(ManualClockTest, TimePassesOnlyWhenAdvanced) {
  ManualClock clock;
  Timestamp start = clock.Now();
  clock.Advance(5s);
  EXPECT_EQ(clock.Now() - start, 5s);
  EXPECT_EQ(clock.Steady(), 5s);
  clock.SetNow(start);
  EXPECT_EQ(clock.Now(), start);
  EXPECT_EQ(clock.Steady(), 5s);
}

TEST(ManualClockTest, AdvanceWakesThoseWhoseTimeHasCome) {
  ManualClock clock;
  std::atomic<int> woken = 0;
  std::jthread early([&](std::stop_token stop) {
    if (clock.SleepFor(1s, stop)) ++woken;
  });
  std::jthread late([&](std::stop_token stop) {
    if (clock.SleepFor(10s, stop)) ++woken;
  });
  ASSERT_TRUE(clock.WaitForSleepers(2));
  EXPECT_EQ(clock.UntilNextWake(), 1s);
  clock.Advance(1s);
  early.join();
  EXPECT_EQ(woken, 1);
  ASSERT_TRUE(clock.WaitForSleepers(1));
  EXPECT_EQ(clock.UntilNextWake(), 9s);
  late.request_stop();
  late.join();
  EXPECT_EQ(woken, 1);
  EXPECT_EQ(clock.UntilNextWake(), Duration::max());
}

TEST(ManualClockTest, WaitingForSleepersWhoNeverComeGivesUp) {
  ManualClock clock;
  EXPECT_FALSE(clock.WaitForSleepers(1, 1ms));
}

}  // namespace
}  // namespace windlass

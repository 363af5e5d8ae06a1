#include "base/backoff.h"

#include <gtest/gtest.h>

#include <set>

namespace windlass {
namespace {

using namespace std::chrono_literals;

TEST(BackoffTest, DecorrelatedDelaysStayWithinTheirBounds) {
  Backoff backoff({.initial = 100ms, .maximum = 5s}, Random(1));
  Duration previous = 100ms;
  for (int i = 0; i < 1'000; ++i) {
    Duration delay = backoff.Next();
    EXPECT_GE(delay, 100ms);
    EXPECT_LE(delay, 5s);
    EXPECT_LE(delay, previous * 3);
    previous = delay;
  }
}

TEST(BackoffTest, ExponentialDelaysDoubleUpToTheMaximum) {
  Backoff backoff(
      {.initial = 100ms, .maximum = 1s, .growth = BackoffGrowth::kExponential},
      Random(1));
  for (Duration full : {100ms, 200ms, 400ms, 800ms, 1000ms, 1000ms}) {
    Duration delay = backoff.Next();
    EXPECT_LE(delay, full);
    EXPECT_GE(delay, full * 3 / 4);
  }
}

TEST(BackoffTest, AResetMakesTheNextDelayShortAgain) {
  for (auto growth :
       {BackoffGrowth::kDecorrelated, BackoffGrowth::kExponential}) {
    Backoff backoff({.initial = 1ms, .maximum = 1h, .growth = growth},
                    Random(3));
    for (int i = 0; i < 100; ++i) backoff.Next();
    backoff.Reset();
    EXPECT_LE(backoff.Next(), 3ms);
  }
}

TEST(BackoffTest, TwoWaitersDoNotWaitInStep) {
  std::set<Duration> delays;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    delays.insert(Backoff({}, Random(seed)).Next());
  }
  EXPECT_GT(delays.size(), 45u);
}

TEST(BackoffTest, ExtremeOptionsDoNotOverflow) {
  for (auto growth :
       {BackoffGrowth::kDecorrelated, BackoffGrowth::kExponential}) {
    Backoff longest({.initial = Duration::max(),
                     .maximum = Duration::max(),
                     .growth = growth},
                    Random(1));
    Backoff shortest({.initial = -5s, .maximum = -7s, .growth = growth},
                     Random(1));
    for (int i = 0; i < 200; ++i) {
      EXPECT_GT(longest.Next(), Duration::max() / 2);
      EXPECT_EQ(shortest.Next(), 1us);
    }
  }
}

TEST(BackoffTest, AroundIsAFifthMoreOrLess) {
  Random random(3);
  Duration least = Duration::max();
  Duration most = Duration::zero();
  for (int i = 0; i < 1000; ++i) {
    const Duration wait = Around(100ms, random);
    least = std::min(least, wait);
    most = std::max(most, wait);
  }
  EXPECT_GE(least, 80ms);
  EXPECT_LT(least, 85ms);
  EXPECT_GT(most, 115ms);
  EXPECT_LE(most, 120ms);
  EXPECT_EQ(Around(Duration::zero(), random), Duration::zero());
}

}  // namespace
}  // namespace windlass

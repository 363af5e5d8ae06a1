#include "model/limits.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>

namespace windlass {
namespace {

using std::chrono::milliseconds;
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

RateWindow Empty(int limit, Duration period) {
  return {limit, period, 0, 0, {}};
}

TEST(RateWindowTest, SoManyMayStartAtOnce) {
  RateWindow window = Empty(2, seconds(10));
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(window.FreeAt(), Timestamp::min());
    window.Reserve();
    EXPECT_EQ(window.Start(At(seconds(100 + i))), At(seconds(100 + i)));
  }
  EXPECT_EQ(window.FreeAt(), At(seconds(110)));
  EXPECT_EQ(window.started(), 2);
}

TEST(RateWindowTest, WhatIsReservedIsNotFree) {
  RateWindow window = Empty(2, seconds(10));
  window.Reserve();
  window.Start(At(seconds(100)));
  window.Reserve();
  EXPECT_EQ(window.FreeAt(), At(seconds(110)));
  // Nobody knows when the one that is reserved begins.
  window.Reserve();
  EXPECT_EQ(window.FreeAt(), Timestamp::max());
  window.Cancel();
  window.Cancel();
  EXPECT_EQ(window.FreeAt(), Timestamp::min());
}

TEST(RateWindowTest, AStartLaterThanReservedCountsWhenItHappens) {
  RateWindow window = Empty(1, seconds(10));
  window.Reserve();
  window.Start(At(seconds(100)));
  window.Reserve();
  window.Start(At(seconds(117)));
  EXPECT_EQ(window.FreeAt(), At(seconds(127)));
}

TEST(RateWindowTest, AHoldKeepsEveryStartBack) {
  const Timestamp now = At(seconds(100));
  RateWindow window(3, seconds(10), 0, 0, {});
  window.Reserve();
  window.Start(now);
  EXPECT_LE(window.FreeAt(), now);
  EXPECT_EQ(window.HoldUntil(now + seconds(25)), now + seconds(15));
  EXPECT_EQ(window.FreeAt(), now + seconds(25));
  // All of the limit is there again, and a second hold changes nothing.
  EXPECT_EQ(window.HoldUntil(now + seconds(25)), std::nullopt);
  EXPECT_EQ(window.HoldUntil(now + seconds(20)), std::nullopt);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(window.FreeAt(), now + seconds(25));
    window.Reserve();
    window.Start(now + seconds(25));
  }
  EXPECT_EQ(window.FreeAt(), now + seconds(35));
}

TEST(RateWindowTest, AHoldShorterThanThePeriodLastsUntilThat) {
  const Timestamp now = At(seconds(100));
  RateWindow window(3, seconds(10), 0, 0, {});
  window.Reserve();
  window.Start(now);
  EXPECT_EQ(window.HoldUntil(now + seconds(1)), now);
  EXPECT_EQ(window.FreeAt(), now + seconds(10));
}

TEST(RateWindowTest, TimeDoesNotGoBack) {
  RateWindow window = Empty(2, seconds(10));
  window.Reserve();
  window.Start(At(seconds(100)));
  window.Reserve();
  EXPECT_EQ(window.Start(At(seconds(99))), At(seconds(100)));
}

TEST(RateWindowTest, WhatIsNotKnownIsTakenToBeRecent) {
  const RateWindow cut(100, seconds(10), 150, 0,
                       {{50, At(seconds(5))}, {150, At(seconds(9))}});
  EXPECT_EQ(cut.FreeAt(), At(seconds(19)));
  const RateWindow exact(101, seconds(10), 150, 0,
                         {{50, At(seconds(5))}, {150, At(seconds(9))}});
  EXPECT_EQ(exact.FreeAt(), At(seconds(15)));
}

TEST(RateWindowTest, ALongPeriodDoesNotOverflow) {
  RateWindow window = Empty(1, Duration::max());
  window.Reserve();
  window.Start(At(seconds(1)));
  EXPECT_EQ(window.FreeAt(), Timestamp::max());
}

// Against the definition, with random pauses between reservation and start.
TEST(RateWindowTest, NoWindowHoldsMoreThanTheLimitAndNoneIsWasted) {
  std::mt19937 random(7);
  for (int round = 0; round < 50; ++round) {
    const int limit = 1 + static_cast<int>(random() % 5);
    const Duration period = seconds(10);
    RateWindow window = Empty(limit, period);
    std::deque<Timestamp> starts;
    Timestamp now = At(seconds(1));
    for (int step = 0; step < 300; ++step) {
      now += milliseconds(random() % 3000);
      const auto recent =
          std::count_if(starts.begin(), starts.end(),
                        [&](Timestamp start) { return start + period > now; });
      EXPECT_EQ(window.FreeAt() <= now, recent + window.reserved() < limit);
      if (window.FreeAt() <= now) window.Reserve();
      if (window.reserved() > 0 && random() % 2 == 0) {
        starts.push_back(window.Start(now));
        const auto n = static_cast<int>(starts.size());
        if (n <= limit) continue;
        EXPECT_GE(
            starts.back() - starts[static_cast<std::size_t>(n - 1 - limit)],
            period);
      }
    }
  }
}

}  // namespace
}  // namespace windlass

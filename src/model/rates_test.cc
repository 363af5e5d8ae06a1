#include "model/rates.h"

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

RateWindow Empty(int limit, RatePace pace) { return {limit, pace, 0, 0, {}}; }

constexpr RatePace kPace = {.apart = seconds(10)};

TEST(RatePaceTest, AFiftiethIsAddedAndAQuarterGivenAheadWithinBounds) {
  EXPECT_EQ(PaceOf(milliseconds(100), 10).apart, milliseconds(102));
  EXPECT_EQ(PaceOf(milliseconds(100), 10).lead, milliseconds(25));
  EXPECT_EQ(PaceOf(minutes(1), 10).apart, minutes(1) + milliseconds(20));
  EXPECT_EQ(PaceOf(minutes(1), 10).lead, milliseconds(250));
  EXPECT_EQ(PaceOf(minutes(1), 10).way, milliseconds(50));
  EXPECT_EQ(PaceOf(Duration::max(), 10).apart, Duration::max());
}

TEST(RatePaceTest, AFiftiethOfTheLimitIsTogether) {
  EXPECT_EQ(PaceOf(seconds(1), 10).together, 1);
  EXPECT_EQ(PaceOf(seconds(1), 101).together, 3);
  EXPECT_EQ(PaceOf(seconds(1), 101).gap, milliseconds(2));
  EXPECT_EQ(PaceOf(milliseconds(100), 101).gap, Duration(200));
}

TEST(RateWindowTest, SoManyMayStartAtOnce) {
  RateWindow window = Empty(2, kPace);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(window.FreeAt(), Timestamp::min());
    window.Reserve();
    EXPECT_EQ(window.Start(At(seconds(100 + i))).at, At(seconds(100 + i)));
  }
  EXPECT_EQ(window.FreeAt(), At(seconds(110)));
  EXPECT_EQ(window.started(), 2);
}

TEST(RateWindowTest, WhatIsReservedIsNotFree) {
  RateWindow window = Empty(2, kPace);
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
  RateWindow window = Empty(1, kPace);
  window.Reserve();
  window.Start(At(seconds(100)));
  window.Reserve();
  window.Start(At(seconds(117)));
  EXPECT_EQ(window.FreeAt(), At(seconds(127)));
}

TEST(RateWindowTest, AHoldKeepsEveryStartBack) {
  const Timestamp now = At(seconds(100));
  RateWindow window(3, kPace, 0, 0, {});
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
  RateWindow window(3, kPace, 0, 0, {});
  window.Reserve();
  window.Start(now);
  EXPECT_EQ(window.HoldUntil(now + seconds(1)), now);
  EXPECT_EQ(window.FreeAt(), now + seconds(10));
}

TEST(RateWindowTest, TimeDoesNotGoBack) {
  RateWindow window = Empty(2, kPace);
  window.Reserve();
  window.Start(At(seconds(100)));
  window.Reserve();
  EXPECT_EQ(window.Start(At(seconds(99))).counts, At(seconds(100)));
}

TEST(RateWindowTest, WhatIsNotKnownIsTakenToBeRecent) {
  const RateWindow cut(100, kPace, 150, 0,
                       {{50, At(seconds(5))}, {150, At(seconds(9))}});
  EXPECT_EQ(cut.FreeAt(), At(seconds(19)));
  const RateWindow exact(101, kPace, 150, 0,
                         {{50, At(seconds(5))}, {150, At(seconds(9))}});
  EXPECT_EQ(exact.FreeAt(), At(seconds(15)));
}

TEST(RateWindowTest, ALongPeriodDoesNotOverflow) {
  RateWindow window = Empty(1, PaceOf(Duration::max(), 10));
  window.Reserve();
  window.Start(At(seconds(1)));
  EXPECT_EQ(window.FreeAt(), Timestamp::max());
}

TEST(RateWindowTest, AStartIsGivenOutAheadAndCountsFromWhenItMayBe) {
  RateWindow window = Empty(2, {.apart = seconds(10), .lead = seconds(1)});
  for (const int at : {100, 103}) {
    window.Reserve();
    window.Start(At(seconds(at)));
  }
  EXPECT_EQ(window.FreeAt(), At(seconds(109)));
  window.Reserve();
  EXPECT_EQ(window.FreeAt(), At(seconds(112)));
  EXPECT_EQ(window.Start(At(milliseconds(109'300))).at, At(seconds(110)));
  window.Reserve();
  EXPECT_EQ(window.Start(At(seconds(114))).at, At(seconds(114)));
  EXPECT_EQ(window.FreeAt(), At(seconds(119)));
}

TEST(RateWindowTest, AStartThatIsNotGivenOutAheadCountsALittleLater) {
  RateWindow window =
      Empty(1, {.apart = seconds(10), .lead = seconds(2), .way = seconds(1)});
  window.Reserve();
  EXPECT_EQ(window.Start(At(seconds(100))).at, At(seconds(100)));
  EXPECT_EQ(window.FreeAt(), At(seconds(109)));
  window.Reserve();
  // May begin at 111, asks at 110.5.
  const auto begun = window.Start(At(milliseconds(110'500)));
  EXPECT_EQ(begun.at, At(seconds(111)));
  EXPECT_EQ(begun.counts, At(milliseconds(111'500)));
}

TEST(RateWindowTest, ManyAtOnceAreMadeAFewAtATimeAndStayApart) {
  const RatePace pace = {.apart = seconds(10),
                         .lead = seconds(1),
                         .way = milliseconds(100),
                         .together = 2,
                         .gap = milliseconds(3)};
  RateWindow window = Empty(5, pace);
  Timestamp now = At(seconds(100));
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 5; ++i) {
      now = std::max(now, window.FreeAt());
      window.Reserve();
      EXPECT_EQ(window.Start(now).at, At(seconds(100)) +
                                          milliseconds(3) * (i / 2) +
                                          round * (pace.apart + pace.way));
    }
  }
}

TEST(RateWindowTest, WhatComesOneByOneIsNotHeldUp) {
  const RatePace pace = {
      .apart = seconds(10), .way = milliseconds(100), .gap = milliseconds(3)};
  std::vector<RateRule::Starts> known;
  for (int i = 0; i < 5; ++i) {
    // As another transaction sees it.
    RateWindow window(9, pace, i, 1, known);
    EXPECT_EQ(window.Start(At(seconds(100))).at, At(seconds(100)));
    known.push_back({i + 1, At(seconds(100)) + pace.way});
  }
}

// Against the definition, with random pauses between reservation and start.
TEST(RateWindowTest, NoWindowHoldsMoreThanTheLimitAndNoneIsWasted) {
  std::mt19937 random(7);
  for (int round = 0; round < 50; ++round) {
    const int limit = 1 + static_cast<int>(random() % 5);
    const Duration period = seconds(10);
    const Duration lead = seconds(random() % 3);
    const Duration way = lead / 4;
    const Duration gap = milliseconds(random() % 100);
    RateWindow window =
        Empty(limit, {.apart = period, .lead = lead, .way = way, .gap = gap});
    std::deque<Timestamp> starts;
    Timestamp now = At(seconds(1));
    for (int step = 0; step < 300; ++step) {
      now += milliseconds(random() % 3000);
      const auto recent = std::count_if(
          starts.begin(), starts.end(),
          [&](Timestamp start) { return start + period > now + lead; });
      EXPECT_EQ(window.FreeAt() <= now, recent + window.reserved() < limit);
      if (window.FreeAt() <= now) window.Reserve();
      if (window.reserved() > 0 && random() % 2 == 0) {
        const auto begun = window.Start(now);
        EXPECT_GE(begun.at, now);
        EXPECT_LE(begun.at, begun.counts);
        EXPECT_LE(begun.counts, now + std::max(lead, way) + gap * limit);
        starts.push_back(begun.counts);
        const auto n = static_cast<int>(starts.size());
        if (n <= limit) continue;
        EXPECT_GE(
            starts.back() - starts[static_cast<std::size_t>(n - 1 - limit)],
            period);
      }
    }
  }
}

TokenBucket Bucket(int capacity, Duration interval, RatePace pace = {}) {
  return {capacity, interval, pace, 0, 0, Timestamp::min()};
}

TEST(TokenBucketTest, ItHoldsSoManyAndGetsAnotherAfterEachInterval) {
  TokenBucket bucket = Bucket(2, seconds(4));
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(bucket.FreeAt() <= At(seconds(100)), true);
    bucket.Reserve();
    EXPECT_EQ(bucket.Start(At(seconds(100))).at, At(seconds(100)));
  }
  EXPECT_EQ(bucket.FreeAt(), At(seconds(104)));
  bucket.Reserve();
  bucket.Start(At(seconds(105)));
  EXPECT_EQ(bucket.FreeAt(), At(seconds(108)));
  EXPECT_EQ(bucket.started(), 3);
}

TEST(TokenBucketTest, WhatIsReservedIsNotFree) {
  TokenBucket bucket = Bucket(2, seconds(4));
  EXPECT_EQ(bucket.FreeAt(), Timestamp::min());
  bucket.Reserve();
  bucket.Reserve();
  EXPECT_EQ(bucket.FreeAt(), Timestamp::max());
  bucket.Cancel();
  EXPECT_EQ(bucket.FreeAt(), Timestamp::min());
}

TEST(TokenBucketTest, WhatComesWithinTheLeadCanBeReserved) {
  TokenBucket bucket =
      Bucket(1, seconds(4), {.apart = seconds(40), .lead = seconds(9)});
  for (int i = 0; i < 3; ++i) {
    EXPECT_LE(bucket.FreeAt(), At(seconds(100)));
    bucket.Reserve();
  }
  EXPECT_EQ(bucket.FreeAt(), Timestamp::max());
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(bucket.Start(At(seconds(100))).at, At(seconds(100 + 4 * i)));
  }
  EXPECT_EQ(bucket.FreeAt(), At(seconds(112 - 9)));
}

TEST(TokenBucketTest, AHoldLeavesOneTokenForWhenItIsOver) {
  TokenBucket bucket = Bucket(3, seconds(4));
  EXPECT_EQ(bucket.HoldUntil(At(seconds(100))), At(seconds(108)));
  EXPECT_EQ(bucket.FreeAt(), At(seconds(100)));
  EXPECT_EQ(bucket.HoldUntil(At(seconds(99))), std::nullopt);
  bucket.Reserve();
  bucket.Start(At(seconds(100)));
  EXPECT_EQ(bucket.FreeAt(), At(seconds(104)));
}

TEST(TokenBucketTest, MissingTokensAreThoseThatTimeHasNotBroughtYet) {
  const auto missing = [](Timestamp full_at) {
    return TokenBucket::Missing(3, seconds(4), full_at, At(seconds(100)));
  };
  EXPECT_EQ(missing(Timestamp::min()), 0);
  EXPECT_EQ(missing(At(seconds(100))), 0);
  EXPECT_EQ(missing(At(seconds(100) + Duration(1))), 1);
  EXPECT_EQ(missing(At(seconds(104))), 1);
  EXPECT_EQ(missing(At(seconds(105))), 2);
  EXPECT_EQ(missing(Timestamp::max()), 3);
}

TEST(TokenBucketTest, TokensAreAsFarApartAsTheMarginOfTheirPeriodAsks) {
  EXPECT_EQ(TokenBucket::IntervalOf(10, milliseconds(100)), Duration(10'200));
  // Rounded up: never more than the limit.
  EXPECT_EQ(TokenBucket::IntervalOf(7, seconds(1)), Duration(145'715));
  EXPECT_EQ(TokenBucket::IntervalOf(1'000'000'000, milliseconds(1)),
            Duration(1));
}

TEST(TokenBucketTest, ALongPeriodDoesNotOverflow) {
  const Duration interval = TokenBucket::IntervalOf(1, Duration::max());
  TokenBucket bucket = Bucket(1'000'000, interval, PaceOf(Duration::max(), 10));
  EXPECT_EQ(bucket.FreeAt(), Timestamp::min());
  bucket.Reserve();
  EXPECT_EQ(bucket.Start(At(seconds(1))).counts, Timestamp::max());
  EXPECT_EQ(bucket.HoldUntil(At(seconds(5))), std::nullopt);
  TokenBucket single = Bucket(1, interval, PaceOf(Duration::max(), 10));
  single.Reserve();
  single.Start(At(seconds(1)));
  EXPECT_EQ(single.FreeAt(), Timestamp::max());
}

// Against the definition, with random pauses between reservation and start.
TEST(TokenBucketTest, NoTimeHoldsMoreThanTheBucketAndWhatFillsItMeanwhile) {
  std::mt19937 random(7);
  for (int round = 0; round < 50; ++round) {
    const int capacity = 1 + static_cast<int>(random() % 5);
    const Duration interval = milliseconds(500 + random() % 3000);
    const Duration lead = seconds(random() % 3);
    const Duration way = lead / 4;
    TokenBucket bucket = Bucket(
        capacity, interval, {.apart = seconds(10), .lead = lead, .way = way});
    std::vector<Timestamp> starts;
    Timestamp now = At(seconds(1));
    for (int step = 0; step < 300; ++step) {
      now += milliseconds(random() % 2000);
      if (bucket.FreeAt() <= now) bucket.Reserve();
      if (bucket.reserved() > 0 && random() % 2 == 0) {
        const auto begun = bucket.Start(now);
        EXPECT_GE(begun.at, now);
        EXPECT_LE(begun.at, now + lead + way);
        // Nothing is in the way of whoever comes when the bucket is full.
        if (starts.empty()) {
          EXPECT_EQ(begun.at, now);
        }
        starts.push_back(begun.at);
      }
    }
    for (std::size_t from = 0; from < starts.size(); ++from) {
      for (std::size_t to = from; to < starts.size(); ++to) {
        const auto count = static_cast<std::int64_t>(to - from + 1);
        EXPECT_LE(count, capacity + (starts[to] - starts[from]) / interval);
      }
    }
  }
}

}  // namespace
}  // namespace windlass

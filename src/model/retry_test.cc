#include <gtest/gtest.h>

#include <limits>
#include <set>

#include "model/lifecycle.h"

namespace windlass {
namespace {

using namespace std::chrono_literals;

RetryPolicy Policy(Duration initial, double coefficient, Duration maximum) {
  RetryPolicy policy;
  policy.initial_interval = initial;
  policy.backoff_coefficient = coefficient;
  policy.maximum_interval = maximum;
  return policy;
}

TEST(RetryDelayTest, DoublesUpToTheMaximum) {
  RetryPolicy policy = Policy(1s, 2, 100s);
  Duration expected = 1s;
  for (int failures = 1; failures <= 20; ++failures) {
    EXPECT_EQ(RetryDelay(policy, failures, 0),
              std::min<Duration>(expected, 100s))
        << failures;
    expected *= 2;
  }
}

TEST(RetryDelayTest, IsExactToTheMicrosecondWithBrokenCoefficients) {
  RetryPolicy policy = Policy(1s, 1.5, std::chrono::hours(24 * 365));
  std::int64_t threes = 1;
  for (int failures = 1; failures <= 20; ++failures) {
    // 1.5^n as a fraction, rounded half up.
    std::int64_t twos = std::int64_t{1} << (failures - 1);
    Duration expected((2 * threes * 1'000'000 / twos + 1) / 2);
    EXPECT_EQ(RetryDelay(policy, failures, 0), expected) << failures;
    threes *= 3;
  }
  policy.backoff_coefficient = 1.1;
  EXPECT_EQ(RetryDelay(policy, 3, 0), 1'210'000us);
  EXPECT_EQ(RetryDelay(policy, 20, 0), 6'115'909us);
}

TEST(RetryDelayTest, NeverOverflows) {
  for (double coefficient : {1.0, 2.0, 1e6, 1e300}) {
    for (Duration maximum : {Duration(1h), Duration::max()}) {
      RetryPolicy policy = Policy(1s, coefficient, maximum);
      for (int failures : {1, 2, 64, 1000, std::numeric_limits<int>::max()}) {
        Duration delay = RetryDelay(policy, failures, 0);
        EXPECT_GE(delay, 1s);
        EXPECT_LE(delay, maximum);
      }
    }
  }
  EXPECT_EQ(RetryDelay(Policy(1s, 1e6, 1h), 1000, 0), 1h);
  EXPECT_EQ(RetryDelay(Policy(1s, 1e6, Duration::max()), 1000, 0),
            Duration::max());
}

TEST(RetryDelayTest, StaysWithinItsBoundsWhateverThePolicySays) {
  EXPECT_EQ(RetryDelay(Policy(0s, 1e300, 1h), 1000, 0), 0s);
  EXPECT_EQ(RetryDelay(Policy(10s, 2, 1s), 1, 0), 1s);
  EXPECT_EQ(RetryDelay(Policy(-1s, 2, 1h), 1, 0), 0s);
  EXPECT_EQ(RetryDelay(Policy(1s, 2, -1s), 1, 0), 0s);
  EXPECT_EQ(RetryDelay(Policy(1s, -2, 1h), 2, 0), 0s);
  EXPECT_EQ(RetryDelay(Policy(1s, 0.5, 1h), 2, 0), 500ms);
  double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(RetryDelay(Policy(1s, nan, 1h), 2, 0), 1h);
  EXPECT_EQ(RetryDelay(Policy(1s, 2, 1h), -5, 0), 1s);
}

TEST(RetryDelayTest, JitterSpreadsOverItsWholeRange) {
  RetryPolicy policy = Policy(9us, 1, 1h);
  for (auto [jitter, least] :
       {std::pair(Jitter::kFull, 0us), std::pair(Jitter::kEqual, 5us)}) {
    policy.jitter = jitter;
    std::set<Duration> seen;
    for (int attempt = 1; attempt < 500; ++attempt) {
      seen.insert(RetryDelay(policy, 1, JitterSeed({7}, {1, -1}, attempt)));
    }
    EXPECT_EQ(*seen.begin(), least);
    EXPECT_EQ(*seen.rbegin(), 9us);
    EXPECT_EQ(seen.size(), jitter == Jitter::kFull ? 10u : 5u);
  }
  policy = Policy(Duration::max(), 1, Duration::max());
  policy.jitter = Jitter::kFull;
  EXPECT_GE(RetryDelay(policy, 1, 3), 0s);
}

TEST(RetryDelayTest, TheSameSeedGivesTheSameDelay) {
  RetryPolicy policy = Policy(1h, 1, 1h);
  policy.jitter = Jitter::kFull;
  std::uint64_t seed = JitterSeed({7}, {1, 2}, 3);
  EXPECT_EQ(seed, JitterSeed({7}, {1, 2}, 3));
  EXPECT_EQ(RetryDelay(policy, 1, seed), RetryDelay(policy, 1, seed));
  std::set<std::uint64_t> seeds = {
      seed, JitterSeed({8}, {1, 2}, 3), JitterSeed({7}, {2, 2}, 3),
      JitterSeed({7}, {1, -1}, 3), JitterSeed({7}, {1, 2}, 4)};
  EXPECT_EQ(seeds.size(), 5u);
}

}  // namespace
}  // namespace windlass

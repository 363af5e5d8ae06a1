#include "base/random.h"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <set>

namespace windlass {
namespace {

// The reference implementation's first numbers for seed 1234567.
TEST(RandomTest, IsSplitMix64) {
  Random random(1234567);
  EXPECT_EQ(random(), 6457827717110365317u);
  EXPECT_EQ(random(), 3203168211198807973u);
  EXPECT_EQ(random(), 9817491932198370423u);
}

TEST(RandomTest, OneBitOfInputChangesAboutHalfOfTheOutput) {
  int changed = 0;
  for (int bit = 0; bit < 64; ++bit) {
    changed += std::popcount(Mix(42) ^ Mix(42 ^ (std::uint64_t{1} << bit)));
  }
  EXPECT_NEAR(changed, 64 * 32, 200);
}

TEST(RandomTest, BelowStaysBelowAndReachesEverything) {
  Random random(1);
  std::array<int, 5> seen = {};
  for (int i = 0; i < 5'000; ++i) ++seen.at(random.Below(5));
  for (int count : seen) EXPECT_NEAR(count, 1'000, 150);
  EXPECT_EQ(random.Below(0), 0u);
  EXPECT_EQ(random.Below(1), 0u);
}

TEST(RandomTest, UnitIsFromZeroToOne) {
  Random random(2);
  double sum = 0;
  for (int i = 0; i < 10'000; ++i) {
    double unit = random.Unit();
    ASSERT_GE(unit, 0);
    ASSERT_LT(unit, 1);
    sum += unit;
  }
  EXPECT_NEAR(sum / 10'000, 0.5, 0.02);
}

TEST(RandomTokenTest, IsHexOfTheWantedLengthAndNeverTheSame) {
  std::set<std::string> tokens;
  for (int i = 0; i < 100; ++i) tokens.insert(RandomToken(16));
  EXPECT_EQ(tokens.size(), 100u);
  EXPECT_EQ(tokens.begin()->size(), 32u);
  EXPECT_EQ(tokens.begin()->find_first_not_of("0123456789abcdef"),
            std::string::npos);
  EXPECT_EQ(RandomToken(0), "");
  EXPECT_NE(RandomSeed(), RandomSeed());
}

}  // namespace
}  // namespace windlass

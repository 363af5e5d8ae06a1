#include "windlass/time.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace windlass {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

TEST(DurationTest, EveryUnitIsRead) {
  EXPECT_EQ(*ParseDuration("7us"), 7us);
  EXPECT_EQ(*ParseDuration("250ms"), 250ms);
  EXPECT_EQ(*ParseDuration("30s"), 30s);
  EXPECT_EQ(*ParseDuration("5m"), 5min);
  EXPECT_EQ(*ParseDuration("2h"), 2h);
  EXPECT_EQ(*ParseDuration("7d"), 7 * 24h);
  EXPECT_EQ(*ParseDuration("0s"), 0s);
}

TEST(DurationTest, PartsAddUp) {
  EXPECT_EQ(*ParseDuration("2m30s"), 150s);
  EXPECT_EQ(*ParseDuration("1d2h3m4s5ms6us"), 26h + 3min + 4s + 5ms + 6us);
}

TEST(DurationTest, DecimalsAreExact) {
  EXPECT_EQ(*ParseDuration("1.5h"), 90min);
  EXPECT_EQ(*ParseDuration("0.1s"), 100ms);
  EXPECT_EQ(*ParseDuration("0.000001s"), 1us);
  EXPECT_EQ(*ParseDuration("1.50000000000000000000s"), 1500ms);
  EXPECT_EQ(*ParseDuration("0.3ms"), 300us);
}

TEST(DurationTest, BadTextsAreRefusedWithTheReason) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "empty"},
      {"30", "unit is missing"},
      {"-5s", "number is missing"},
      {"s", "number is missing"},
      {"1.s", "after the point"},
      {"5 s", "unit is missing"},
      {"5w", "no unit \"w\""},
      {"5S", "unit is missing"},
      {"30s2m", "large to small"},
      {"1s1s", "large to small"},
      {"0.1us", "finer"},
      {"0.0000000000000000001d", "finer"},
      {"106751992d", "too long"},
      {"106751991d1d", "large to small"},
      {"106751991d24h", "too long"},
      {"99999999999999999999999999999999999999999s", "too long"}};
  for (const auto& [text, reason] : cases) {
    auto parsed = ParseDuration(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(parsed.status().message()), HasSubstr(reason));
  }
}

TEST(DurationTest, TheLongestDurationIsRead) {
  EXPECT_EQ(ParseDuration("9223372036854775807us")->count(),
            std::numeric_limits<std::int64_t>::max());
  EXPECT_FALSE(ParseDuration("9223372036854775808us").ok());
}

TEST(DurationTest, TextIsCompact) {
  EXPECT_EQ(FormatDuration(90s), "1m30s");
  EXPECT_EQ(FormatDuration(250ms), "250ms");
  EXPECT_EQ(FormatDuration(1500us), "1.5ms");
  EXPECT_EQ(FormatDuration(2500ms), "2.5s");
  EXPECT_EQ(FormatDuration(24h), "1d");
  EXPECT_EQ(FormatDuration(0s), "0s");
  EXPECT_EQ(FormatDuration(-90s), "-1m30s");
  EXPECT_EQ(FormatDuration(60s + 1us), "1m0.000001s");
}

TEST(DurationTest, EveryFormattedDurationReadsBackTheSame) {
  std::uint64_t value = 1;
  for (int i = 0; i < 2'000; ++i) {
    value = value * 6364136223846793005u + 1442695040888963407u;
    Duration duration(static_cast<std::int64_t>(value >> (1 + i % 60)));
    EXPECT_EQ(*ParseDuration(FormatDuration(duration)), duration);
  }
  EXPECT_EQ(*ParseDuration(FormatDuration(Duration::max())), Duration::max());
  EXPECT_EQ(FormatDuration(Duration::min()).front(), '-');
}

TEST(TimestampTest, TextIsUtcWithMicroseconds) {
  EXPECT_EQ(FormatTimestamp(Timestamp(0us)), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(FormatTimestamp(Timestamp(-1us)), "1969-12-31T23:59:59.999999Z");
}

TEST(TimestampTest, OffsetsAndFractionsAreRead) {
  Timestamp expected(std::chrono::sys_days(2026y / 11 / 23) + 20h + 15min);
  for (std::string text :
       {"2026-11-23T20:15:00Z", "2026-11-23T20:15:00.000000Z",
        "2026-11-23t20:15:00z", "2026-11-23 20:15:00Z",
        "2026-11-23T21:15:00+01:00", "2026-11-23T10:45:00-09:30",
        "2026-11-24T01:15:00+05:00", "2026-11-23T20:15:00.0000009Z"}) {
    ASSERT_TRUE(ParseTimestamp(text).ok()) << text;
    EXPECT_EQ(*ParseTimestamp(text), expected) << text;
  }
  EXPECT_EQ(*ParseTimestamp("2026-11-23T20:15:00.25Z"), expected + 250ms);
}

TEST(TimestampTest, FormattedTimesReadBackTheSame) {
  for (auto time :
       {Timestamp(0us), Timestamp(-1us), Timestamp(1'795'465'123'456'789us)}) {
    EXPECT_EQ(*ParseTimestamp(FormatTimestamp(time)), time);
  }
}

TEST(TimestampTest, WhatIsNoTimeIsRefused) {
  for (std::string text :
       {"", "now", "2026-11-23", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
        "2026-11-23T24:00:00Z", "2026-11-23T20:60:00Z", "2026-11-23T20:15:60Z",
        "2026-11-23T20:15:00", "2026-11-23T20:15:00.Z", "2026-11-23T20:15:00+1",
        "2026-11-23T20:15:00Zx", "2026-11-23T20:15:00+24:00"}) {
    EXPECT_EQ(ParseTimestamp(text).status().code(),
              absl::StatusCode::kInvalidArgument)
        << text;
  }
}

}  // namespace
}  // namespace windlass

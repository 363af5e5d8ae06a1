#include "model/cron.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace windlass {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

absl::TimeZone Zone(const std::string& name) {
  absl::TimeZone zone;
  EXPECT_TRUE(absl::LoadTimeZone(name, &zone)) << name;
  return zone;
}

// The next `count` times after `start`, both on the clocks of `zone`.
std::vector<std::string> Times(const std::string& cron,
                               const std::string& start, int count,
                               const std::string& zone = "UTC") {
  auto parsed = Cron::Parse(cron);
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  absl::Time at;
  std::string error;
  EXPECT_TRUE(absl::ParseTime("%Y-%m-%d %H:%M", start, Zone(zone), &at, &error))
      << error;
  std::vector<std::string> times;
  for (int i = 0; i < count; ++i) {
    auto next = parsed->Next(at, Zone(zone));
    if (!next.has_value()) break;
    at = *next;
    times.push_back(absl::FormatTime("%Y-%m-%d %H:%M %Ez", at, Zone(zone)));
  }
  return times;
}

std::vector<std::string> UtcTimes(const std::string& cron,
                                  const std::string& start, int count) {
  std::vector<std::string> times = Times(cron, start, count);
  for (std::string& time : times) time.resize(16);
  return times;
}

TEST(CronTest, TheNextTimeIsAfterTheGivenOne) {
  EXPECT_THAT(UtcTimes("30 6 * * *", "2026-11-23 06:30", 2),
              ElementsAre("2026-11-24 06:30", "2026-11-25 06:30"));
}

TEST(CronTest, StepsListsAndRangesCombine) {
  EXPECT_THAT(
      UtcTimes("*/20,5 9-10 * * *", "2026-01-01 09:00", 6),
      ElementsAre("2026-01-01 09:05", "2026-01-01 09:20", "2026-01-01 09:40",
                  "2026-01-01 10:00", "2026-01-01 10:05", "2026-01-01 10:20"));
  EXPECT_THAT(
      UtcTimes("10-40/15 0 * * *", "2026-01-01 00:00", 3),
      ElementsAre("2026-01-01 00:10", "2026-01-01 00:25", "2026-01-01 00:40"));
}

TEST(CronTest, MonthsAndWeekdaysMayBeNamed) {
  EXPECT_THAT(UtcTimes("0 0 * FEB mon", "2026-01-01 00:00", 2),
              ElementsAre("2026-02-02 00:00", "2026-02-09 00:00"));
  EXPECT_EQ(UtcTimes("0 0 * * fri-sun", "2026-01-01 00:00", 4),
            UtcTimes("0 0 * * 5,6,0", "2026-01-01 00:00", 4));
}

TEST(CronTest, SundayIsZeroOrSeven) {
  EXPECT_EQ(UtcTimes("0 0 * * 0", "2026-01-01 00:00", 3),
            UtcTimes("0 0 * * 7", "2026-01-01 00:00", 3));
}

TEST(CronTest, EitherDayFieldMatchesWhenBothAreRestricted) {
  EXPECT_THAT(
      UtcTimes("0 0 13 * fri", "2026-02-07 00:00", 3),
      ElementsAre("2026-02-13 00:00", "2026-02-20 00:00", "2026-02-27 00:00"));
  EXPECT_THAT(
      UtcTimes("0 0 1 * mon", "2026-06-01 00:00", 3),
      ElementsAre("2026-06-08 00:00", "2026-06-15 00:00", "2026-06-22 00:00"));
}

TEST(CronTest, LeapDaysAreWaitedFor) {
  EXPECT_THAT(UtcTimes("0 0 29 2 *", "2096-03-01 00:00", 1),
              ElementsAre("2104-02-29 00:00"));
}

TEST(CronTest, ShorthandsStandForExpressions) {
  EXPECT_THAT(UtcTimes("@weekly", "2026-11-23 00:00", 1),
              ElementsAre("2026-11-29 00:00"));
  EXPECT_THAT(UtcTimes("@yearly", "2026-11-23 00:00", 1),
              ElementsAre("2027-01-01 00:00"));
}

TEST(CronTest, ATimeSkippedInSpringIsDueAtTheChange) {
  EXPECT_THAT(
      Times("30 2 * * *", "2026-03-28 12:00", 2, "Europe/Berlin"),
      ElementsAre("2026-03-29 03:00 +02:00", "2026-03-30 02:30 +02:00"));
}

TEST(CronTest, TwoTimesSkippedInSpringAreDueOnce) {
  EXPECT_THAT(
      Times("0,30 2 * * *", "2026-03-28 12:00", 2, "Europe/Berlin"),
      ElementsAre("2026-03-29 03:00 +02:00", "2026-03-30 02:00 +02:00"));
}

TEST(CronTest, ATimeRepeatedInAutumnIsDueOnce) {
  EXPECT_THAT(
      Times("30 2 * * *", "2026-10-24 12:00", 2, "Europe/Berlin"),
      ElementsAre("2026-10-25 02:30 +02:00", "2026-10-26 02:30 +01:00"));
}

TEST(CronTest, IntervalsFollowElapsedTimeInAutumn) {
  EXPECT_THAT(
      Times("*/30 * * * *", "2026-10-25 01:30", 6, "Europe/Berlin"),
      ElementsAre("2026-10-25 02:00 +02:00", "2026-10-25 02:30 +02:00",
                  "2026-10-25 02:00 +01:00", "2026-10-25 02:30 +01:00",
                  "2026-10-25 03:00 +01:00", "2026-10-25 03:30 +01:00"));
}

TEST(CronTest, IntervalsFollowElapsedTimeInSpring) {
  EXPECT_THAT(Times("*/30 * * * *", "2026-03-29 01:00", 3, "Europe/Berlin"),
              ElementsAre("2026-03-29 01:30 +01:00", "2026-03-29 03:00 +02:00",
                          "2026-03-29 03:30 +02:00"));
}

TEST(CronTest, HalfHourChangesAreFollowed) {
  EXPECT_THAT(
      Times("*/30 * * * *", "2026-04-05 01:00", 4, "Australia/Lord_Howe"),
      ElementsAre("2026-04-05 01:30 +11:00", "2026-04-05 01:30 +10:30",
                  "2026-04-05 02:00 +10:30", "2026-04-05 02:30 +10:30"));
}

TEST(CronTest, BadExpressionsSayWhichFieldIsWrong) {
  auto error = [](std::string_view text) {
    return std::string(Cron::Parse(text).status().message());
  };
  EXPECT_THAT(error("60 * * * *"), HasSubstr("bad minute '60'"));
  EXPECT_THAT(error("* 24 * * *"), HasSubstr("bad hour '24'"));
  EXPECT_THAT(error("* * 0 * *"), HasSubstr("bad day of month '0'"));
  EXPECT_THAT(error("* * * 13 *"), HasSubstr("bad month '13'"));
  EXPECT_THAT(error("* * * * 8"), HasSubstr("bad day of week '8'"));
  EXPECT_THAT(error("5-1 * * * *"), HasSubstr("bad minute '5-1'"));
  EXPECT_THAT(error("*/0 * * * *"), HasSubstr("bad minute '*/0'"));
  EXPECT_THAT(error("1,,2 * * * *"), HasSubstr("bad minute"));
  EXPECT_THAT(error("a * * * *"), HasSubstr("bad minute 'a'"));
  EXPECT_THAT(error("* * * * * *"), HasSubstr("got 6; there are no seconds"));
  EXPECT_THAT(error(""), HasSubstr("got 0"));
  EXPECT_THAT(error("0 0 30 2 *"), HasSubstr("never comes"));
}

}  // namespace
}  // namespace windlass

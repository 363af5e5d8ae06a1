#include "model/schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windlass {
namespace {

using Overlap = ScheduleSpec::Overlap;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// A whole minute. Times below are minutes from it.
constexpr Timestamp kStart{hours(24 * 20'000)};
Timestamp At(int minute) { return kStart + minutes(minute); }

ScheduleSpec EveryMinute(Overlap overlap, bool catch_up) {
  ScheduleSpec spec;
  spec.cron = "* * * * *";
  spec.overlap = overlap;
  spec.catch_up = catch_up;
  return spec;
}

// Of one that is due every minute and last had its turn before `next`.
Firing Fire(Overlap overlap, bool catch_up, bool running, int next,
            Timestamp now, std::optional<Timestamp> queued = std::nullopt) {
  const ScheduleSpec spec = EveryMinute(overlap, catch_up);
  const auto timetable = Timetable::Make(spec);
  EXPECT_TRUE(timetable.ok()) << timetable.status();
  return DecideFiring(spec, *timetable, {At(next), queued}, running, now);
}

TEST(ScheduleTest, NothingStartsBeforeItsTime) {
  const Firing firing =
      Fire(Overlap::kAllow, false, false, 5, At(5) - Duration(1));
  EXPECT_THAT(firing.starts, IsEmpty());
  EXPECT_EQ(firing.after, (ScheduleState{At(5), std::nullopt}));
}

TEST(ScheduleTest, ATimeThatIsALittleLateStillStartsARun) {
  const Firing firing =
      Fire(Overlap::kSkip, false, false, 5, At(5) + seconds(59));
  EXPECT_THAT(firing.starts, ElementsAre(At(5)));
  EXPECT_EQ(firing.after.next_at, At(6));
}

TEST(ScheduleTest, MissedTimesAreGoneWithoutCatchUp) {
  const Firing firing =
      Fire(Overlap::kAllow, false, false, 5, At(90) + seconds(2));
  EXPECT_THAT(firing.starts, ElementsAre(At(90)));
  EXPECT_EQ(firing.after.next_at, At(91));

  ScheduleSpec daily;
  daily.cron = "@daily";
  const auto timetable = Timetable::Make(daily);
  const Firing late = DecideFiring(daily, *timetable, {kStart, std::nullopt},
                                   false, kStart + minutes(1));
  EXPECT_THAT(late.starts, IsEmpty());
  EXPECT_EQ(late.after.next_at, kStart + hours(24));
}

TEST(ScheduleTest, MissedTimesAreMadeUpForInOrderAndNotAllAtOnce) {
  const Firing firing = Fire(Overlap::kAllow, true, true, 5, At(500));
  ASSERT_THAT(firing.starts, SizeIs(kMaximumStarts));
  EXPECT_EQ(firing.starts.front(), At(5));
  EXPECT_EQ(firing.starts.back(), At(4 + kMaximumStarts));
  EXPECT_EQ(firing.after.next_at, At(5 + kMaximumStarts));
}

TEST(ScheduleTest, SkipLeavesOutTimesWhileARunRuns) {
  Firing firing = Fire(Overlap::kSkip, false, true, 5, At(5));
  EXPECT_THAT(firing.starts, IsEmpty());
  EXPECT_EQ(firing.after.next_at, At(6));
  // The first of many missed ones runs while the others come.
  firing = Fire(Overlap::kSkip, true, false, 5, At(500));
  EXPECT_THAT(firing.starts, ElementsAre(At(5)));
  EXPECT_EQ(firing.after.next_at, At(501));
}

TEST(ScheduleTest, QueueKeepsOneTimeUntilTheRunHasEnded) {
  Firing firing = Fire(Overlap::kQueue, false, true, 5, At(5));
  EXPECT_THAT(firing.starts, IsEmpty());
  EXPECT_EQ(firing.after, (ScheduleState{At(6), At(5)}));
  // The first one waits, later ones are left out.
  firing = Fire(Overlap::kQueue, false, true, 6, At(6), At(5));
  EXPECT_THAT(firing.starts, IsEmpty());
  EXPECT_EQ(firing.after, (ScheduleState{At(7), At(5)}));
  // However long it waited.
  firing = Fire(Overlap::kQueue, false, false, 90, At(89), At(5));
  EXPECT_THAT(firing.starts, ElementsAre(At(5)));
  EXPECT_EQ(firing.after, (ScheduleState{At(90), std::nullopt}));
  // What comes in the moment when it starts waits in turn.
  firing = Fire(Overlap::kQueue, false, false, 90, At(90), At(5));
  EXPECT_THAT(firing.starts, ElementsAre(At(5)));
  EXPECT_EQ(firing.after, (ScheduleState{At(91), At(90)}));
}

TEST(ScheduleTest, QueueWithCatchUpLosesNoTime) {
  Firing firing = Fire(Overlap::kQueue, true, true, 5, At(90));
  EXPECT_THAT(firing.starts, IsEmpty());
  EXPECT_EQ(firing.after, (ScheduleState{At(5), std::nullopt}));
  firing = Fire(Overlap::kQueue, true, false, 5, At(90));
  EXPECT_THAT(firing.starts, ElementsAre(At(5)));
  EXPECT_EQ(firing.after, (ScheduleState{At(6), std::nullopt}));
}

TEST(ScheduleTest, CancelRunningStartsTheNewest) {
  Firing firing = Fire(Overlap::kCancelRunning, false, true, 5, At(5));
  EXPECT_THAT(firing.starts, ElementsAre(At(5)));
  EXPECT_TRUE(firing.cancel_running);
  firing = Fire(Overlap::kCancelRunning, true, false, 5, At(500));
  EXPECT_THAT(firing.starts, ElementsAre(At(500)));
  EXPECT_FALSE(firing.cancel_running);
  EXPECT_EQ(firing.after.next_at, At(501));
  firing = Fire(Overlap::kCancelRunning, false, true, 6, At(5));
  EXPECT_FALSE(firing.cancel_running);
}

TEST(ScheduleTest, WhatWaitedIsForgottenByAnotherPolicy) {
  const Firing firing = Fire(Overlap::kSkip, false, false, 9, At(8), At(5));
  EXPECT_THAT(firing.starts, IsEmpty());
  EXPECT_EQ(firing.after, (ScheduleState{At(9), std::nullopt}));
}

TEST(ScheduleTest, ATimetableFollowsTheClocksOfItsZone) {
  ScheduleSpec spec;
  spec.cron = "30 6 * * *";
  spec.timezone = "Europe/Berlin";
  const auto timetable = Timetable::Make(spec);
  ASSERT_TRUE(timetable.ok()) << timetable.status();
  const auto noon = ParseTimestamp("2026-10-24T12:00:00Z");
  ASSERT_TRUE(noon.ok());
  const auto next = timetable->Next(*noon);
  ASSERT_TRUE(next.has_value());
  EXPECT_EQ(FormatScheduledAt(*next), "2026-10-25T05:30:00Z");
  EXPECT_EQ(timetable->Format(*next), "2026-10-25T06:30:00+01:00");
}

TEST(ScheduleTest, AnUnknownZoneIsAnErrorThatNamesTheRemedy) {
  ScheduleSpec spec = EveryMinute(Overlap::kSkip, false);
  for (const char* name : {"Mars/Base", "", "/etc/localtime", "../UTC"}) {
    spec.timezone = name;
    const auto status = Timetable::Make(spec).status();
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << name;
    EXPECT_THAT(std::string(status.message()), HasSubstr("tzdata"));
  }
  spec.timezone = "UTC";
  spec.cron = "* * *";
  EXPECT_TRUE(absl::IsInvalidArgument(Timetable::Make(spec).status()));
}

TEST(ScheduleTest, ARunIsForItsScheduledTimeOrForThatOfItsSubmit) {
  RunInfo run;
  run.created_at = At(7);
  EXPECT_EQ(ScheduledAt(run), At(7));
  run.labels[kScheduledAtLabel] = FormatScheduledAt(At(5));
  EXPECT_EQ(ScheduledAt(run), At(5));
  run.labels[kScheduledAtLabel] = 5;
  EXPECT_EQ(ScheduledAt(run), At(7));
}

}  // namespace
}  // namespace windlass

// Workflows that are run by the clock: one run per time, whoever sweeps.

#include <algorithm>
#include <atomic>
#include <thread>

#include "conformance/store_test.h"
#include "windlass/time.h"

namespace windlass {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using Overlap = ScheduleSpec::Overlap;

constexpr char kFlow[] = "flow";

// By default of every minute. The clock begins at a whole one.
ScheduleSpec Spec(Overlap overlap, bool catch_up = false) {
  ScheduleSpec spec;
  spec.cron = "* * * * *";
  spec.overlap = overlap;
  spec.catch_up = catch_up;
  return spec;
}

std::shared_ptr<const Workflow> FlowWith(const ScheduleSpec& spec) {
  WorkflowBuilder builder(kFlow);
  builder.Task("a");
  builder.workflow().schedule = spec;
  return builder.Build();
}

class ScheduleTest : public StoreTest {
 protected:
  ScheduleRecord Put(const ScheduleSpec& spec) {
    ScheduleRequest request;
    request.workflow = FlowWith(spec);
    return Value(store().PutSchedule(request));
  }
  ScheduleRecord TheSchedule() {
    const auto schedules = Value(store().ListSchedules());
    EXPECT_THAT(schedules, SizeIs(1));
    return schedules.empty() ? ScheduleRecord() : schedules[0];
  }

  // How many runs that started.
  int SweepAfter(Duration duration) {
    clock().Advance(duration);
    return Value(store().Sweep()).runs_started;
  }
  int NextMinute() { return SweepAfter(minutes(1)); }

  // Oldest first.
  std::vector<RunRecord> Runs() {
    RunFilter filter;
    filter.workflow = kFlow;
    filter.limit = 10'000;
    auto runs = Value(store().ListRuns(filter));
    std::reverse(runs.begin(), runs.end());
    return runs;
  }
  static std::string TimeOf(const RunRecord& run) {
    const Json* label = run.labels.if_contains("windlass.scheduled_at");
    return label == nullptr ? "" : std::string(label->as_string());
  }
  std::vector<std::string> Times() {
    std::vector<std::string> times;
    for (const RunRecord& run : Runs()) times.push_back(TimeOf(run));
    return times;
  }
  std::vector<RunState> States() {
    std::vector<RunState> states;
    for (const RunRecord& run : Runs()) states.push_back(run.state);
    return states;
  }

  // As the label says it, `count` minutes after the clock's beginning.
  static std::string Minute(int count) {
    std::string text =
        FormatTimestamp(ManualClock().Now() + minutes(count)).substr(0, 19);
    return text + "Z";
  }
};

TEST_P(ScheduleTest, AScheduleIsListedAsItWasPut) {
  EXPECT_THAT(Value(store().ListSchedules()), IsEmpty());
  ScheduleRequest request;
  ScheduleSpec spec = Spec(Overlap::kQueue, true);
  spec.cron = "30 6 * * *";
  spec.timezone = "Europe/Berlin";
  request.workflow = FlowWith(spec);
  request.params = JsonObject{{"state", "WA"}};
  const ScheduleRecord put = Value(store().PutSchedule(request));
  Reopen();
  const ScheduleRecord listed = TheSchedule();
  for (const ScheduleRecord& record : {put, listed}) {
    EXPECT_EQ(record.workflow, kFlow);
    EXPECT_EQ(record.spec.cron, "30 6 * * *");
    EXPECT_EQ(record.spec.timezone, "Europe/Berlin");
    EXPECT_EQ(record.spec.overlap, Overlap::kQueue);
    EXPECT_TRUE(record.spec.catch_up);
    EXPECT_EQ(record.params, request.params);
    EXPECT_FALSE(record.paused);
    EXPECT_EQ(record.next_at, clock().Now() + hours(4) + minutes(30));
    EXPECT_EQ(record.queued_at, std::nullopt);
    EXPECT_EQ(record.last_at, std::nullopt);
    EXPECT_EQ(record.last_run, std::nullopt);
    EXPECT_EQ(record.created_at, clock().Now());
  }
}

TEST_P(ScheduleTest, WhatHasNoTimesIsRefused) {
  ScheduleRequest request;
  EXPECT_TRUE(absl::IsInvalidArgument(store().PutSchedule(request).status()));
  request.workflow = SingleTask();
  EXPECT_TRUE(absl::IsInvalidArgument(store().PutSchedule(request).status()));
  ScheduleSpec spec = Spec(Overlap::kSkip);
  spec.cron = "0 0 30 2 *";
  request.workflow = FlowWith(spec);
  EXPECT_TRUE(absl::IsInvalidArgument(store().PutSchedule(request).status()));
  EXPECT_THAT(Value(store().ListSchedules()), IsEmpty());
}

TEST_P(ScheduleTest, ARunStartsAtItsTimeAndKnowsIt) {
  ScheduleRequest request;
  request.workflow = FlowWith(Spec(Overlap::kSkip));
  request.params = JsonObject{{"state", "WA"}};
  request.base_dir = "/somewhere";
  ASSERT_TRUE(store().PutSchedule(request).ok());
  EXPECT_EQ(SweepAfter(seconds(59)), 0);
  EXPECT_THAT(Runs(), IsEmpty());
  EXPECT_EQ(SweepAfter(milliseconds(1500)), 1);
  EXPECT_EQ(SweepAfter(seconds(0)), 0);
  ASSERT_THAT(Runs(), SizeIs(1));
  const RunRecord run = Runs()[0];
  EXPECT_EQ(TimeOf(run), Minute(1));
  EXPECT_EQ(run.params, request.params);
  EXPECT_EQ(run.created_at, clock().Now());
  const Lease lease = ClaimOne();
  EXPECT_EQ(lease.run->id, run.id);
  EXPECT_EQ(lease.run->base_dir, "/somewhere");
  EXPECT_TRUE(Succeed(lease));
  EXPECT_EQ(StateOf(run.id), RunState::kSucceeded);
  EXPECT_EQ(TheSchedule().last_run, run.id);
  EXPECT_EQ(TheSchedule().last_at, ManualClock().Now() + minutes(1));
  EXPECT_EQ(TheSchedule().next_at, ManualClock().Now() + minutes(2));
}

TEST_P(ScheduleTest, ASweepTellsWhenTheNextIsDue) {
  EXPECT_EQ(Value(store().Sweep()).next_schedule, std::nullopt);
  Put(Spec(Overlap::kSkip));
  clock().Advance(seconds(20));
  EXPECT_EQ(Value(store().Sweep()).next_schedule, seconds(40));
  clock().Advance(seconds(41));
  const SweepReport report = Value(store().Sweep());
  EXPECT_EQ(report.runs_started, 1);
  EXPECT_EQ(report.next_schedule, seconds(59));
  ASSERT_TRUE(store().PauseSchedule(kFlow).ok());
  EXPECT_EQ(Value(store().Sweep()).next_schedule, std::nullopt);
}

TEST_P(ScheduleTest, OneOfManySweepersStartsARun) {
  constexpr int kSweepers = 8;
  constexpr int kMinutes = 15;
  Put(Spec(Overlap::kAllow));
  std::vector<std::unique_ptr<Store>> handles;
  for (int i = 0; i < kSweepers; ++i) handles.push_back(OpenAnother());
  std::vector<std::string> expected;
  for (int minute = 1; minute <= kMinutes; ++minute) {
    clock().Advance(minutes(1));
    std::atomic<int> started = 0;
    std::vector<std::jthread> sweepers;
    for (const auto& handle : handles) {
      sweepers.emplace_back(
          [&] { started += Value(handle->Sweep()).runs_started; });
    }
    sweepers.clear();
    EXPECT_EQ(started, 1);
    expected.push_back(Minute(minute));
  }
  EXPECT_EQ(Times(), expected);
}

TEST_P(ScheduleTest, ManySweepersMakeUpForEveryMissedTimeOnce) {
  constexpr int kMissed = 250;
  Put(Spec(Overlap::kAllow, true));
  clock().Advance(minutes(kMissed));
  std::atomic<int> started = 0;
  std::vector<std::jthread> sweepers;
  for (int i = 0; i < 8; ++i) {
    sweepers.emplace_back([&, handle = OpenAnother()] {
      while (started < kMissed && !HasFailure()) {
        started += Value(handle->Sweep()).runs_started;
      }
    });
  }
  sweepers.clear();
  std::vector<std::string> expected;
  for (int i = 1; i <= kMissed; ++i) expected.push_back(Minute(i));
  EXPECT_EQ(Times(), expected);
  EXPECT_EQ(NextMinute(), 1);
}

TEST_P(ScheduleTest, MissedTimesAreGoneWithoutCatchUp) {
  Put(Spec(Overlap::kAllow));
  EXPECT_EQ(SweepAfter(hours(3) + seconds(2)), 1);
  EXPECT_THAT(Times(), ElementsAre(Minute(180)));
  EXPECT_EQ(NextMinute(), 1);
  EXPECT_THAT(Times(), ElementsAre(Minute(180), Minute(181)));
}

TEST_P(ScheduleTest, SkipStartsNothingWhileTheRunBeforeRuns) {
  Put(Spec(Overlap::kSkip));
  EXPECT_EQ(NextMinute(), 1);
  EXPECT_EQ(NextMinute(), 0);
  RunToEnd();
  EXPECT_EQ(SweepAfter(seconds(30)), 0);
  EXPECT_EQ(SweepAfter(seconds(30)), 1);
  EXPECT_THAT(Times(), ElementsAre(Minute(1), Minute(3)));
  // One that was taken up again runs too.
  RunToEnd();
  ASSERT_TRUE(store().Retry(Runs()[1].id, RetryScope::kWholeRun).ok());
  EXPECT_EQ(NextMinute(), 0);
}

TEST_P(ScheduleTest, RunsThatSomeoneSubmittedCountForNothing) {
  Put(Spec(Overlap::kSkip));
  Submit(FlowWith(Spec(Overlap::kSkip)));
  EXPECT_EQ(NextMinute(), 1);
  EXPECT_THAT(Times(), ElementsAre("", Minute(1)));
}

TEST_P(ScheduleTest, QueueStartsOneWhenTheRunBeforeHasEnded) {
  Put(Spec(Overlap::kQueue));
  EXPECT_EQ(NextMinute(), 1);
  EXPECT_EQ(NextMinute(), 0);
  EXPECT_EQ(NextMinute(), 0);
  EXPECT_EQ(TheSchedule().queued_at, ManualClock().Now() + minutes(2));
  RunToEnd();
  EXPECT_EQ(SweepAfter(seconds(10)), 1);
  EXPECT_EQ(SweepAfter(seconds(10)), 0);
  EXPECT_EQ(TheSchedule().queued_at, std::nullopt);
  EXPECT_THAT(Times(), ElementsAre(Minute(1), Minute(2)));
}

TEST_P(ScheduleTest, QueueWithCatchUpRunsEveryTimeOneAfterTheOther) {
  Put(Spec(Overlap::kQueue, true));
  EXPECT_EQ(SweepAfter(minutes(3)), 1);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(SweepAfter(seconds(1)), 0);
    RunToEnd();
    EXPECT_EQ(SweepAfter(seconds(1)), 1);
  }
  EXPECT_THAT(Times(), ElementsAre(Minute(1), Minute(2), Minute(3)));
}

TEST_P(ScheduleTest, AllowStartsRunsBesideEachOther) {
  Put(Spec(Overlap::kAllow));
  EXPECT_EQ(NextMinute(), 1);
  EXPECT_EQ(NextMinute(), 1);
  EXPECT_THAT(States(), ElementsAre(RunState::kRunning, RunState::kRunning));
}

TEST_P(ScheduleTest, CancelRunningEndsWhatRunsAndStarts) {
  Put(Spec(Overlap::kCancelRunning));
  EXPECT_EQ(NextMinute(), 1);
  const Lease lease = ClaimOne();
  EXPECT_EQ(NextMinute(), 1);
  EXPECT_THAT(States(), ElementsAre(RunState::kCancelled, RunState::kRunning));
  EXPECT_FALSE(Succeed(lease));
  EXPECT_EQ(Runs()[0].reason, "its schedule started the next run");
  RunToEnd();
  EXPECT_EQ(NextMinute(), 1);
  EXPECT_THAT(States(), ElementsAre(RunState::kCancelled, RunState::kSucceeded,
                                    RunState::kRunning));
}

TEST_P(ScheduleTest, AnotherPolicyCountsAllThatRunsStill) {
  Put(Spec(Overlap::kAllow));
  EXPECT_EQ(NextMinute(), 1);
  EXPECT_EQ(NextMinute(), 1);
  Put(Spec(Overlap::kSkip));
  const std::vector<Lease> leases = Claim();
  ASSERT_THAT(leases, SizeIs(2));
  EXPECT_TRUE(Succeed(leases[1]));
  EXPECT_EQ(NextMinute(), 0);
  Put(Spec(Overlap::kCancelRunning));
  EXPECT_EQ(NextMinute(), 1);
  EXPECT_THAT(States(), ElementsAre(RunState::kCancelled, RunState::kSucceeded,
                                    RunState::kRunning));
}

TEST_P(ScheduleTest, ReplacingLosesNoTimeThatHasJustCome) {
  Put(Spec(Overlap::kSkip));
  clock().Advance(seconds(61));
  const ScheduleRecord replaced = Put(Spec(Overlap::kAllow));
  EXPECT_EQ(replaced.created_at, ManualClock().Now());
  EXPECT_EQ(SweepAfter(seconds(1)), 1);
  Put(Spec(Overlap::kAllow));
  EXPECT_EQ(SweepAfter(seconds(1)), 0);
  EXPECT_THAT(Times(), ElementsAre(Minute(1)));
  // Other times count from now on.
  ScheduleSpec hourly = Spec(Overlap::kAllow);
  hourly.cron = "@hourly";
  EXPECT_EQ(Put(hourly).next_at, ManualClock().Now() + hours(1));
}

TEST_P(ScheduleTest, APausedScheduleStartsNothingAndGoesOnFromNow) {
  Put(Spec(Overlap::kAllow, true));
  ASSERT_TRUE(store().PauseSchedule(kFlow).ok());
  ASSERT_TRUE(store().PauseSchedule(kFlow).ok());
  EXPECT_TRUE(TheSchedule().paused);
  EXPECT_EQ(TheSchedule().next_at, std::nullopt);
  EXPECT_EQ(SweepAfter(minutes(5)), 0);
  // Still paused when replaced.
  EXPECT_TRUE(Put(Spec(Overlap::kAllow, true)).paused);
  EXPECT_EQ(NextMinute(), 0);
  ASSERT_TRUE(store().ResumeSchedule(kFlow).ok());
  ASSERT_TRUE(store().ResumeSchedule(kFlow).ok());
  EXPECT_EQ(SweepAfter(seconds(0)), 0);
  EXPECT_EQ(NextMinute(), 1);
  EXPECT_THAT(Times(), ElementsAre(Minute(7)));
}

TEST_P(ScheduleTest, ARemovedScheduleStartsNothingAndItsRunsGoOn) {
  Put(Spec(Overlap::kSkip));
  EXPECT_EQ(NextMinute(), 1);
  ASSERT_TRUE(store().RemoveSchedule(kFlow).ok());
  EXPECT_THAT(Value(store().ListSchedules()), IsEmpty());
  EXPECT_EQ(NextMinute(), 0);
  EXPECT_THAT(States(), ElementsAre(RunState::kRunning));
  // A new one knows nothing of them.
  Put(Spec(Overlap::kSkip));
  EXPECT_EQ(NextMinute(), 1);
}

TEST_P(ScheduleTest, UnknownSchedulesAreNotFound) {
  EXPECT_TRUE(absl::IsNotFound(store().PauseSchedule("nothing")));
  EXPECT_TRUE(absl::IsNotFound(store().ResumeSchedule("nothing")));
  EXPECT_TRUE(absl::IsNotFound(store().RemoveSchedule("nothing")));
}

TEST_P(ScheduleTest, AClockThatIsSetBackStartsNothingTwice) {
  Put(Spec(Overlap::kAllow));
  EXPECT_EQ(NextMinute(), 1);
  EXPECT_EQ(NextMinute(), 1);
  clock().SetNow(ManualClock().Now());
  EXPECT_EQ(Value(store().Sweep()).runs_started, 0);
  ScheduleSpec other = Spec(Overlap::kAllow);
  other.cron = "*/1 * * * *";
  EXPECT_EQ(Put(other).next_at, ManualClock().Now() + minutes(3));
  EXPECT_EQ(SweepAfter(minutes(2)), 0);
  EXPECT_EQ(NextMinute(), 1);
  EXPECT_THAT(Times(), ElementsAre(Minute(1), Minute(2), Minute(3)));
}

TEST_P(ScheduleTest, ClocksThatGoForwardOrBackLoseAndDoubleNoRun) {
  ScheduleSpec spec = Spec(Overlap::kAllow);
  spec.cron = "30 2 * * *";
  spec.timezone = "Europe/Berlin";
  auto sweep_for_a_day = [&](const char* start) {
    clock().SetNow(Value(ParseTimestamp(start)));
    Put(spec);
    for (int i = 0; i < 24 * 4; ++i) SweepAfter(minutes(15));
    ASSERT_TRUE(store().RemoveSchedule(kFlow).ok());
  };
  // 02:30 does not exist on the 30th of March 2025; it comes twice on the 26th
  // of October.
  sweep_for_a_day("2025-03-29T12:00:00Z");
  sweep_for_a_day("2025-10-25T12:00:00Z");
  EXPECT_THAT(Times(),
              ElementsAre("2025-03-30T01:00:00Z", "2025-10-26T00:30:00Z"));
}

INSTANTIATE_TEST_SUITE_P(Stores, ScheduleTest, testing::ValuesIn(AllStores()),
                         StoreName);

}  // namespace
}  // namespace windlass

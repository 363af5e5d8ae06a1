// Waiting for other runs, for cached results, and for too long.

#include "conformance/store_test.h"

namespace windlass {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class WaitingTest : public StoreTest {
 protected:
  static std::shared_ptr<const Workflow> With(
      const std::function<void(TaskSpec&)>& change) {
    WorkflowBuilder builder;
    change(builder.Task("a"));
    return builder.Build();
  }
  CacheDecision Begin(const Lease& lease, const std::string& key,
                      std::optional<Duration> max_age = std::nullopt) {
    return Value(store().BeginCached(lease, key, max_age));
  }
};

TEST_P(WaitingTest, AParkedTaskWakesWhenTheRunEnds) {
  const RunId waiting = Submit(SingleTask());
  const Lease parked = ClaimOne();
  const RunId awaited = Submit(SingleTask());
  ASSERT_TRUE(Finish(Park(parked, awaited)));
  EXPECT_EQ(StateOf(waiting, 0), TaskState::kRunning);
  const Lease other = ClaimOne();
  EXPECT_EQ(other.run->id, awaited);
  const auto woken = FinishAndClaim({Success(other)}, 5).leases;
  ASSERT_THAT(woken, SizeIs(1));
  EXPECT_EQ(woken[0].run->id, waiting);
  EXPECT_EQ(woken[0].attempt, 1);
  EXPECT_GT(woken[0].token, parked.token);
  ASSERT_TRUE(Succeed(woken[0]));
  EXPECT_THAT(Value(store().ListAttempts(waiting)), SizeIs(1));
}

TEST_P(WaitingTest, ACancelOfTheAwaitedRunWakesToo) {
  const RunId waiting = Submit(SingleTask());
  const Lease parked = ClaimOne();
  const RunId awaited = Submit(SingleTask());
  ASSERT_TRUE(Finish(Park(parked, awaited)));
  ASSERT_TRUE(store().Cancel(awaited, "").ok());
  EXPECT_EQ(ClaimOne().run->id, waiting);
}

TEST_P(WaitingTest, ParkingOnWhatHasHappenedIsReadyAtOnce) {
  const RunId ended = Submit(SingleTask());
  ASSERT_TRUE(Succeed(ClaimOne()));
  const RunId waiting = Submit(SingleTask());
  ASSERT_TRUE(Finish(Park(ClaimOne(), ended)));
  EXPECT_EQ(StateOf(waiting, 0), TaskState::kReady);
  ASSERT_TRUE(Finish(ParkOnKey(ClaimOne(), "free")));
  ASSERT_TRUE(Succeed(ClaimOne()));
}

TEST_P(WaitingTest, EqualKeysAreComputedOnce) {
  const RunId first = Submit(SingleTask());
  const RunId second = Submit(SingleTask());
  const auto leases = Claim();
  ASSERT_THAT(leases, SizeIs(2));
  EXPECT_EQ(Begin(leases[0], "key").kind, CacheDecision::Kind::kCompute);
  EXPECT_EQ(Begin(leases[0], "key").kind, CacheDecision::Kind::kCompute);
  EXPECT_EQ(Begin(leases[1], "key").kind, CacheDecision::Kind::kWait);
  ASSERT_TRUE(Finish(ParkOnKey(leases[1], "key")));
  EXPECT_THAT(Claim(), IsEmpty());

  AttemptEnd end = Success(leases[0]);
  end.cache_key = "key";
  const auto woken = FinishAndClaim({end}, 5).leases;
  ASSERT_THAT(woken, SizeIs(1));
  const CacheDecision hit = Begin(woken[0], "key");
  EXPECT_EQ(hit.kind, CacheDecision::Kind::kHit);
  EXPECT_EQ(hit.source, FormatRunId(first) + "/a");
  EXPECT_EQ(hit.result.value, end.result.value);
  AttemptEnd reuse = Success(woken[0]);
  reuse.result = hit.result;
  reuse.cached_from = hit.source;
  ASSERT_TRUE(Finish(reuse));
  EXPECT_EQ(Task(second, 0).cached_from, hit.source);
}

TEST_P(WaitingTest, AFailedComputationFreesItsKey) {
  Submit(SingleTask());
  Submit(SingleTask());
  const auto leases = Claim();
  EXPECT_EQ(Begin(leases[0], "key").kind, CacheDecision::Kind::kCompute);
  ASSERT_TRUE(Finish(ParkOnKey(leases[1], "key")));
  const auto woken = FinishAndClaim({Failure(leases[0])}, 5).leases;
  ASSERT_THAT(woken, SizeIs(1));
  EXPECT_EQ(Begin(woken[0], "key").kind, CacheDecision::Kind::kCompute);
}

TEST_P(WaitingTest, AComputationDiesWithItsExecutorAndItsRun) {
  const ExecutorId dying = Register("dying", seconds(10));
  Submit(SingleTask());
  const auto lost = ClaimAs(dying);
  EXPECT_EQ(Begin(lost[0], "key").kind, CacheDecision::Kind::kCompute);
  const RunId second = Submit(SingleTask());
  const Lease waiting = ClaimOne();
  ASSERT_TRUE(Finish(ParkOnKey(waiting, "key")));
  clock().Advance(seconds(10));
  ASSERT_TRUE(store().Sweep().ok());
  auto leases = Claim();
  ASSERT_THAT(leases, SizeIs(2));
  EXPECT_EQ(Begin(leases[1], "key").kind, CacheDecision::Kind::kCompute);
  EXPECT_EQ(Begin(leases[0], "key").kind, CacheDecision::Kind::kWait);
  ASSERT_TRUE(store().Cancel(second, "").ok());
  EXPECT_EQ(Begin(leases[0], "key").kind, CacheDecision::Kind::kCompute);
}

TEST_P(WaitingTest, ACachedResultExpires) {
  Submit(SingleTask());
  AttemptEnd end = Success(ClaimOne());
  end.cache_key = "key";
  ASSERT_TRUE(Finish(end));
  clock().Advance(minutes(5));
  Submit(SingleTask());
  const Lease lease = ClaimOne();
  EXPECT_EQ(Begin(lease, "key").kind, CacheDecision::Kind::kHit);
  EXPECT_EQ(Begin(lease, "key", minutes(5)).kind, CacheDecision::Kind::kHit);
  EXPECT_EQ(Begin(lease, "key", minutes(4)).kind,
            CacheDecision::Kind::kCompute);
  end = Success(lease);
  end.cache_key = "key";
  ASSERT_TRUE(Finish(end));
  Submit(SingleTask());
  EXPECT_EQ(Begin(ClaimOne(), "key", minutes(1)).kind,
            CacheDecision::Kind::kHit);
}

TEST_P(WaitingTest, ATaskNobodyStartsInTimeFails) {
  const RunId run = Submit(With([](TaskSpec& spec) {
    spec.schedule_to_start_timeout = seconds(30);
    spec.retry_policy.maximum_attempts = 5;
  }));
  clock().Advance(seconds(30) - Duration(1));
  EXPECT_EQ(Value(store().Sweep()).timers_fired, 0);
  clock().Advance(Duration(1));
  EXPECT_EQ(Value(store().Sweep()).timers_fired, 1);
  EXPECT_EQ(StateOf(run), RunState::kFailed);
  EXPECT_EQ(Task(run, 0).error->type, error_type::kScheduleToStartTimeout);
  EXPECT_EQ(Task(run, 0).attempt, 0);
  EXPECT_THAT(Claim(), IsEmpty());
  EXPECT_THAT(DeadLetters(), SizeIs(1));
}

TEST_P(WaitingTest, ATaskStartedInTimeMayRunOn) {
  const RunId run = Submit(With(
      [](TaskSpec& spec) { spec.schedule_to_start_timeout = seconds(30); }));
  const Lease lease = ClaimOne();
  clock().Advance(hours(1));
  EXPECT_EQ(Value(store().Sweep()).timers_fired, 0);
  // Each wait has its own time.
  ASSERT_TRUE(Finish(Ended(lease, AttemptOutcome::kReleased)));
  clock().Advance(seconds(29));
  EXPECT_EQ(Value(store().Sweep()).timers_fired, 0);
  EXPECT_EQ(StateOf(run, 0), TaskState::kReady);
  clock().Advance(seconds(1));
  EXPECT_EQ(Value(store().Sweep()).timers_fired, 1);
}

TEST_P(WaitingTest, TheTimeOfAnEarlierWaitDoesNotEndALaterOne) {
  const RunId run = Submit(With(
      [](TaskSpec& spec) { spec.schedule_to_start_timeout = seconds(30); }));
  clock().Advance(seconds(10));
  ASSERT_TRUE(Finish(Ended(ClaimOne(), AttemptOutcome::kReleased)));
  clock().Advance(seconds(20));
  EXPECT_EQ(Value(store().Sweep()).timers_fired, 0);
  EXPECT_EQ(StateOf(run, 0), TaskState::kReady);
  clock().Advance(seconds(10));
  EXPECT_EQ(Value(store().Sweep()).timers_fired, 1);
}

TEST_P(WaitingTest, EveryInstanceThatWaitsTooLongFails) {
  WorkflowBuilder builder;
  builder.MappedTask("m").schedule_to_start_timeout = seconds(30);
  const RunId run = Submit(builder.Build());
  ASSERT_TRUE(Expand(ClaimOne(), 5));
  const auto leases = Claim(2);
  clock().Advance(seconds(30));
  EXPECT_EQ(Value(store().Sweep()).timers_fired, 3);
  EXPECT_EQ(StateOf(run, 0), TaskState::kRunning);
  Finish({Success(leases[0]), Success(leases[1])});
  EXPECT_EQ(StateOf(run, 0), TaskState::kFailed);
  EXPECT_THAT(DeadLetters(), SizeIs(3));
}

TEST_P(WaitingTest, ATaskHasAllItsAttemptsToEndIn) {
  const RunId run = Submit(With(
      [](TaskSpec& spec) { spec.schedule_to_close_timeout = seconds(60); }));
  const Timestamp deadline = clock().Now() + seconds(60);
  for (int i = 0; i < 5; ++i) {
    const Lease lease = ClaimOne();
    EXPECT_EQ(lease.close_deadline, deadline);
    clock().Advance(seconds(10));
    ASSERT_TRUE(Finish(Ended(lease, AttemptOutcome::kReleased)));
  }
  EXPECT_EQ(Value(store().Sweep()).timers_fired, 0);
  clock().Advance(seconds(10));
  EXPECT_EQ(Value(store().Sweep()).timers_fired, 1);
  EXPECT_EQ(Task(run, 0).error->type, error_type::kScheduleToCloseTimeout);
  EXPECT_EQ(StateOf(run), RunState::kFailed);
}

TEST_P(WaitingTest, ParkedAndScheduledTasksTimeOutToo) {
  const auto workflow = With(
      [](TaskSpec& spec) { spec.schedule_to_close_timeout = seconds(60); });
  const RunId never = Submit(SingleTask());
  ASSERT_THAT(Claim(), SizeIs(1));
  const RunId parked = Submit(workflow);
  ASSERT_TRUE(Finish(Park(ClaimOne(), never)));
  const RunId deferred = Submit(workflow);
  AttemptEnd end = Ended(ClaimOne(), AttemptOutcome::kDeferred);
  end.delay = hours(1);
  ASSERT_TRUE(Finish(end));
  clock().Advance(seconds(60));
  EXPECT_EQ(Value(store().Sweep()).timers_fired, 2);
  EXPECT_EQ(StateOf(parked), RunState::kFailed);
  EXPECT_EQ(StateOf(deferred), RunState::kFailed);
  clock().Advance(hours(1));
  EXPECT_THAT(Claim(), IsEmpty());
}

TEST_P(WaitingTest, ARunHasATimeout) {
  WorkflowBuilder builder;
  builder.workflow().timeout = minutes(10);
  builder.Task("a");
  builder.Task("b", {"a"});
  builder.OnExit();
  const auto workflow = builder.Build();
  const RunId run = Submit(workflow);
  const RunId quick = Submit(workflow);
  const auto leases = Claim();
  ASSERT_THAT(leases, SizeIs(2));
  for (auto next = FinishAndClaim({Success(leases[1])}, 1).leases;
       !next.empty(); next = FinishAndClaim({Success(next[0])}, 1).leases) {
  }
  ASSERT_EQ(StateOf(quick), RunState::kSucceeded);

  clock().Advance(minutes(10));
  EXPECT_EQ(Value(store().Sweep()).timers_fired, 1);
  EXPECT_FALSE(Succeed(leases[0]));
  const Lease on_exit = ClaimOne();
  EXPECT_EQ(on_exit.run_outcome, RunState::kFailed);
  ASSERT_TRUE(Succeed(on_exit));
  EXPECT_EQ(StateOf(run), RunState::kFailed);
  EXPECT_THAT(Value(store().GetRun(run)).reason,
              testing::HasSubstr("timeout of 10m"));
  EXPECT_EQ(StateOf(quick), RunState::kSucceeded);

  // A retry has the whole time again.
  ASSERT_TRUE(store().Retry(run, RetryScope::kFailedTasks).ok());
  EXPECT_EQ(Value(store().Sweep()).timers_fired, 0);
  clock().Advance(minutes(10));
  EXPECT_EQ(Value(store().Sweep()).timers_fired, 1);
}

INSTANTIATE_TEST_SUITE_P(Stores, WaitingTest, testing::ValuesIn(AllStores()),
                         StoreName);

}  // namespace
}  // namespace windlass

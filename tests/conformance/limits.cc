// Limits that all executors share: never exceeded, given back with the lease,
// in order, and nobody forgotten.

#include <map>

#include "conformance/limit_test.h"

namespace windlass {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST_P(LimitTest, NoMoreThanTheLimitRunAndTheNextGoesWhenOneEnds) {
  const auto workflow = Limited({.concurrency = 2});
  const Begun first = Begin(workflow);
  const Begun second = Begin(workflow);
  const Begun third = Begin(workflow);
  const Begun fourth = Begin(workflow);
  EXPECT_EQ(first.decision, kGranted);
  EXPECT_EQ(second.decision, kGranted);
  EXPECT_EQ(third.decision, kWait);
  EXPECT_EQ(fourth.decision, kWait);
  EXPECT_THAT(Claim(), IsEmpty());
  EXPECT_EQ(Only().in_use, 2);
  EXPECT_EQ(Only().waiting, 2);

  const auto next = FinishAndClaim({Success(first.lease)}, 5).leases;
  ASSERT_THAT(next, SizeIs(1));
  EXPECT_EQ(next[0].run->id, third.run);
  EXPECT_EQ(next[0].attempt, 1);
  EXPECT_EQ(Ask(next[0]), kGranted);
  EXPECT_EQ(Ask(next[0]), kGranted);
  EXPECT_EQ(Only().in_use, 2);
  const auto last =
      FinishAndClaim({Success(second.lease), Success(next[0])}, 5).leases;
  ASSERT_THAT(last, SizeIs(1));
  EXPECT_EQ(Ask(last[0]), kGranted);
  EXPECT_TRUE(Succeed(last[0]));
  EXPECT_EQ(Only().in_use, 0);
  EXPECT_EQ(Task(fourth.run, 0).attempt, 1);
  EXPECT_THAT(Value(store().ListAttempts(fourth.run)), SizeIs(1));
}

TEST_P(LimitTest, AsManyAreLetGoAsAreFreed) {
  const auto workflow = Limited({.concurrency = 3});
  std::vector<AttemptEnd> ends;
  for (int i = 0; i < 3; ++i) ends.push_back(Success(Begin(workflow).lease));
  for (int i = 0; i < 7; ++i) Begin(workflow);
  ends.pop_back();
  ASSERT_THAT(FinishAndClaim(ends, 10).leases, SizeIs(2));
  EXPECT_EQ(Only().waiting, 5);
}

TEST_P(LimitTest, ABlockedTaskSaysWhatItWaitsFor) {
  const auto workflow = Limited({.concurrency = 1});
  Begin(workflow, "db");
  const Begun blocked = Begin(workflow, "db");
  const TaskRecord task = Task(blocked.run, 0);
  EXPECT_EQ(task.state, TaskState::kScheduled);
  EXPECT_EQ(task.attempt, 0);
  EXPECT_THAT(task.progress_message, HasSubstr("concurrency 'db'"));
  EXPECT_THAT(Value(store().ListTasks(blocked.run))[0].progress_message,
              HasSubstr("concurrency 'db'"));
  EXPECT_EQ(Value(store().ListQueues())[0].scheduled, 1);
}

TEST_P(LimitTest, KeysDoNotConcernEachOther) {
  const auto workflow = Limited({.concurrency = 1});
  EXPECT_EQ(Begin(workflow, "a").decision, kGranted);
  EXPECT_EQ(Begin(workflow, "b").decision, kGranted);
  EXPECT_EQ(Begin(workflow, "a").decision, kWait);
  EXPECT_EQ(Begin(workflow, "Ключ '\"\\ 钥匙").decision, kGranted);
  EXPECT_THAT(Value(store().ListLimits()), SizeIs(3));
}

TEST_P(LimitTest, OneCallAnswersManyRequestsInOrder) {
  const auto workflow = Limited({.concurrency = 2});
  for (int i = 0; i < 5; ++i) Submit(workflow);
  std::vector<PermitRequest> requests;
  for (const Lease& lease : Claim()) requests.push_back(Request(lease));
  requests.push_back(Request(requests[0].lease));
  requests.back().lease.token.value += 1000;
  EXPECT_THAT(Decide(store(), requests),
              ElementsAre(kGranted, kGranted, kWait, kWait, kWait,
                          PermitDecision::kLeaseEnded));
}

TEST_P(LimitTest, AFailureGivesItsPermitBackWhileItBacksOff) {
  WorkflowBuilder builder;
  TaskSpec& spec = builder.Task("a");
  Limit(spec, {.concurrency = 1});
  spec.retry_policy.maximum_attempts = 2;
  spec.retry_policy.initial_interval = minutes(1);
  const auto workflow = builder.Build();
  const Begun first = Begin(workflow);
  const Begun second = Begin(workflow);
  const auto next = FinishAndClaim({Failure(first.lease)}, 5).leases;
  ASSERT_THAT(next, SizeIs(1));
  EXPECT_EQ(next[0].run->id, second.run);
  EXPECT_EQ(Ask(next[0]), kGranted);
  clock().Advance(minutes(1));
  const Lease again = ClaimOne();
  EXPECT_EQ(again.attempt, 2);
  EXPECT_EQ(Ask(again), kWait);
  ASSERT_TRUE(Finish(Blocked(again)));
  EXPECT_EQ(Task(first.run, 0).attempt, 1);
  ASSERT_TRUE(Succeed(next[0]));
  const Lease last = ClaimOne();
  EXPECT_EQ(last.attempt, 2);
  EXPECT_EQ(Ask(last), kGranted);
}

TEST_P(LimitTest, ACancelGivesThePermitToTheNext) {
  const auto workflow = Limited({.concurrency = 1});
  const Begun first = Begin(workflow);
  const Begun second = Begin(workflow);
  const Begun third = Begin(workflow);
  ASSERT_TRUE(store().Cancel(first.run, "").ok());
  // The one whose turn it was is cancelled before anybody claims it.
  ASSERT_TRUE(store().Cancel(second.run, "").ok());
  const Lease lease = ClaimOne();
  EXPECT_EQ(lease.run->id, third.run);
  EXPECT_EQ(Ask(lease), kGranted);
  // And a waiter that is cancelled is not missed.
  const Begun fourth = Begin(workflow);
  ASSERT_TRUE(store().Cancel(fourth.run, "").ok());
  ASSERT_TRUE(Succeed(lease));
  EXPECT_EQ(Only().in_use, 0);
  EXPECT_EQ(Begin(workflow).decision, kGranted);
}

TEST_P(LimitTest, ADeadExecutorsPermitsAreGivenOn) {
  const auto workflow = Limited({.concurrency = 1});
  const ExecutorId dying = Register("dying", seconds(10));
  const RunId lost = Submit(workflow);
  const auto held = ClaimAs(dying);
  ASSERT_THAT(held, SizeIs(1));
  EXPECT_EQ(Ask(held[0]), kGranted);
  const Begun waiting = Begin(workflow);
  clock().Advance(seconds(10));
  ASSERT_TRUE(store().Sweep().ok());
  const auto leases = Claim();
  ASSERT_THAT(leases, SizeIs(2));
  std::map<RunId, PermitDecision> decisions;
  for (const Lease& lease : leases) {
    decisions[lease.run->id] = Ask(lease);
    if (decisions[lease.run->id] == kWait) Finish(Blocked(lease));
  }
  EXPECT_EQ(decisions[waiting.run], kGranted);
  EXPECT_EQ(decisions[lost], kWait);
}

TEST_P(LimitTest, ALetGoTaskIsNotOvertakenByOneThatComes) {
  const auto workflow = Limited({.concurrency = 1});
  const Begun first = Begin(workflow);
  const Begun second = Begin(workflow);
  ASSERT_TRUE(Succeed(first.lease));
  const RunId third = Submit(workflow);
  for (const Lease& lease : Claim()) {
    EXPECT_EQ(Ask(lease), lease.run->id == third ? kWait : kGranted);
  }
  EXPECT_EQ(Only().in_use, 1);
}

TEST_P(LimitTest, WaitersGoByPriorityAndAge) {
  const auto high = Limited({.concurrency = 1, .priority = 7});
  const auto low = Limited({.concurrency = 1, .priority = 5});
  Lease running = Begin(low).lease;
  std::map<RunId, std::string> names;
  names[Begin(low).run] = "old low";
  clock().Advance(seconds(90));
  names[Begin(low).run] = "low";
  names[Begin(high).run] = "high";
  names[Begin(high).run] = "second high";
  clock().Advance(seconds(31));
  // Two priorities less, and 121 s older.
  names[Begin(high).run] = "late high";
  std::vector<std::string> order;
  for (int i = 0; i < 5; ++i) {
    const auto next = FinishAndClaim({Success(running)}, 5).leases;
    ASSERT_THAT(next, SizeIs(1));
    running = next[0];
    EXPECT_EQ(Ask(running), kGranted);
    order.push_back(names[running.run->id]);
  }
  EXPECT_THAT(
      order, ElementsAre("high", "second high", "old low", "late high", "low"));
}

TEST_P(LimitTest, BothKeysOfATaskAreGivenOrNeither) {
  const auto both = Limited({.concurrency = 1, .rate = 1});
  const auto one = Limited({.concurrency = 1});
  const Begun first = Begin(both);
  EXPECT_EQ(first.decision, kGranted);
  const Begun second = Begin(both);
  EXPECT_EQ(second.decision, kWait);
  // Free of one key, it does not hold it while it waits for the other.
  ASSERT_TRUE(Succeed(first.lease));
  EXPECT_THAT(Claim(), IsEmpty());
  const Begun other = Begin(one);
  EXPECT_EQ(other.decision, kGranted);
  clock().Advance(seconds(10));
  EXPECT_THAT(Claim(), IsEmpty());
  const auto next = FinishAndClaim({Success(other.lease)}, 5).leases;
  ASSERT_THAT(next, SizeIs(1));
  EXPECT_EQ(next[0].run->id, second.run);
  EXPECT_EQ(Ask(next[0]), kGranted);
  for (const LimitRecord& limit : Value(store().ListLimits())) {
    EXPECT_EQ(limit.in_use, 1);
    EXPECT_EQ(limit.waiting, 0);
  }
}

TEST_P(LimitTest, APausedRunHoldsNoPermitAndGoesOnWhenItIsResumed) {
  const auto workflow = Limited({.concurrency = 1});
  const Begun first = Begin(workflow);
  const Begun paused = Begin(workflow);
  const Begun third = Begin(workflow);
  ASSERT_TRUE(store().Pause(paused.run).ok());
  auto next = FinishAndClaim({Success(first.lease)}, 5).leases;
  ASSERT_THAT(next, SizeIs(1));
  EXPECT_EQ(next[0].run->id, third.run);
  EXPECT_EQ(Ask(next[0]), kGranted);
  ASSERT_TRUE(Succeed(next[0]));
  EXPECT_THAT(Claim(), IsEmpty());
  EXPECT_EQ(Task(paused.run, 0).state, TaskState::kScheduled);
  ASSERT_TRUE(store().Resume(paused.run).ok());
  const Lease lease = ClaimOne();
  EXPECT_EQ(lease.run->id, paused.run);
  EXPECT_EQ(Ask(lease), kGranted);
}

TEST_P(LimitTest, ARunPausedAfterItsTaskWasLetGoGivesThePermitOn) {
  const auto workflow = Limited({.concurrency = 1});
  const Begun first = Begin(workflow);
  const Begun paused = Begin(workflow);
  const Begun third = Begin(workflow);
  ASSERT_TRUE(Succeed(first.lease));
  ASSERT_TRUE(store().Pause(paused.run).ok());
  EXPECT_THAT(Claim(), IsEmpty());
  clock().Advance(seconds(10));
  ASSERT_TRUE(store().Sweep().ok());
  const Lease lease = ClaimOne();
  EXPECT_EQ(lease.run->id, third.run);
  EXPECT_EQ(Ask(lease), kGranted);
  ASSERT_TRUE(Succeed(lease));
  ASSERT_TRUE(store().Resume(paused.run).ok());
  EXPECT_EQ(Ask(ClaimOne()), kGranted);
}

TEST_P(LimitTest, APausedQueueHoldsNoPermit) {
  const auto workflow = Limited({.concurrency = 1});
  const auto reports = Limited({.concurrency = 1, .queue = "reports"});
  const Begun first = Begin(workflow);
  const Begun paused = Begin(reports);
  const Begun third = Begin(workflow);
  ASSERT_TRUE(Succeed(first.lease));
  ASSERT_TRUE(store().PauseQueue("reports").ok());
  EXPECT_THAT(Claim(), IsEmpty());
  clock().Advance(seconds(10));
  ASSERT_TRUE(store().Sweep().ok());
  const Lease lease = ClaimOne();
  EXPECT_EQ(lease.run->id, third.run);
  EXPECT_EQ(Ask(lease), kGranted);
  ASSERT_TRUE(Succeed(lease));
  EXPECT_THAT(Claim(), IsEmpty());
  ASSERT_TRUE(store().ResumeQueue("reports").ok());
  EXPECT_EQ(ClaimOne().run->id, paused.run);
}

TEST_P(LimitTest, ATaskWhoseAttemptWaitsForARunKeepsItsPermit) {
  const auto workflow = Limited({.concurrency = 1});
  const Begun outer = Begin(workflow);
  const RunId inner = Submit(SingleTask());
  ASSERT_TRUE(Finish(Park(outer.lease, inner)));
  const Lease inner_lease = ClaimOne();
  const Begun waiting = Begin(workflow);
  EXPECT_EQ(waiting.decision, kWait);
  ASSERT_TRUE(Succeed(inner_lease));
  const Lease again = ClaimOne();
  EXPECT_EQ(again.run->id, outer.run);
  EXPECT_EQ(Ask(again), kGranted);
  const auto next = FinishAndClaim({Success(again)}, 5).leases;
  ASSERT_THAT(next, SizeIs(1));
  EXPECT_EQ(Ask(next[0]), kGranted);
}

TEST_P(LimitTest, TheRunSubmittedLastSaysWhatTheLimitIs) {
  const auto narrow = Limited({.concurrency = 1});
  const auto wide = Limited({.concurrency = 3});
  const Begun first = Begin(narrow);
  const Begun blocked = Begin(narrow);
  EXPECT_EQ(blocked.decision, kWait);
  EXPECT_EQ(Begin(wide).decision, kGranted);
  EXPECT_EQ(Only().limit, 3);
  EXPECT_EQ(Only().in_use, 2);
  // The one that waits goes as soon as anything happens to the key.
  ASSERT_TRUE(store().Sweep().ok());
  const Lease lease = ClaimOne();
  EXPECT_EQ(lease.run->id, blocked.run);
  EXPECT_EQ(Ask(lease), kGranted);
  EXPECT_EQ(Only().limit, 3);
  EXPECT_EQ(Begin(narrow).decision, kWait);
  EXPECT_EQ(Only().limit, 1);
  ASSERT_TRUE(Succeed(first.lease));
  EXPECT_THAT(Claim(), IsEmpty());
}

TEST_P(LimitTest, InstancesOfAMapAreLimitedOneByOne) {
  WorkflowBuilder builder;
  Limit(builder.MappedTask("m"), {.concurrency = 2});
  const RunId run = Submit(builder.Build());
  ASSERT_TRUE(Expand(ClaimOne(), 6));
  std::vector<Lease> running;
  std::vector<AttemptEnd> ends;
  for (const Lease& lease : Claim()) {
    if (Ask(lease) == kGranted) {
      running.push_back(lease);
    } else {
      ends.push_back(Blocked(lease));
    }
  }
  ASSERT_THAT(running, SizeIs(2));
  ASSERT_THAT(Finish(ends), SizeIs(4));
  std::vector<std::string> names;
  while (!running.empty()) {
    const auto next = FinishAndClaim({Success(running.front())}, 5).leases;
    running.erase(running.begin());
    for (const Lease& lease : next) {
      EXPECT_EQ(Ask(lease), kGranted);
      running.push_back(lease);
    }
    for (const std::string& name : Names(next)) names.push_back(name);
    EXPECT_LE(running.size(), 2u);
  }
  EXPECT_THAT(names, ElementsAre("m[2]", "m[3]", "m[4]", "m[5]"));
  EXPECT_EQ(StateOf(run), RunState::kSucceeded);
}

TEST_P(LimitTest, ABlockedTaskHasAllItsAttemptsToEndIn) {
  WorkflowBuilder builder;
  TaskSpec& spec = builder.Task("a");
  Limit(spec, {.concurrency = 1});
  spec.schedule_to_close_timeout = seconds(60);
  const auto workflow = builder.Build();
  Begin(Limited({.concurrency = 1}));
  const Begun blocked = Begin(workflow);
  clock().Advance(seconds(60));
  EXPECT_EQ(Value(store().Sweep()).timers_fired, 1);
  EXPECT_EQ(Task(blocked.run, 0).error->type,
            error_type::kScheduleToCloseTimeout);
  EXPECT_EQ(Only().waiting, 0);
}

TEST_P(LimitTest, ARetriedRunGivesBackWhatItHeld) {
  const auto workflow = Limited({.concurrency = 1});
  const Begun first = Begin(workflow);
  const Begun second = Begin(workflow);
  ASSERT_TRUE(store().Cancel(second.run, "").ok());
  ASSERT_TRUE(Fail(first.lease));
  ASSERT_TRUE(store().Retry(first.run, RetryScope::kWholeRun).ok());
  EXPECT_EQ(Only().in_use, 0);
  EXPECT_EQ(Ask(ClaimOne()), kGranted);
}

TEST_P(LimitTest, KeysNobodyUsesAreForgotten) {
  ASSERT_TRUE(Succeed(Begin(Limited({.concurrency = 1, .rate = 1})).lease));
  EXPECT_THAT(Value(store().ListLimits()), SizeIs(2));
  clock().Advance(hours(1) + seconds(12));
  ASSERT_TRUE(store().Sweep().ok());
  EXPECT_THAT(Value(store().ListLimits()), IsEmpty());
  EXPECT_EQ(Begin(Limited({.concurrency = 1, .rate = 1})).decision, kGranted);
}

INSTANTIATE_TEST_SUITE_P(Stores, LimitTest, testing::ValuesIn(AllStores()),
                         StoreName);

}  // namespace
}  // namespace windlass

// What people do to runs: cancel (I9), pause, retry, dead letters; submitting
// with keys and in bulk.

#include <atomic>
#include <latch>
#include <string>
#include <thread>

#include "conformance/store_test.h"

namespace windlass {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class ControlTest : public StoreTest {
 protected:
  static std::shared_ptr<const Workflow> WithCancellation(
      CancellationSpec::Type type) {
    WorkflowBuilder builder;
    builder.Task("a").cancellation.type = type;
    builder.Task("b", {"a"});
    return builder.Build();
  }
  std::vector<CancelCommand> Commands() {
    return Value(store().Commands(executor())).cancels;
  }
};

TEST_P(ControlTest, NoAttemptSucceedsAfterACancel) {
  const RunId run =
      Submit(WithCancellation(CancellationSpec::Type::kTryCancel));
  const Lease lease = ClaimOne();
  ASSERT_TRUE(store().Cancel(run, "not needed").ok());
  EXPECT_EQ(StateOf(run), RunState::kCancelled);
  EXPECT_EQ(Value(store().GetRun(run)).reason, "not needed");
  EXPECT_EQ(StateOf(run, 0), TaskState::kCancelled);
  EXPECT_EQ(StateOf(run, 1), TaskState::kCancelled);
  EXPECT_EQ(Task(run, 0).error->message, "not needed");
  EXPECT_FALSE(Succeed(lease));
  EXPECT_EQ(StateOf(run, 0), TaskState::kCancelled);
  EXPECT_THAT(Claim(), IsEmpty());
  EXPECT_TRUE(store().Cancel(run, "again").ok());
  EXPECT_EQ(Value(store().GetRun(run)).reason, "not needed");
}

TEST_P(ControlTest, TheExecutorIsToldUntilItSaysItStopped) {
  const RunId run =
      Submit(WithCancellation(CancellationSpec::Type::kTryCancel));
  const Lease lease = ClaimOne();
  EXPECT_THAT(Commands(), IsEmpty());
  ASSERT_TRUE(store().Cancel(run, "not needed").ok());
  for (int i = 0; i < 2; ++i) {
    const auto commands = Value(store().Heartbeat(executor(), 1)).cancels;
    ASSERT_THAT(commands, SizeIs(1));
    EXPECT_EQ(commands[0].run, run);
    EXPECT_EQ(commands[0].task, lease.task);
    EXPECT_EQ(commands[0].token, lease.token);
    EXPECT_EQ(commands[0].type, CancellationSpec::Type::kTryCancel);
    EXPECT_EQ(commands[0].reason, "not needed");
    EXPECT_THAT(Commands(), SizeIs(1));
  }
  EXPECT_FALSE(Finish(Ended(lease, AttemptOutcome::kCancelled)));
  EXPECT_THAT(Commands(), IsEmpty());
}

TEST_P(ControlTest, ACancelThatWaitsEndsTheTaskWhenItsAttemptStopped) {
  const RunId run = Submit(
      WithCancellation(CancellationSpec::Type::kWaitCancellationCompleted));
  const Lease lease = ClaimOne();
  ASSERT_TRUE(store().Cancel(run, "").ok());
  EXPECT_EQ(StateOf(run, 0), TaskState::kRunning);
  EXPECT_EQ(StateOf(run, 1), TaskState::kCancelled);
  EXPECT_EQ(StateOf(run), RunState::kRunning);
  EXPECT_THAT(Commands(), SizeIs(1));
  clock().Advance(seconds(2));
  EXPECT_TRUE(Finish(Ended(lease, AttemptOutcome::kCancelled)));
  EXPECT_THAT(Commands(), IsEmpty());
  EXPECT_EQ(StateOf(run, 0), TaskState::kCancelled);
  EXPECT_EQ(Task(run, 0).finished_at, clock().Now());
  EXPECT_EQ(StateOf(run), RunState::kCancelled);
}

TEST_P(ControlTest, ACancelThatWaitsRefusesASuccess) {
  const RunId run = Submit(
      WithCancellation(CancellationSpec::Type::kWaitCancellationCompleted));
  const Lease lease = ClaimOne();
  ASSERT_TRUE(store().Cancel(run, "").ok());
  EXPECT_FALSE(Succeed(lease));
  EXPECT_EQ(StateOf(run, 0), TaskState::kCancelled);
  EXPECT_FALSE(Task(run, 0).result.has_value());
  EXPECT_EQ(StateOf(run), RunState::kCancelled);
  EXPECT_FALSE(Fail(lease));
}

TEST_P(ControlTest, OnExitStartsWhenWhatWasCancelledHasStopped) {
  WorkflowBuilder builder;
  for (const char* id : {"a", "b"}) {
    builder.Task(id).cancellation.type =
        CancellationSpec::Type::kWaitCancellationCompleted;
  }
  builder.OnExit();
  const RunId run = Submit(builder.Build());
  const std::vector<Lease> leases = Claim();
  ASSERT_THAT(leases, SizeIs(2));
  ASSERT_TRUE(store().Cancel(run, "stop").ok());
  ASSERT_TRUE(store().Cancel(run, "again").ok());
  EXPECT_THAT(Commands(), SizeIs(2));
  EXPECT_THAT(FinishAndClaim({Failure(leases[0])}, 5).leases, IsEmpty());
  EXPECT_EQ(Value(store().GetRun(run)).reason, "stop");
  const auto reply =
      FinishAndClaim({Ended(leases[1], AttemptOutcome::kCancelled)}, 5);
  EXPECT_THAT(Names(reply.leases), ElementsAre("on_exit"));
  EXPECT_EQ(reply.leases.at(0).run_outcome, RunState::kCancelled);
  EXPECT_EQ(StateOf(run, 0), TaskState::kCancelled);
  ASSERT_TRUE(Succeed(reply.leases.at(0)));
  EXPECT_EQ(StateOf(run), RunState::kCancelled);
}

// A map of `count` instances whose first failure cancels the others, and that
// waits for them.
class FailFastTest : public ControlTest {
 protected:
  std::vector<Lease> Start(int count) {
    WorkflowBuilder builder;
    TaskSpec& map = builder.MappedTask("m");
    map.map->fail_fast = true;
    map.cancellation.type = CancellationSpec::Type::kWaitCancellationCompleted;
    builder.Task("after", {"m"}).trigger_rule = TriggerRule::kAllDone;
    run_ = Submit(builder.Build());
    EXPECT_TRUE(Expand(ClaimOne(), count));
    return Claim(3);
  }

  RunId run_;
};

TEST_P(FailFastTest, AMapEndsWhenItsInstancesHaveStopped) {
  const std::vector<Lease> leases = Start(10);
  ASSERT_TRUE(Fail(leases.at(1)));
  EXPECT_THAT(Commands(), SizeIs(2));
  EXPECT_EQ(StateOf(run_, 0, 0), TaskState::kRunning);
  EXPECT_EQ(StateOf(run_, 0, 7), TaskState::kCancelled);
  EXPECT_EQ(StateOf(run_, 0), TaskState::kRunning);
  EXPECT_FALSE(Succeed(leases.at(0)));
  EXPECT_THAT(Claim(), IsEmpty());
  EXPECT_EQ(Value(store().Requeue({})), 0);
  EXPECT_TRUE(Finish(Ended(leases.at(2), AttemptOutcome::kCancelled)));
  EXPECT_EQ(StateOf(run_, 0), TaskState::kFailed);
  EXPECT_THAT(Names(Claim()), ElementsAre("after"));
}

TEST_P(FailFastTest, ASuccessInTheSameBatchComesTooLate) {
  const std::vector<Lease> leases = Start(2);
  EXPECT_THAT(Finish({Failure(leases.at(0)), Success(leases.at(1))}),
              ElementsAre(true, false));
  EXPECT_EQ(StateOf(run_, 0, 1), TaskState::kCancelled);
  EXPECT_EQ(StateOf(run_, 0), TaskState::kFailed);
  EXPECT_THAT(Names(Claim()), ElementsAre("after"));
}

TEST_P(FailFastTest, AnExecutorThatDiesWhileStoppingEndsTheMap) {
  const std::vector<Lease> leases = Start(3);
  ASSERT_TRUE(Fail(leases.at(0)));
  clock().Advance(hours(24 * 365));
  ASSERT_TRUE(store().Sweep().ok());
  EXPECT_EQ(StateOf(run_, 0), TaskState::kFailed);
  EXPECT_EQ(StateOf(run_, 0, 1), TaskState::kCancelled);
  EXPECT_THAT(Names(ClaimAs(Register("other"))), ElementsAre("after"));
}

INSTANTIATE_TEST_SUITE_P(Stores, FailFastTest, testing::ValuesIn(AllStores()),
                         StoreName);

TEST_P(ControlTest, AnExecutorThatDiesWhileStoppingLeavesACancelledTask) {
  const RunId run = Submit(
      WithCancellation(CancellationSpec::Type::kWaitCancellationCompleted));
  const ExecutorId dying = Register("dying", seconds(10));
  ASSERT_THAT(ClaimAs(dying), SizeIs(1));
  ASSERT_TRUE(store().Cancel(run, "").ok());
  EXPECT_EQ(StateOf(run), RunState::kRunning);
  clock().Advance(seconds(10));
  ASSERT_TRUE(store().Sweep().ok());
  EXPECT_EQ(StateOf(run, 0), TaskState::kCancelled);
  EXPECT_EQ(StateOf(run), RunState::kCancelled);
  EXPECT_THAT(Claim(), IsEmpty());
}

TEST_P(ControlTest, ACancelReachesWaitingTasks) {
  WorkflowBuilder builder;
  builder.Task("ready");
  builder.Task("scheduled").delay = seconds(5);
  builder.Task("parked");
  builder.MappedTask("map");
  const RunId run = Submit(builder.Build());
  const RunId other = Submit(SingleTask());
  for (const Lease& lease : Claim()) {
    if (lease.spec().id == "parked") Finish(Park(lease, other));
    if (lease.spec().id == "map") Expand(lease, 3);
    if (lease.spec().id == "ready") {
      Finish(Ended(lease, AttemptOutcome::kReleased));
    }
  }
  ASSERT_TRUE(store().Cancel(run, "stop").ok());
  ASSERT_TRUE(store().Cancel(other, "stop").ok());
  for (const TaskRecord& task : Value(store().ListTasks(run))) {
    EXPECT_EQ(task.state, TaskState::kCancelled)
        << task.id << " " << task.key.index;
  }
  clock().Advance(seconds(5));
  EXPECT_THAT(Claim(), IsEmpty());
}

TEST_P(ControlTest, ACancelRunsOnExit) {
  WorkflowBuilder builder;
  builder.Task("a");
  builder.OnExit();
  const RunId run = Submit(builder.Build());
  ASSERT_TRUE(store().Pause(run).ok());
  ASSERT_TRUE(store().Cancel(run, "stop").ok());
  const Lease lease = ClaimOne();
  EXPECT_EQ(lease.spec().id, "on_exit");
  EXPECT_EQ(lease.run_outcome, RunState::kCancelled);
  ASSERT_TRUE(store().Cancel(run, "stop").ok());
  ASSERT_TRUE(Succeed(lease));
  EXPECT_EQ(StateOf(run), RunState::kCancelled);
}

TEST_P(ControlTest, SubRunsAreCancelledWithTheirParent) {
  const RunId parent = Submit(SingleTask());
  const auto submit_child = [&](RunId of) {
    SubmitRequest request;
    request.workflow = SingleTask();
    request.parent = of;
    request.parent_task = TaskKey{0, -1};
    return store().Submit({&request, 1});
  };
  const RunId child = Value(submit_child(parent)).at(0).id;
  const RunId grandchild = Value(submit_child(child)).at(0).id;
  const auto leases = Claim();
  ASSERT_THAT(leases, SizeIs(3));
  ASSERT_TRUE(store().Cancel(parent, "stop").ok());
  for (const RunId run : {parent, child, grandchild}) {
    EXPECT_EQ(StateOf(run), RunState::kCancelled);
  }
  for (const Lease& lease : leases) EXPECT_FALSE(Succeed(lease));
  EXPECT_TRUE(absl::IsFailedPrecondition(submit_child(parent).status()));
}

TEST_P(ControlTest, ARunThatHasEndedCannotBeCancelledOrPaused) {
  const RunId run = Submit(SingleTask());
  ASSERT_TRUE(Succeed(ClaimOne()));
  EXPECT_TRUE(absl::IsFailedPrecondition(store().Cancel(run, "")));
  EXPECT_TRUE(absl::IsFailedPrecondition(store().Pause(run)));
  EXPECT_TRUE(absl::IsFailedPrecondition(store().Resume(run)));
}

TEST_P(ControlTest, UnknownRunsAreNotFound) {
  const RunId run{12345};
  EXPECT_TRUE(absl::IsNotFound(store().Cancel(run, "")));
  EXPECT_TRUE(absl::IsNotFound(store().Pause(run)));
  EXPECT_TRUE(absl::IsNotFound(store().Resume(run)));
  EXPECT_TRUE(absl::IsNotFound(store().Retry(run, RetryScope::kWholeRun)));
  EXPECT_TRUE(absl::IsNotFound(store().GetRun(run).status()));
  EXPECT_TRUE(absl::IsNotFound(store().GetRunInfo(run).status()));
  EXPECT_TRUE(absl::IsNotFound(store().GetProgress(run).status()));
  EXPECT_TRUE(absl::IsNotFound(store().ListTasks(run).status()));
  EXPECT_TRUE(absl::IsNotFound(store().GetTask(run, {}).status()));
  EXPECT_TRUE(absl::IsNotFound(store().ListAttempts(run).status()));
  EXPECT_TRUE(absl::IsNotFound(store().GetItems(run, 0).status()));
  EXPECT_TRUE(absl::IsNotFound(store().ListInstanceResults(run, 0).status()));
  EXPECT_TRUE(absl::IsNotFound(store().Heartbeat(ExecutorId{99}, 0).status()));
  EXPECT_TRUE(absl::IsNotFound(store().Drain("nobody")));
}

TEST_P(ControlTest, APausedRunGoesOnButStartsNothing) {
  const RunId run = Submit(Chain(3));
  const Lease lease = ClaimOne();
  ASSERT_TRUE(store().Pause(run).ok());
  EXPECT_EQ(StateOf(run), RunState::kPaused);
  EXPECT_THAT(FinishAndClaim({Success(lease)}, 5).leases, IsEmpty());
  EXPECT_THAT(Claim(), IsEmpty());
  EXPECT_EQ(StateOf(run, 1), TaskState::kReady);
  ASSERT_TRUE(store().Pause(run).ok());
  ASSERT_TRUE(store().Resume(run).ok());
  EXPECT_EQ(StateOf(run), RunState::kRunning);
  EXPECT_THAT(Names(Claim()), ElementsAre("t1"));
}

TEST_P(ControlTest, ARunPausedBeforeItStartedWaitsForItsResume) {
  const RunId run = Submit(Diamond());
  ASSERT_TRUE(store().Pause(run).ok());
  const RunId other = Submit(SingleTask());
  EXPECT_EQ(ClaimOne().run->id, other);
  ASSERT_TRUE(store().Resume(run).ok());
  EXPECT_EQ(ClaimOne().run->id, run);
}

TEST_P(ControlTest, APausedQueueIsNotClaimed) {
  WorkflowBuilder builder;
  builder.Task("a").queue = "left";
  builder.Task("b").queue = "right";
  builder.Task("c", {"b"}).queue = "left";
  Submit(builder.Build());
  ASSERT_TRUE(store().PauseQueue("left").ok());
  const Lease lease = ClaimOne();
  EXPECT_EQ(lease.spec().id, "b");
  EXPECT_THAT(FinishAndClaim({Success(lease)}, 5).leases, IsEmpty());
  ASSERT_TRUE(store().ResumeQueue("left").ok());
  EXPECT_THAT(Claim(), SizeIs(2));
}

TEST_P(ControlTest, DrainReachesTheExecutorByName) {
  const ExecutorId drained = Register("one");
  const ExecutorId other = Register("two");
  ASSERT_TRUE(store().Drain("one").ok());
  EXPECT_TRUE(Value(store().Heartbeat(drained, 0)).drain);
  EXPECT_TRUE(Value(store().Commands(drained)).drain);
  EXPECT_FALSE(Value(store().Heartbeat(other, 0)).drain);
}

TEST_P(ControlTest, RetryRunsFailedTasksAndWhatDependsOnThemAgain) {
  const RunId run = Submit(Diamond());
  ASSERT_TRUE(Succeed(ClaimOne()));
  for (const Lease& lease : Claim()) {
    ASSERT_TRUE(lease.spec().id == "b" ? Fail(lease) : Succeed(lease));
  }
  ASSERT_EQ(StateOf(run), RunState::kFailed);
  ASSERT_TRUE(store().Retry(run, RetryScope::kFailedTasks).ok());
  EXPECT_EQ(StateOf(run), RunState::kRunning);
  EXPECT_THAT(DeadLetters(), IsEmpty());
  EXPECT_EQ(Value(store().CountRuns()).running, 1);
  const Lease again = ClaimOne();
  EXPECT_EQ(again.spec().id, "b");
  EXPECT_EQ(again.run->attempt, 2);
  EXPECT_EQ(Value(store().GetRun(run)).attempt, 2);
  ASSERT_TRUE(Succeed(again));
  const Lease join = ClaimOne();
  EXPECT_EQ(join.spec().id, "d");
  ASSERT_TRUE(Succeed(join));
  EXPECT_EQ(StateOf(run), RunState::kSucceeded);
  EXPECT_EQ(Value(store().CountRuns()).running, 0);
  EXPECT_THAT(Value(store().ListAttempts(run)), SizeIs(5));
}

TEST_P(ControlTest, RetryKeepsTheGoodInstancesOfAMap) {
  WorkflowBuilder builder;
  builder.MappedTask("m").map->max_parallel = 2;
  builder.Task("after", {"m"});
  const RunId run = Submit(builder.Build());
  ASSERT_TRUE(Expand(ClaimOne(), 6));
  for (int done = 0; done < 6; done += 2) {
    for (const Lease& lease : Claim()) {
      const int index = lease.task.index;
      ASSERT_TRUE(index % 2 == 0 ? Succeed(lease) : Fail(lease));
    }
  }
  ASSERT_EQ(StateOf(run), RunState::kFailed);
  EXPECT_THAT(DeadLetters(), SizeIs(3));
  const auto before = Task(run, 0, 2).result;

  ASSERT_TRUE(store().Retry(run, RetryScope::kFailedTasks).ok());
  EXPECT_THAT(DeadLetters(), IsEmpty());
  EXPECT_EQ(StateOf(run, 0, 3), TaskState::kReady);
  EXPECT_EQ(StateOf(run, 0, 5), TaskState::kPending);
  EXPECT_EQ(StateOf(run, 0, 2), TaskState::kSucceeded);
  std::vector<Lease> again = Claim();
  EXPECT_THAT(Names(again), ElementsAre("m[1]", "m[3]"));
  again =
      FinishAndClaim({Success(again.at(0)), Success(again.at(1))}, 5).leases;
  EXPECT_THAT(Names(again), ElementsAre("m[5]"));
  again = FinishAndClaim({Success(again.at(0))}, 5).leases;
  EXPECT_THAT(Names(again), ElementsAre("after"));
  EXPECT_EQ(Task(run, 0, 2).result->value, before->value);
  ASSERT_TRUE(Succeed(again.at(0)));
  EXPECT_EQ(StateOf(run), RunState::kSucceeded);
  // Six, three that failed before, and the last task.
  EXPECT_THAT(Value(store().ListAttempts(run)), SizeIs(10));
}

TEST_P(ControlTest, RetryOfACancelledMapRunsWhatNeverStarted) {
  WorkflowBuilder builder;
  builder.MappedTask("m");
  const RunId run = Submit(builder.Build());
  ASSERT_TRUE(Expand(ClaimOne(), 5));
  const std::vector<Lease> leases = Claim(2);
  ASSERT_TRUE(Succeed(leases.at(1)));
  ASSERT_TRUE(store().Cancel(run, "stop").ok());
  ASSERT_TRUE(store().Retry(run, RetryScope::kFailedTasks).ok());
  EXPECT_THAT(Names(Claim()),
              testing::UnorderedElementsAre("m[0]", "m[2]", "m[3]", "m[4]"));
}

TEST_P(ControlTest, RetryOfTheWholeRunIsAnotherAttemptOfIt) {
  const RunId run = Submit(Chain(2));
  RunToEnd();
  EXPECT_TRUE(
      absl::IsFailedPrecondition(store().Retry(run, RetryScope::kFailedTasks)));
  ASSERT_TRUE(store().Retry(run, RetryScope::kWholeRun).ok());
  EXPECT_TRUE(
      absl::IsFailedPrecondition(store().Retry(run, RetryScope::kWholeRun)));
  const Lease lease = ClaimOne();
  EXPECT_EQ(lease.spec().id, "t0");
  EXPECT_EQ(lease.run->attempt, 2);
  EXPECT_EQ(Value(store().GetRun(run)).attempt, 2);
  EXPECT_EQ(StateOf(run, 1), TaskState::kPending);
  ASSERT_TRUE(Succeed(lease));
  RunToEnd();
  EXPECT_EQ(StateOf(run), RunState::kSucceeded);
  EXPECT_THAT(Value(store().ListAttempts(run)), SizeIs(4));
}

TEST_P(ControlTest, ACancelledRunCanBeRetried) {
  const RunId run = Submit(Chain(2));
  const Lease lease = ClaimOne();
  ASSERT_TRUE(store().Cancel(run, "stop").ok());
  ASSERT_TRUE(store().Retry(run, RetryScope::kFailedTasks).ok());
  EXPECT_EQ(Value(store().GetRun(run)).reason, "");
  EXPECT_FALSE(Succeed(lease));
  RunToEnd();
  EXPECT_EQ(StateOf(run), RunState::kSucceeded);
}

TEST_P(ControlTest, ARunThatStillStopsCannotBeRetried) {
  const RunId run = Submit(
      WithCancellation(CancellationSpec::Type::kWaitCancellationCompleted));
  const Lease stopping = ClaimOne();
  ASSERT_TRUE(store().Cancel(run, "stop").ok());
  EXPECT_TRUE(
      absl::IsFailedPrecondition(store().Retry(run, RetryScope::kFailedTasks)));
  EXPECT_FALSE(Succeed(stopping));
  ASSERT_TRUE(store().Retry(run, RetryScope::kFailedTasks).ok());
  EXPECT_TRUE(Succeed(ClaimOne()));
}

TEST_P(ControlTest, ARequeuedDeadLetterRunsAgainWithFreshAttempts) {
  WorkflowBuilder builder;
  builder.Task("a").retry_policy.maximum_attempts = 2;
  builder.Task("b", {"a"});
  const RunId run = Submit(builder.Build());
  const auto fail_twice = [&] {
    ASSERT_TRUE(Fail(ClaimOne()));
    clock().Advance(hours(1));
    ASSERT_TRUE(Fail(ClaimOne()));
  };
  fail_twice();
  ASSERT_EQ(StateOf(run), RunState::kFailed);
  EXPECT_EQ(Value(store().Requeue({})), 1);
  EXPECT_EQ(StateOf(run), RunState::kRunning);
  EXPECT_EQ(StateOf(run, 1), TaskState::kPending);
  EXPECT_THAT(DeadLetters(), IsEmpty());
  fail_twice();
  EXPECT_EQ(Value(store().Requeue({})), 1);
  RunToEnd();
  EXPECT_EQ(StateOf(run), RunState::kSucceeded);
  EXPECT_THAT(Value(store().ListAttempts(run)), SizeIs(6));
}

TEST_P(ControlTest, DeadLettersAreChosenByFilter) {
  const auto fail = [&](const std::string& workflow, const std::string& type) {
    WorkflowBuilder builder(workflow);
    builder.Task("a");
    const RunId run = Submit(builder.Build());
    EXPECT_TRUE(Finish(Failure(ClaimOne(), type)));
    return run;
  };
  const RunId first = fail("one", "A");
  const RunId second = fail("one", "B");
  const RunId third = fail("two", "A");
  const auto count = [&](const DeadLetterFilter& filter) {
    return Value(store().ListDeadLetters(filter)).size();
  };
  DeadLetterFilter filter;
  EXPECT_EQ(count(filter), 3u);
  filter.limit = 2;
  EXPECT_EQ(count(filter), 2u);
  filter = {};
  filter.workflow = "one";
  EXPECT_EQ(count(filter), 2u);
  filter.error_type = "A";
  EXPECT_EQ(count(filter), 1u);
  filter = {};
  filter.run = third;
  EXPECT_EQ(count(filter), 1u);
  filter = {};
  filter.ids = {Value(store().ListDeadLetters({})).at(1).id};
  EXPECT_EQ(Value(store().Discard(filter)), 1);
  EXPECT_EQ(Value(store().Discard(filter)), 0);
  EXPECT_EQ(StateOf(second), RunState::kFailed);
  filter = {};
  filter.workflow = "one";
  EXPECT_EQ(Value(store().Requeue(filter)), 1);
  EXPECT_EQ(StateOf(first), RunState::kRunning);
  EXPECT_EQ(StateOf(third), RunState::kFailed);
}

TEST_P(ControlTest, AnIdempotencyKeyNamesOneRun) {
  SubmitRequest request;
  request.workflow = SingleTask();
  request.params = JsonObject{{"a", 1}, {"b", 2}};
  request.idempotency_key = "key";
  const auto first = Value(store().Submit({&request, 1})).at(0);
  EXPECT_TRUE(first.created);
  request.params = JsonObject{{"b", 2}, {"a", 1}};
  const auto again = Value(store().Submit({&request, 1})).at(0);
  EXPECT_FALSE(again.created);
  EXPECT_EQ(again.id, first.id);
  EXPECT_EQ(Value(store().GetRun(first.id)).idempotency_key, "key");
  EXPECT_THAT(Claim(), SizeIs(1));

  request.params = JsonObject{{"a", 2}};
  EXPECT_TRUE(
      absl::IsFailedPrecondition(store().Submit({&request, 1}).status()));
  request.workflow = Chain(1);
  EXPECT_TRUE(Value(store().Submit({&request, 1})).at(0).created);
}

TEST_P(ControlTest, ASubmitIsAllOrNothing) {
  std::vector<SubmitRequest> requests(2);
  requests[0].workflow = SingleTask();
  requests[1].workflow = SingleTask();
  requests[1].parent = RunId{12345};
  EXPECT_TRUE(absl::IsNotFound(store().Submit(requests).status()));
  EXPECT_THAT(Value(store().ListRuns({})), IsEmpty());
  EXPECT_THAT(Claim(), IsEmpty());
  EXPECT_EQ(Value(store().CountRuns()).running, 0);
  // Nor does what was rolled back stand in the way afterwards.
  Submit(requests[0].workflow);
  EXPECT_TRUE(Succeed(ClaimOne()));
}

TEST_P(ControlTest, ImpossibleSubmitsAreRefused) {
  SubmitRequest request;
  EXPECT_TRUE(absl::IsInvalidArgument(store().Submit({&request, 1}).status()));
  request.workflow = SingleTask();
  request.copies = 0;
  EXPECT_TRUE(absl::IsInvalidArgument(store().Submit({&request, 1}).status()));
  request.copies = 2;
  request.idempotency_key = "key";
  EXPECT_TRUE(absl::IsInvalidArgument(store().Submit({&request, 1}).status()));
}

TEST_P(ControlTest, ManyCopiesAreRunsOfTheirOwn) {
  SubmitRequest request;
  request.workflow = SingleTask();
  request.params = JsonObject{{"x", 1}};
  request.labels = JsonObject{{"team", "blue"}};
  request.base_dir = "/flows";
  request.copies = 5000;
  const auto runs = Value(store().Submit({&request, 1}));
  ASSERT_THAT(runs, SizeIs(5000));
  for (std::size_t i = 1; i < runs.size(); ++i) {
    EXPECT_LT(runs[i - 1].id, runs[i].id);
  }
  EXPECT_EQ(Value(store().CountRuns()).running, 5000);
  const auto info = Value(store().GetRunInfo(runs[4999].id));
  EXPECT_EQ(info->params, request.params);
  EXPECT_EQ(info->labels, request.labels);
  EXPECT_EQ(info->base_dir, "/flows");
  EXPECT_THAT(Claim(5000), SizeIs(5000));
}

TEST_P(ControlTest, ManyClientsMaySubmitANewWorkflowAtOnce) {
  constexpr int kClients = 4;
  std::vector<std::unique_ptr<Store>> handles;
  for (int i = 0; i < kClients; ++i) handles.push_back(OpenAnother());
  for (int round = 0; round < 10; ++round) {
    const auto workflow = SingleTask();
    std::latch begin(kClients);
    std::vector<std::jthread> clients;
    for (const auto& handle : handles) {
      clients.emplace_back([&] {
        SubmitRequest request;
        request.workflow = workflow;
        begin.arrive_and_wait();
        const auto runs = handle->Submit({&request, 1});
        EXPECT_TRUE(runs.ok()) << runs.status();
      });
    }
  }
  EXPECT_EQ(Value(store().CountRuns()).running, kClients * 10);
}

TEST_P(ControlTest, SubmitsWithOneKeyAtOnceAreOneRun) {
  constexpr int kClients = 4;
  constexpr int kRounds = 10;
  std::vector<std::unique_ptr<Store>> handles;
  for (int i = 0; i < kClients; ++i) handles.push_back(OpenAnother());
  const auto workflow = SingleTask();
  for (int round = 0; round < kRounds; ++round) {
    std::latch begin(kClients);
    std::atomic<int> created = 0;
    std::vector<std::jthread> clients;
    for (const auto& handle : handles) {
      clients.emplace_back([&] {
        SubmitRequest request;
        request.workflow = workflow;
        request.idempotency_key = "round " + std::to_string(round);
        begin.arrive_and_wait();
        const auto runs = handle->Submit({&request, 1});
        ASSERT_TRUE(runs.ok()) << runs.status();
        created += runs->front().created ? 1 : 0;
      });
    }
    clients.clear();
    EXPECT_EQ(created, 1);
  }
  EXPECT_EQ(Value(store().CountRuns()).running, kRounds);
}

INSTANTIATE_TEST_SUITE_P(Stores, ControlTest, testing::ValuesIn(AllStores()),
                         StoreName);

}  // namespace
}  // namespace windlass

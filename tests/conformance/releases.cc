// I4: what follows when a task ends, in the same transaction and once.

#include "conformance/store_test.h"

namespace windlass {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

class ReleaseTest : public StoreTest {};

TEST_P(ReleaseTest, AChainIsHandedOnStepByStep) {
  const RunId run = Submit(Chain(4));
  std::vector<Lease> leases = Claim(1);
  for (int i = 0; i < 4; ++i) {
    ASSERT_THAT(leases, SizeIs(1)) << i;
    EXPECT_EQ(leases[0].task.node, i);
    leases = FinishAndClaim({Success(leases[0])}, 1).leases;
  }
  EXPECT_THAT(leases, IsEmpty());
  EXPECT_EQ(StateOf(run), RunState::kSucceeded);
}

TEST_P(ReleaseTest, AJoinIsReleasedOnceWhenItsLastDependencyEnds) {
  const RunId run = Submit(Diamond());
  ASSERT_TRUE(Succeed(ClaimOne()));
  const auto branches = Claim();
  ASSERT_THAT(Names(branches), UnorderedElementsAre("b", "c"));
  ASSERT_TRUE(Succeed(branches[0]));
  EXPECT_EQ(StateOf(run, 3), TaskState::kPending);
  EXPECT_THAT(Claim(), IsEmpty());
  ASSERT_TRUE(Succeed(branches[1]));
  EXPECT_EQ(StateOf(run, 3), TaskState::kReady);
  const auto join = Claim();
  ASSERT_THAT(Names(join), ElementsAre("d"));
  ASSERT_TRUE(Succeed(join[0]));
  EXPECT_THAT(Claim(), IsEmpty());
  EXPECT_EQ(StateOf(run), RunState::kSucceeded);
}

TEST_P(ReleaseTest, AJoinIsReleasedOnceWhenItsDependenciesEndTogether) {
  Submit(Diamond());
  ASSERT_TRUE(Succeed(ClaimOne()));
  const auto branches = Claim();
  ASSERT_THAT(branches, SizeIs(2));
  const auto next =
      FinishAndClaim({Success(branches[0]), Success(branches[1])}, 10).leases;
  EXPECT_THAT(Names(next), ElementsAre("d"));
}

TEST_P(ReleaseTest, SuccessorsAreHandedOnBeforeOlderTasks) {
  Submit(SingleTask());
  const Lease older = ClaimOne();
  Submit(Chain(2));
  const Lease first = ClaimOne();
  ASSERT_TRUE(Finish(Ended(older, AttemptOutcome::kReleased)));
  const auto next = FinishAndClaim({Success(first)}, 2).leases;
  EXPECT_THAT(Names(next), ElementsAre("t1", "a"));
}

TEST_P(ReleaseTest, WhatAHandOffDoesNotTakeIsClaimable) {
  WorkflowBuilder builder;
  builder.Task("a");
  for (int i = 0; i < 5; ++i) builder.Task("b" + std::to_string(i), {"a"});
  Submit(builder.Build());
  EXPECT_THAT(FinishAndClaim({Success(ClaimOne())}, 2).leases, SizeIs(2));
  EXPECT_THAT(Claim(), SizeIs(3));
}

TEST_P(ReleaseTest, AFailureSettlesWhatDependsOnIt) {
  const RunId run = Submit(Chain(3));
  ASSERT_TRUE(Fail(ClaimOne()));
  EXPECT_EQ(StateOf(run), RunState::kFailed);
  const TaskRecord last = Task(run, 2);
  EXPECT_EQ(last.state, TaskState::kFailed);
  EXPECT_EQ(last.attempt, 0);
  ASSERT_TRUE(last.error.has_value());
  EXPECT_EQ(last.error->type, error_type::kUpstreamFailed);
  EXPECT_THAT(Claim(), IsEmpty());
}

TEST_P(ReleaseTest, ASkippedTaskKeepsItsReason) {
  const RunId run = Submit(Chain(2));
  AttemptEnd end = Ended(ClaimOne(), AttemptOutcome::kSkipped);
  end.error.emplace();
  end.error->type = "ConditionFalse";
  end.error->message = "size(x) > 0 is false";
  ASSERT_TRUE(Finish(end));
  EXPECT_EQ(StateOf(run, 0), TaskState::kSkipped);
  EXPECT_EQ(Task(run, 0).error->message, "size(x) > 0 is false");
  EXPECT_EQ(StateOf(run, 1), TaskState::kSkipped);
  EXPECT_EQ(StateOf(run), RunState::kSucceeded);
}

TEST_P(ReleaseTest, ADelayIsKept) {
  WorkflowBuilder builder;
  builder.Task("a").delay = seconds(5);
  const RunId run = Submit(builder.Build());
  const Timestamp due = clock().Now() + seconds(5);
  EXPECT_EQ(StateOf(run, 0), TaskState::kScheduled);
  EXPECT_EQ(Task(run, 0).due_at, due);
  const ClaimReply reply = Value(store().Claim(Want(1)));
  EXPECT_THAT(reply.leases, IsEmpty());
  EXPECT_EQ(reply.next_due, due);
  clock().Advance(seconds(5) - Duration(1));
  EXPECT_THAT(Claim(), IsEmpty());
  clock().Advance(Duration(1));
  EXPECT_EQ(ClaimOne().attempt, 1);
}

TEST_P(ReleaseTest, OnExitLearnsHowTheRunEnded) {
  WorkflowBuilder builder;
  builder.Task("a");
  builder.OnExit();
  const RunId run = Submit(builder.Build());
  const auto next = FinishAndClaim({Failure(ClaimOne())}, 1).leases;
  ASSERT_THAT(Names(next), ElementsAre("on_exit"));
  EXPECT_EQ(next[0].run_outcome, RunState::kFailed);
  EXPECT_EQ(StateOf(run), RunState::kRunning);
  ASSERT_TRUE(Succeed(next[0]));
  EXPECT_EQ(StateOf(run), RunState::kFailed);
}

TEST_P(ReleaseTest, MaxParallelHoldsBackWithinARun) {
  WorkflowBuilder builder;
  for (int i = 0; i < 5; ++i) builder.Task("t" + std::to_string(i));
  builder.workflow().max_parallel = 2;
  const RunId run = Submit(builder.Build());
  auto leases = Claim();
  ASSERT_THAT(leases, SizeIs(2));
  leases = FinishAndClaim({Success(leases[0])}, 10).leases;
  EXPECT_THAT(leases, SizeIs(1));
  EXPECT_EQ(Value(store().GetProgress(run)).nodes.size(), 5u);
}

TEST_P(ReleaseTest, ManyRunsOfManyTasksAllEnd) {
  std::vector<RunId> runs;
  for (int i = 0; i < 20; ++i) {
    runs.push_back(Submit(Diamond()));
    runs.push_back(Submit(Chain(10)));
  }
  RunToEnd();
  for (const RunId run : runs) EXPECT_EQ(StateOf(run), RunState::kSucceeded);
  EXPECT_EQ(Value(store().CountRuns()).running, 0);
}

INSTANTIATE_TEST_SUITE_P(Stores, ReleaseTest, testing::ValuesIn(AllStores()),
                         StoreName);

}  // namespace
}  // namespace windlass

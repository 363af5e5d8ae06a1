// What an attempt's end costs: retries, crashes, give-backs (I5), and what one
// attempt leaves to the next.

#include "conformance/store_test.h"

namespace windlass {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class AttemptTest : public StoreTest {
 protected:
  static std::shared_ptr<const Workflow> WithRetries(int maximum_attempts) {
    WorkflowBuilder builder;
    RetryPolicy& policy = builder.Task("a").retry_policy;
    policy.maximum_attempts = maximum_attempts;
    policy.initial_interval = seconds(1);
    policy.backoff_coefficient = 2;
    return builder.Build();
  }

  std::vector<AttemptOutcome> Outcomes(RunId run) {
    std::vector<AttemptOutcome> outcomes;
    for (const auto& attempt : Value(store().ListAttempts(run))) {
      outcomes.push_back(attempt.outcome);
    }
    return outcomes;
  }
};

TEST_P(AttemptTest, ARetryComesExactlyWhenThePolicySays) {
  const RunId run = Submit(WithRetries(3));
  ASSERT_TRUE(Fail(ClaimOne()));
  TaskRecord task = Task(run, 0);
  EXPECT_EQ(task.state, TaskState::kScheduled);
  EXPECT_EQ(task.attempt, 1);
  EXPECT_EQ(task.due_at, clock().Now() + seconds(1));
  EXPECT_EQ(task.error->type, "Oops");
  clock().Advance(seconds(1) - Duration(1));
  EXPECT_THAT(Claim(), IsEmpty());
  clock().Advance(Duration(1));
  const Lease second = ClaimOne();
  EXPECT_EQ(second.attempt, 2);
  ASSERT_TRUE(Fail(second));
  EXPECT_EQ(Task(run, 0).due_at, clock().Now() + seconds(2));
  clock().Advance(seconds(2));
  ASSERT_TRUE(Succeed(ClaimOne()));
  EXPECT_EQ(StateOf(run), RunState::kSucceeded);
  EXPECT_EQ(Task(run, 0).attempt, 3);
  EXPECT_THAT(Outcomes(run),
              ElementsAre(AttemptOutcome::kFailed, AttemptOutcome::kFailed,
                          AttemptOutcome::kSucceeded));
}

TEST_P(AttemptTest, TheLastFailureMakesADeadLetter) {
  const RunId run = Submit(WithRetries(2));
  ASSERT_TRUE(Fail(ClaimOne()));
  EXPECT_THAT(DeadLetters(), IsEmpty());
  clock().Advance(seconds(1));
  ASSERT_TRUE(Finish(Failure(ClaimOne(), "Worse")));
  EXPECT_EQ(StateOf(run), RunState::kFailed);
  EXPECT_EQ(Task(run, 0).error->type, "Worse");
  const auto letters = DeadLetters();
  ASSERT_THAT(letters, SizeIs(1));
  EXPECT_EQ(letters[0].run, run);
  EXPECT_EQ(letters[0].task_id, "a");
  EXPECT_EQ(letters[0].type, "noop");
  EXPECT_EQ(letters[0].workflow, "flow");
  EXPECT_EQ(letters[0].attempts, 2);
  EXPECT_EQ(letters[0].error.type, "Worse");
  EXPECT_EQ(letters[0].failed_at, clock().Now());
}

TEST_P(AttemptTest, ATimeOutCountsAsAFailure) {
  const RunId run = Submit(WithRetries(2));
  ASSERT_TRUE(Finish(Ended(ClaimOne(), AttemptOutcome::kTimedOut)));
  clock().Advance(seconds(1));
  ASSERT_TRUE(Finish(Ended(ClaimOne(), AttemptOutcome::kTimedOut)));
  EXPECT_EQ(StateOf(run, 0), TaskState::kFailed);
  EXPECT_EQ(Task(run, 0).error->type, error_type::kTimeout);
}

TEST_P(AttemptTest, GivenBackAttemptsDoNotCount) {
  const RunId run = Submit(SingleTask());
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(Finish(Ended(ClaimOne(), AttemptOutcome::kReleased)));
    EXPECT_EQ(StateOf(run, 0), TaskState::kReady);
  }
  ASSERT_TRUE(Succeed(ClaimOne()));
  EXPECT_EQ(StateOf(run), RunState::kSucceeded);
}

TEST_P(AttemptTest, ADeferredAttemptGoesOnLater) {
  const RunId run = Submit(SingleTask());
  AttemptEnd end = Ended(ClaimOne(), AttemptOutcome::kDeferred);
  end.delay = seconds(3);
  ASSERT_TRUE(Finish(end));
  EXPECT_EQ(StateOf(run, 0), TaskState::kScheduled);
  clock().Advance(seconds(3));
  const Lease again = ClaimOne();
  EXPECT_EQ(again.attempt, 1);
  ASSERT_TRUE(Succeed(again));
  EXPECT_THAT(Outcomes(run), SizeIs(1));
}

TEST_P(AttemptTest, TasksOfAStalledExecutorAreClaimableAfterItsTtl) {
  const RunId run = Submit(SingleTask());
  const ExecutorId stalled = Register("stalled", seconds(10));
  const auto leases = ClaimAs(stalled);
  ASSERT_THAT(leases, SizeIs(1));
  clock().Advance(seconds(10) - Duration(1));
  EXPECT_EQ(Value(store().Sweep()).executors_lost, 0);
  EXPECT_THAT(Claim(), IsEmpty());
  clock().Advance(Duration(1));
  const SweepReport report = Value(store().Sweep());
  EXPECT_EQ(report.executors_lost, 1);
  EXPECT_EQ(report.tasks_recovered, 1);
  const Lease again = ClaimOne();
  EXPECT_EQ(again.attempt, 2);
  EXPECT_GT(again.token, leases[0].token);
  EXPECT_FALSE(Succeed(leases[0]));
  EXPECT_TRUE(Succeed(again));
  EXPECT_EQ(StateOf(run), RunState::kSucceeded);
  EXPECT_THAT(Outcomes(run),
              ElementsAre(AttemptOutcome::kFailed, AttemptOutcome::kSucceeded));
}

TEST_P(AttemptTest, HeartbeatsKeepLeases) {
  Submit(SingleTask());
  const ExecutorId alive = Register("alive", seconds(10));
  const auto leases = ClaimAs(alive);
  for (int i = 0; i < 5; ++i) {
    clock().Advance(seconds(9));
    const HeartbeatReply reply = Value(store().Heartbeat(alive, 1));
    EXPECT_EQ(reply.now, clock().Now());
    EXPECT_EQ(Value(store().Sweep()).executors_lost, 0);
  }
  EXPECT_TRUE(Succeed(leases[0]));
}

TEST_P(AttemptTest, ADeadExecutorIsToldSoAndClaimsNothing) {
  const ExecutorId dead = Register("dead", seconds(10));
  Submit(SingleTask());
  clock().Advance(seconds(10));
  ASSERT_EQ(Value(store().Sweep()).executors_lost, 1);
  EXPECT_TRUE(absl::IsNotFound(store().Heartbeat(dead, 0).status()));
  EXPECT_TRUE(absl::IsNotFound(store().Commands(dead).status()));
  EXPECT_TRUE(absl::IsNotFound(store().Deregister(dead)));
  ClaimRequest request;
  request.executor = dead;
  EXPECT_TRUE(absl::IsNotFound(store().Claim(request).status()));
  EXPECT_EQ(Value(store().Sweep()).executors_lost, 0);
}

TEST_P(AttemptTest, CrashesHaveALimitOfTheirOwn) {
  const RunId run = Submit(WithRetries(1));
  for (int crash = 1; crash <= 4; ++crash) {
    const ExecutorId victim = Register("victim", seconds(10));
    ASSERT_THAT(ClaimAs(victim), SizeIs(1)) << crash;
    clock().Advance(seconds(10));
    const SweepReport report = Value(store().Sweep());
    EXPECT_EQ(report.tasks_recovered, crash < 4 ? 1 : 0);
    EXPECT_EQ(report.tasks_failed, crash < 4 ? 0 : 1);
  }
  EXPECT_EQ(StateOf(run, 0), TaskState::kFailed);
  EXPECT_EQ(Task(run, 0).error->type, error_type::kExecutorLost);
  EXPECT_EQ(StateOf(run), RunState::kFailed);
  EXPECT_THAT(DeadLetters(), SizeIs(1));
}

TEST_P(AttemptTest, TasksOnTheirLastChanceAreGivenToAnExecutorOneAtATime) {
  Submit(SingleTask());
  Submit(SingleTask());
  for (int crash = 1; crash <= 3; ++crash) {
    const ExecutorId victim = Register("victim", seconds(10));
    ASSERT_THAT(ClaimAs(victim), SizeIs(2)) << crash;
    clock().Advance(seconds(10));
    ASSERT_EQ(Value(store().Sweep()).tasks_recovered, 2);
  }
  Submit(SingleTask());
  // The fresh task is not held back.
  const std::vector<Lease> leases = ClaimAs(executor());
  ASSERT_THAT(leases, SizeIs(2));
  EXPECT_THAT(ClaimAs(executor()), SizeIs(0));
  // Another executor gets the other one; so does this one, when it is done.
  const ExecutorId other = Register("other");
  EXPECT_THAT(ClaimAs(other), SizeIs(1));
  ASSERT_TRUE(store().Deregister(other).ok());
  EXPECT_THAT(ClaimAs(executor()), SizeIs(0));
  ASSERT_TRUE(Succeed(leases[0]));
  ASSERT_TRUE(Succeed(leases[1]));
  EXPECT_THAT(ClaimAs(executor()), SizeIs(1));
}

TEST_P(AttemptTest, CrashesDoNotUseUpRetries) {
  const RunId run = Submit(WithRetries(2));
  for (int crash = 1; crash <= 2; ++crash) {
    const ExecutorId victim = Register("victim", seconds(10));
    ASSERT_THAT(ClaimAs(victim), SizeIs(1));
    clock().Advance(seconds(10));
    ASSERT_TRUE(store().Sweep().ok());
  }
  ASSERT_TRUE(Fail(ClaimOne()));
  EXPECT_EQ(StateOf(run, 0), TaskState::kScheduled);
}

TEST_P(AttemptTest, AnExecutorThatLeavesGivesBackItsTasks) {
  const RunId run = Submit(WithRetries(1));
  for (int i = 0; i < 4; ++i) {
    const ExecutorId leaving = Register("leaving");
    ASSERT_THAT(ClaimAs(leaving), SizeIs(1));
    ASSERT_TRUE(store().Deregister(leaving).ok());
  }
  ASSERT_TRUE(Succeed(ClaimOne()));
  EXPECT_EQ(StateOf(run), RunState::kSucceeded);
}

TEST_P(AttemptTest, SavedStateReachesTheNextAttempt) {
  const RunId run = Submit(WithRetries(2));
  const Lease first = ClaimOne();
  ProgressUpdate update;
  update.run = run;
  update.task = first.task;
  update.token = first.token;
  update.fraction = 0.25;
  update.message = "a quarter";
  update.heartbeat_details = JsonObject{{"page", 7}};
  ResultEnvelope part;
  part.kind = ResultEnvelope::Kind::kJson;
  part.value = Json(42);
  update.saved = {{"part", part}, {"other", part}};
  EXPECT_THAT(Value(store().SaveProgress({&update, 1})), ElementsAre(true));
  EXPECT_EQ(Task(run, 0).progress, 0.25);
  EXPECT_EQ(Task(run, 0).progress_message, "a quarter");

  // What is not told stays as it was.
  update.fraction = 0.5;
  update.message.reset();
  update.heartbeat_details.reset();
  part.value = Json(43);
  update.saved = {{"part", part}};
  EXPECT_THAT(Value(store().SaveProgress({&update, 1})), ElementsAre(true));
  EXPECT_EQ(Task(run, 0).progress, 0.5);
  EXPECT_EQ(Task(run, 0).progress_message, "a quarter");

  ASSERT_TRUE(Fail(first));
  Reopen();
  clock().Advance(seconds(1));
  const Lease second = ClaimOne();
  EXPECT_EQ(Task(run, 0).progress, std::nullopt);
  const SavedState saved = Value(store().LoadSaved(second));
  EXPECT_EQ(saved.heartbeat_details, Json(JsonObject{{"page", 7}}));
  ASSERT_THAT(saved.saved, SizeIs(2));
  for (const auto& [name, envelope] : saved.saved) {
    EXPECT_EQ(envelope.value, Json(name == "part" ? 43 : 42));
  }

  ASSERT_TRUE(Succeed(second));
  EXPECT_THAT(Value(store().LoadSaved(second)).saved, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Stores, AttemptTest, testing::ValuesIn(AllStores()),
                         StoreName);

}  // namespace
}  // namespace windlass

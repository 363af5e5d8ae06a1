// Tasks that wait for a message from outside.

#include "conformance/store_test.h"
#include "windlass/self_check.h"

namespace windlass {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

using State = CallbackProgress::State;

class CallbacksTest : public StoreTest {
 protected:
  // "a", which waits for an hour.
  static TaskSpec& AddTask(WorkflowBuilder& builder) {
    TaskSpec& task = builder.Task("a");
    task.callback.emplace().timeout = hours(1);
    task.retry_policy.maximum_attempts = 2;
    task.retry_policy.initial_interval = Duration::zero();
    return task;
  }
  RunId SubmitOne() {
    WorkflowBuilder builder;
    AddTask(builder);
    return Submit(builder.Build());
  }
  CallbackProgress Open(const Lease& lease) {
    const std::string number = std::to_string(++opened_);
    return Value(store().OpenCallback(
        lease, {.token = "token-" + number, .secret = "secret-" + number}));
  }
  static AttemptEnd Await(const Lease& lease) {
    AttemptEnd end = Ended(lease, AttemptOutcome::kParked);
    end.wake.kind = WakeCondition::Kind::kCallback;
    end.wake.timeout = hours(1);
    return end;
  }
  // Claims the one task there is and lets it wait; returns its token.
  std::string ClaimAndAwait() {
    const Lease lease = ClaimOne();
    const CallbackProgress progress = Open(lease);
    EXPECT_EQ(progress.state, State::kNew);
    EXPECT_TRUE(Finish(Await(lease)));
    return progress.address.token;
  }
  CallbackReply Deliver(const std::string& token, const std::string& id = "m1",
                        const std::string& text = "done") {
    return Value(store().Deliver({.token = token,
                                  .id = id,
                                  .sha256 = "digest of " + text,
                                  .body = JsonObject{{"text", text}}}));
  }
  void ExpectNoContradictions() {
    EXPECT_THAT(Value(FindContradictions(store())), IsEmpty());
  }

 private:
  int opened_ = 0;
};

TEST_P(CallbacksTest, ATaskWaitsWithoutALeaseUntilItsMessageComes) {
  const RunId run = SubmitOne();
  const Timestamp since = clock().Now();
  const std::string token = ClaimAndAwait();
  EXPECT_THAT(Claim(), IsEmpty());
  TaskRecord waiting = Task(run, 0);
  EXPECT_EQ(waiting.state, TaskState::kScheduled);
  EXPECT_EQ(waiting.attempt, 1);
  EXPECT_EQ(waiting.waiting_since, since);
  EXPECT_EQ(waiting.due_at, since + hours(1));
  EXPECT_EQ(waiting.progress_message, "waits for its callback");

  clock().Advance(minutes(59));
  EXPECT_EQ(Deliver(token), CallbackReply::kAccepted);
  const Lease lease = ClaimOne();
  EXPECT_EQ(lease.attempt, 1);
  EXPECT_EQ(lease.failures, 0);
  const CallbackProgress progress = Open(lease);
  ASSERT_EQ(progress.state, State::kReceived);
  EXPECT_EQ(progress.address.token, token);
  EXPECT_EQ(progress.message->id, "m1");
  EXPECT_EQ(progress.message->received_at, since + minutes(59));
  EXPECT_EQ(progress.message->body, (JsonObject{{"text", "done"}}));
  ASSERT_TRUE(Succeed(lease));
  EXPECT_EQ(StateOf(run), RunState::kSucceeded);
  EXPECT_EQ(Task(run, 0).waiting_since, std::nullopt);
  EXPECT_THAT(Value(store().ListAttempts(run)), SizeIs(1));
  ExpectNoContradictions();
}

TEST_P(CallbacksTest, AMessageThatComesBeforeTheTaskWaitsIsKept) {
  const RunId run = SubmitOne();
  const Lease asking = ClaimOne();
  const std::string token = Open(asking).address.token;
  EXPECT_EQ(Deliver(token), CallbackReply::kAccepted);
  EXPECT_EQ(StateOf(run, 0), TaskState::kRunning);
  const auto next = FinishAndClaim({Await(asking)}, 1).leases;
  ASSERT_THAT(next, SizeIs(1));
  EXPECT_EQ(Open(next[0]).state, State::kReceived);
  ASSERT_TRUE(Succeed(next[0]));
  ExpectNoContradictions();
}

TEST_P(CallbacksTest, WhatWaitsOutlivesEveryProcess) {
  const RunId run = SubmitOne();
  const std::string token = ClaimAndAwait();
  Reopen();
  EXPECT_EQ(StateOf(run, 0), TaskState::kScheduled);
  EXPECT_EQ(Value(store().FindCallback(token)).secret, "secret-1");
  auto other = OpenAnother();
  EXPECT_EQ(
      Value(other->Deliver(
          {.token = token, .id = "m1", .sha256 = "x", .body = JsonObject{}})),
      CallbackReply::kAccepted);
  EXPECT_EQ(Open(ClaimOne()).state, State::kReceived);
}

TEST_P(CallbacksTest, AMessageCountsOnce) {
  SubmitOne();
  const std::string token = ClaimAndAwait();
  EXPECT_EQ(Deliver(token, "m1", "done"), CallbackReply::kAccepted);
  const Lease lease = ClaimOne();
  // Before the task has ended, and after.
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(Deliver(token, "m1", "done"), CallbackReply::kRepeated);
    EXPECT_EQ(Deliver(token, "m1", "other"), CallbackReply::kRepeated);
    EXPECT_EQ(Deliver(token, "m2", "done"), CallbackReply::kRepeated);
    EXPECT_EQ(Deliver(token, "m2", "other"), CallbackReply::kOccupied);
    EXPECT_THAT(Claim(), IsEmpty());
    if (i == 0) {
      EXPECT_EQ(Open(lease).message->body, (JsonObject{{"text", "done"}}));
      ASSERT_TRUE(Succeed(lease));
    }
  }
  EXPECT_TRUE(absl::IsNotFound(store()
                                   .Deliver({.token = "another",
                                             .id = "m1",
                                             .sha256 = "x",
                                             .body = JsonObject{}})
                                   .status()));
  EXPECT_TRUE(absl::IsNotFound(store().FindCallback("another").status()));
}

TEST_P(CallbacksTest, AnAddressStaysWhenItsExecutorDies) {
  const ExecutorId dying = Register("dying", seconds(10));
  const RunId run = SubmitOne();
  const Lease lost = ClaimAs(dying).at(0);
  const std::string token = Open(lost).address.token;
  clock().Advance(seconds(10));
  ASSERT_TRUE(store().Sweep().ok());
  EXPECT_EQ(store()
                .OpenCallback(lost, {.token = "stale", .secret = "stale"})
                .status()
                .code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_FALSE(Finish(Await(lost)));
  const Lease again = ClaimOne();
  EXPECT_EQ(again.attempt, 2);
  CallbackProgress progress = Open(again);
  EXPECT_EQ(progress.state, State::kNew);
  EXPECT_EQ(progress.address.token, token);
  EXPECT_EQ(progress.address.secret, "secret-1");

  // Dies while the message is there already.
  EXPECT_EQ(Deliver(token), CallbackReply::kAccepted);
  ASSERT_TRUE(Finish(Ended(again, AttemptOutcome::kReleased)));
  const Lease last = ClaimOne();
  EXPECT_EQ(Open(last).state, State::kReceived);
  ASSERT_TRUE(Succeed(last));
  EXPECT_EQ(StateOf(run), RunState::kSucceeded);
}

TEST_P(CallbacksTest, WhoWaitsAgainDoesNotWaitLonger) {
  const RunId run = SubmitOne();
  const Timestamp since = clock().Now();
  ClaimAndAwait();
  // A message to nobody's address wakes nobody; a due time does.
  clock().Advance(hours(1) - seconds(1));
  EXPECT_THAT(Claim(), IsEmpty());
  EXPECT_EQ(Task(run, 0).due_at, since + hours(1));
  clock().Advance(seconds(1));
  const Lease late = ClaimOne();
  EXPECT_EQ(Open(late).state, State::kExpired);
  // Whoever gives it back leaves it expired.
  ASSERT_TRUE(Finish(Await(late)));
  const Lease again = ClaimOne();
  EXPECT_EQ(Open(again).state, State::kExpired);
}

TEST_P(CallbacksTest, WhoHasWaitedTooLongTriesAgainAtAnotherAddress) {
  SubmitOne();
  const std::string token = ClaimAndAwait();
  clock().Advance(hours(1));
  EXPECT_EQ(Deliver(token), CallbackReply::kTooLate);
  const Lease late = ClaimOne();
  EXPECT_EQ(Open(late).state, State::kExpired);
  EXPECT_EQ(Deliver(token), CallbackReply::kTooLate);
  AttemptEnd end = Ended(late, AttemptOutcome::kTimedOut);
  end.error.emplace().type = "CallbackTimeout";
  const auto next = FinishAndClaim({end}, 1).leases;
  ASSERT_THAT(next, SizeIs(1));
  EXPECT_EQ(next[0].attempt, 2);
  const CallbackProgress progress = Open(next[0]);
  EXPECT_EQ(progress.state, State::kNew);
  EXPECT_NE(progress.address.token, token);
  EXPECT_EQ(Deliver(token), CallbackReply::kTooLate);
  ExpectNoContradictions();
}

TEST_P(CallbacksTest, AMessageOutlivesFailuresItDoesNotSpeakOf) {
  const RunId run = SubmitOne();
  const std::string token = ClaimAndAwait();
  EXPECT_EQ(Deliver(token), CallbackReply::kAccepted);
  const auto next =
      FinishAndClaim({Failure(ClaimOne(), "ResultNotWritten")}, 1).leases;
  ASSERT_THAT(next, SizeIs(1));
  EXPECT_EQ(next[0].attempt, 2);
  const CallbackProgress progress = Open(next[0]);
  ASSERT_EQ(progress.state, State::kReceived);
  EXPECT_EQ(progress.address.token, token);
  EXPECT_EQ(Deliver(token, "m2", "other"), CallbackReply::kOccupied);
  ASSERT_TRUE(Succeed(next[0]));
  EXPECT_EQ(StateOf(run), RunState::kSucceeded);
  ExpectNoContradictions();
}

TEST_P(CallbacksTest, AMessageToAFailedAttemptDoesNotReachTheNext) {
  SubmitOne();
  const std::string token = ClaimAndAwait();
  EXPECT_EQ(Deliver(token), CallbackReply::kAccepted);
  const auto next =
      FinishAndClaim({Failure(ClaimOne(), "CallbackFailed")}, 1).leases;
  ASSERT_THAT(next, SizeIs(1));
  EXPECT_EQ(Deliver(token), CallbackReply::kRepeated);
  EXPECT_EQ(Open(next[0]).state, State::kNew);
  EXPECT_EQ(Deliver(token, "m2", "other"), CallbackReply::kOccupied);
  ASSERT_TRUE(Fail(next[0]));
  ExpectNoContradictions();
}

TEST_P(CallbacksTest, ACancelledRunHearsNothing) {
  const RunId waiting = SubmitOne();
  const std::string first = ClaimAndAwait();
  const RunId asking = SubmitOne();
  const Lease lease = ClaimOne();
  const std::string second = Open(lease).address.token;
  ASSERT_TRUE(store().Cancel(waiting, "").ok());
  ASSERT_TRUE(store().Cancel(asking, "").ok());
  EXPECT_EQ(Deliver(first), CallbackReply::kTooLate);
  EXPECT_EQ(Deliver(second), CallbackReply::kTooLate);
  EXPECT_EQ(StateOf(waiting), RunState::kCancelled);
  EXPECT_FALSE(Finish(Await(lease)));
  ExpectNoContradictions();

  // Run again, they ask at other addresses.
  ASSERT_TRUE(store().Retry(waiting, RetryScope::kWholeRun).ok());
  EXPECT_NE(ClaimAndAwait(), first);
  EXPECT_EQ(Deliver(first), CallbackReply::kTooLate);
}

TEST_P(CallbacksTest, ATaskThatTakesTooLongInAllHearsNothing) {
  WorkflowBuilder builder;
  AddTask(builder).schedule_to_close_timeout = minutes(10);
  const RunId run = Submit(builder.Build());
  const std::string token = ClaimAndAwait();
  clock().Advance(minutes(10));
  EXPECT_EQ(Value(store().Sweep()).timers_fired, 1);
  EXPECT_EQ(StateOf(run), RunState::kFailed);
  EXPECT_EQ(Deliver(token), CallbackReply::kTooLate);
  ExpectNoContradictions();
}

TEST_P(CallbacksTest, APausedRunTakesItsMessageAndWaitsToBeResumed) {
  const RunId run = SubmitOne();
  const std::string token = ClaimAndAwait();
  ASSERT_TRUE(store().Pause(run).ok());
  EXPECT_EQ(Deliver(token), CallbackReply::kAccepted);
  EXPECT_THAT(Claim(), IsEmpty());
  ExpectNoContradictions();
  ASSERT_TRUE(store().Resume(run).ok());
  EXPECT_EQ(Open(ClaimOne()).state, State::kReceived);
}

TEST_P(CallbacksTest, EveryInstanceHasAnAddressOfItsOwn) {
  WorkflowBuilder builder;
  builder.MappedTask("m").callback.emplace().timeout = hours(1);
  const RunId run = Submit(builder.Build());
  ASSERT_TRUE(Expand(ClaimOne(), 3));
  std::vector<std::string> tokens;
  for (const Lease& lease : Claim()) {
    tokens.push_back(Open(lease).address.token);
    ASSERT_TRUE(Finish(Await(lease)));
  }
  ASSERT_THAT(tokens, SizeIs(3));
  EXPECT_EQ(Task(run, 0, 1).attempt, 1);
  EXPECT_EQ(Deliver(tokens[1]), CallbackReply::kAccepted);
  const Lease lease = ClaimOne();
  EXPECT_EQ(lease.task.index, 1);
  ASSERT_TRUE(Succeed(lease));
  EXPECT_EQ(Deliver(tokens[0]), CallbackReply::kAccepted);
  EXPECT_EQ(Deliver(tokens[2]), CallbackReply::kAccepted);
  RunToEnd();
  EXPECT_EQ(StateOf(run), RunState::kSucceeded);
  ExpectNoContradictions();
}

TEST_P(CallbacksTest, WhatDoesNotFitIsRefusedAndTheTaskGoesOnWaiting) {
  WorkflowBuilder builder;
  AddTask(builder).callback->schema =
      *ParseJson(R"({"properties": {"text": {"const": "done"}}})");
  const RunId run = Submit(builder.Build());
  const std::string token = ClaimAndAwait();
  const auto refused = store().Deliver({.token = token,
                                        .id = "m1",
                                        .sha256 = "x",
                                        .body = JsonObject{{"text", "no"}}});
  EXPECT_TRUE(absl::IsInvalidArgument(refused.status()));
  EXPECT_THAT(std::string(refused.status().message()),
              testing::HasSubstr("body.text"));
  EXPECT_TRUE(absl::IsInvalidArgument(
      store().Answer(run, {0, -1}, JsonObject{{"text", "no"}})));
  EXPECT_EQ(StateOf(run, 0), TaskState::kScheduled);
  EXPECT_EQ(Deliver(token), CallbackReply::kAccepted);
}

TEST_P(CallbacksTest, WhoMayNeedsNoAddress) {
  const RunId run = SubmitOne();
  const JsonObject body{{"approved", true}};
  const auto answer = [&] { return store().Answer(run, {0, -1}, body).code(); };
  EXPECT_EQ(answer(), absl::StatusCode::kFailedPrecondition);
  const std::string token = ClaimAndAwait();
  EXPECT_EQ(answer(), absl::StatusCode::kOk);
  EXPECT_EQ(answer(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Deliver(token), CallbackReply::kOccupied);
  const Lease lease = ClaimOne();
  const CallbackProgress progress = Open(lease);
  ASSERT_EQ(progress.state, State::kReceived);
  EXPECT_EQ(progress.message->body, body);
  ASSERT_TRUE(Succeed(lease));
  EXPECT_EQ(answer(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(store().Answer(RunId{999}, {0, -1}, body).code(),
            absl::StatusCode::kNotFound);

  // Nor may it come late.
  const RunId late = SubmitOne();
  ClaimAndAwait();
  clock().Advance(hours(1));
  EXPECT_EQ(store().Answer(late, {0, -1}, body).code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_P(CallbacksTest, AnAddressGoesWithItsRun) {
  SubmitOne();
  const std::string token = ClaimAndAwait();
  EXPECT_EQ(Deliver(token), CallbackReply::kAccepted);
  ASSERT_TRUE(Succeed(ClaimOne()));
  clock().Advance(hours(2));
  PruneRequest request;
  request.older_than = hours(1);
  EXPECT_EQ(Value(store().Prune(request)).runs, 1);
  EXPECT_TRUE(absl::IsNotFound(store().FindCallback(token).status()));
}

INSTANTIATE_TEST_SUITE_P(Stores, CallbacksTest, testing::ValuesIn(AllStores()),
                         StoreName);

}  // namespace
}  // namespace windlass

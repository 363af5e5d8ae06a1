// What executors do when the store, the clock or another executor fails them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/manual_clock.h"
#include "support/executor_world.h"
#include "support/forwarding_store.h"

namespace windlass {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::HasSubstr;
using testing::Latch;

// Fails what the test says.
class FaultyStore : public testing::ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;

  absl::StatusOr<ClaimReply> Claim(const ClaimRequest& request) override {
    ++claims;
    if (claims_fail) return absl::UnavailableError("no claims");
    return ForwardingStore::Claim(request);
  }
  absl::StatusOr<HeartbeatReply> Heartbeat(ExecutorId executor,
                                           int busy) override {
    ++heartbeats;
    if (heartbeats_fail) return absl::UnavailableError("no heartbeats");
    return ForwardingStore::Heartbeat(executor, busy);
  }
  absl::StatusOr<FinishReply> Finish(std::span<const AttemptEnd> ends,
                                     const ClaimRequest& next) override {
    if (failing_finishes.fetch_sub(1) > 0) {
      return absl::UnavailableError("no finish");
    }
    for (const AttemptEnd& end : ends) {
      if (end.outcome == AttemptOutcome::kSucceeded &&
          end.result.value == Json("poison")) {
        return absl::InvalidArgumentError("indigestible");
      }
    }
    auto reply = ForwardingStore::Finish(ends, next);
    // It happened, but nobody was told.
    if (lost_replies.fetch_sub(1) > 0) return absl::UnavailableError("lost");
    return reply;
  }

  std::atomic<bool> claims_fail = false;
  std::atomic<bool> heartbeats_fail = false;
  std::atomic<int> claims = 0;
  std::atomic<int> heartbeats = 0;
  std::atomic<int> failing_finishes = 0;
  std::atomic<int> lost_replies = 0;
};

class ExecutorFaultsTest : public testing::ExecutorWorld {
 protected:
  ExecutorFaultsTest() : faulty(*store) { store_seen = &faulty; }

  FaultyStore faulty;
};

TEST_F(ExecutorFaultsTest, AnEndIsSentAgainUntilTheStoreTakesIt) {
  faulty.failing_finishes = 3;
  auto executor = Start();
  RunId run = Submit("{windlass: 1, name: f, tasks: {a: {type: noop}}}");
  EXPECT_EQ(Await(run).state, RunState::kSucceeded);
  // One line for the row of errors, one for its end.
  EXPECT_TRUE(events.WaitFor([&] { return events.store_errors.size() == 2; }));
  EXPECT_THAT(events.store_errors[0], HasSubstr("no finish"));
  EXPECT_EQ(events.store_errors[1], "finish: OK");
}

TEST_F(ExecutorFaultsTest, AnEndWhoseReplyWasLostIsNotRecordedTwice) {
  faulty.lost_replies = 1;
  auto executor = Start();
  RunId run = Submit("{windlass: 1, name: f, tasks: {a: {type: noop}}}");
  EXPECT_EQ(Await(run).state, RunState::kSucceeded);
  EXPECT_TRUE(events.WaitFor([&] { return events.finished == 1; }));
  EXPECT_EQ(AttemptsOf(run), 1);
}

TEST_F(ExecutorFaultsTest, AnEndTheStoreRefusesFailsAloneInItsBatch) {
  Handle("give", [](TaskContext& task) {
    return Outcome::Success(Json(task.params().at("value")));
  });
  RunId run = Submit(R"(
windlass: 1
name: p
tasks:
  good: {type: give, params: {value: fine}}
  bad: {type: give, params: {value: poison}}
)");
  auto executor = Start();
  EXPECT_EQ(Await(run).state, RunState::kFailed);
  EXPECT_EQ(Task(run, "good").state, TaskState::kSucceeded);
  EXPECT_THAT(Task(run, "bad").error->message, HasSubstr("indigestible"));
}

TEST_F(ExecutorFaultsTest, AStoreThatCannotBeAskedIsReportedOnce) {
  faulty.claims_fail = true;
  auto executor = Start();
  RunId run = Submit("{windlass: 1, name: f, tasks: {a: {type: noop}}}");
  ASSERT_TRUE(events.WaitFor([&] { return !events.store_errors.empty(); }));
  faulty.claims_fail = false;
  EXPECT_EQ(Await(run).state, RunState::kSucceeded);
  EXPECT_EQ(events.Get([&] { return events.store_errors.size(); }), 2U);
}

TEST_F(ExecutorFaultsTest, AnExecutorThatCannotRenewStopsItsAttempts) {
  Latch running;
  std::atomic<int> calls = 0;
  Handle("long", [&](TaskContext& task) {
    if (++calls > 1) return Outcome::Success();
    Latch stopped;
    std::stop_callback on_stop(task.stop_token(), [&] { stopped.Open(); });
    running.Open();
    EXPECT_TRUE(stopped.Wait());
    EXPECT_EQ(task.stop_reason(), StopReason::kLeaseLost);
    return Outcome::Success(Json("too late"));
  });
  ExecutorConfig config = Config();
  config.lease_ttl = 300ms;
  config.sweep_interval = 20ms;
  faulty.heartbeats_fail = true;
  auto executor = Start(config);
  RunId run = Submit("{windlass: 1, name: l, tasks: {a: {type: long}}}");
  ASSERT_TRUE(running.Wait());
  ASSERT_TRUE(events.WaitFor([&] { return events.leases_lost == 1; }));
  // It registers anew and goes on, and gets the task again when the store has
  // found the old registration dead.
  faulty.heartbeats_fail = false;
  EXPECT_EQ(Await(run).state, RunState::kSucceeded);
  EXPECT_EQ(calls, 2);
  EXPECT_FALSE(Task(run, "a").result->value.has_value());
}

TEST_F(ExecutorFaultsTest, AnExecutorThatWasDeclaredDeadComesBackAsAnother) {
  auto executor = Start();
  auto executors = store->ListExecutors();
  ASSERT_EQ(executors->size(), 1U);
  const ExecutorId first = executors->front().id;
  ASSERT_TRUE(store->Deregister(first).ok());
  RunId run = Submit("{windlass: 1, name: l, tasks: {a: {type: noop}}}");
  EXPECT_EQ(Await(run).state, RunState::kSucceeded);
}

TEST_F(ExecutorFaultsTest, ALeaseThatIsGoneStopsItsAttemptAtTheNextSave) {
  Latch running;
  Latch go_on;
  absl::Status saved;
  StopReason reason = StopReason::kNone;
  Latch over;
  Handle("save", [&](TaskContext& task) {
    running.Open();
    EXPECT_TRUE(go_on.Wait());
    saved = task.Save("x", Json(1));
    reason = task.stop_reason();
    over.Open();
    return Outcome::Success();
  });
  ExecutorConfig config = Config();
  config.command_interval = 1h;
  auto executor = Start(config);
  RunId run = Submit(
      "{windlass: 1, name: s, tasks: {a: {type: save, "
      "cancellation: {type: abandon}}}}");
  ASSERT_TRUE(running.Wait());
  ASSERT_TRUE(store->Cancel(run, "gone").ok());
  go_on.Open();
  ASSERT_TRUE(over.Wait());
  EXPECT_TRUE(absl::IsFailedPrecondition(saved)) << saved;
  EXPECT_EQ(reason, StopReason::kLeaseLost);
}

TEST_F(ExecutorFaultsTest, AnExecutorEndsAlthoughAHandlerNeverReturned) {
  auto let_go = std::make_shared<Latch>();
  auto returned = std::make_shared<Latch>();
  absl::Status saved;
  Handle("stuck", [let_go, returned, &saved](TaskContext& task) {
    EXPECT_TRUE(let_go->Wait());
    saved = task.Save("x", Json(1));
    task.Progress(1, "x");
    returned->Open();
    return Outcome::Success();
  });
  auto executor = Start();
  RunId run = Submit(R"(
windlass: 1
name: stuck
tasks: {a: {type: stuck, start_to_close_timeout: 10ms,
            cancellation: {grace_period: 10ms}}}
)");
  EXPECT_EQ(Await(run).state, RunState::kFailed);
  executor->Destroy();
  let_go->Open();
  ASSERT_TRUE(returned->Wait());
  EXPECT_TRUE(absl::IsCancelled(saved)) << saved;
}

// Admits nothing until it may.
class Picky : public BaseExecutor {
 public:
  using BaseExecutor::BaseExecutor;
  ~Picky() override { Stop(); }
  bool Admit(const Lease&) override {
    ++asked;
    return may;
  }
  void BeforeAttempt(TaskContext&) override { ++before; }
  void AfterAttempt(TaskContext&, const Outcome& outcome) override {
    if (outcome.kind == AttemptOutcome::kSucceeded) ++after;
  }
  std::atomic<bool> may = false;
  std::atomic<int> asked = 0;
  std::atomic<int> before = 0;
  std::atomic<int> after = 0;
};

TEST_F(ExecutorFaultsTest, ACachedResultWhoseObjectIsGoneIsComputedAgain) {
  const Json content(std::string(100, 'x'));
  std::atomic<int> computed = 0;
  Handle("compute", [&](TaskContext&) {
    ++computed;
    return Outcome::Success(content);
  });
  auto executor = Start();
  const auto run_once = [&] {
    RunId run = Submit(R"(
windlass: 1
name: cached
tasks:
  a: {type: compute, cache: {key: k}, result: {max_inline: 10}}
)");
    EXPECT_EQ(Await(run).state, RunState::kSucceeded);
    return run;
  };
  const RunId first = run_once();
  EXPECT_EQ(Task(run_once(), "a").cached_from, FormatRunId(first) + "/a");
  ASSERT_TRUE(results.Delete(Task(first, "a").result->uri).ok());
  EXPECT_EQ(Value(run_once(), "a"), content);
  EXPECT_EQ(computed, 2);
  EXPECT_EQ(Value(run_once(), "a"), content);
  EXPECT_EQ(computed, 2);
}

TEST_F(ExecutorFaultsTest, WhatIsNotAdmittedIsGivenBackAsIfNeverClaimed) {
  auto source = MakePollingSource(faulty, *clock, {});
  ExecutorParts parts = Parts();
  parts.source = source.get();
  Picky executor(Config(), parts);
  ASSERT_TRUE(executor.Start().ok());
  RunId run = Submit("{windlass: 1, name: l, tasks: {a: {type: noop}}}");
  ASSERT_TRUE(events.WaitFor([&] { return events.finished >= 3; }));
  EXPECT_EQ(AttemptsOf(run), 0);
  executor.may = true;
  EXPECT_EQ(Await(run).state, RunState::kSucceeded);
  EXPECT_EQ(Task(run, "a").attempt, 1);
  executor.Stop();
  EXPECT_EQ(executor.before, 1);
  EXPECT_EQ(executor.after, 1);
}

TEST_F(ExecutorFaultsTest, AnOperatorsDrainIsSeenByTheExecutor) {
  auto executor = Start();
  ASSERT_TRUE(store->Drain("test").ok());
  auto signal = store->Listen();
  for (int i = 0; i < 4000 && !(*executor)->DrainRequested(); ++i) {
    (*signal)->Wait(5ms, std::stop_token());
  }
  EXPECT_TRUE((*executor)->DrainRequested());
}

TEST_F(ExecutorFaultsTest, AnIdleExecutorIsAlive) {
  auto executor = Start();
  (*executor)->WaitUntilIdle();
  EXPECT_LT((*executor)->liveness().finisher.age, 1s);
  EXPECT_LT((*executor)->liveness().claim_loop.age, 10s);
  EXPECT_LT((*executor)->liveness().heartbeat.age, 10s);
}

}  // namespace
}  // namespace windlass

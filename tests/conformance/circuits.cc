// Circuit breakers that all executors share: what is down is left alone, what
// may be back is asked by few, and nobody who waits is forgotten.

#include <map>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "conformance/permit_test.h"

namespace windlass {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class CircuitTest : public PermitTest {
 protected:
  static void Protect(TaskSpec& spec, int threshold = 2, int probes = 1) {
    spec.circuit_breaker.emplace();
    spec.circuit_breaker->key = "${{ params.key }}";
    spec.circuit_breaker->failure_threshold = threshold;
    spec.circuit_breaker->open_for = seconds(30);
    spec.circuit_breaker->probes = probes;
  }
  static std::shared_ptr<const Workflow> Protected(int threshold = 2,
                                                   int probes = 1) {
    WorkflowBuilder builder;
    Protect(builder.Task("a"), threshold, probes);
    return builder.Build();
  }

  static AttemptEnd Down(const Lease& lease,
                         ErrorCategory category = ErrorCategory::kNetwork) {
    AttemptEnd end = Failure(lease, "Down");
    end.error->category = category;
    return end;
  }
  // So many failures in a row.
  void BreakDown(const std::shared_ptr<const Workflow>& workflow, int times = 2,
                 const std::string& key = "api") {
    for (int i = 0; i < times; ++i) {
      const Begun begun = Begin(workflow, key);
      ASSERT_EQ(begun.decision, kGranted);
      ASSERT_TRUE(Finish(Down(begun.lease)));
    }
  }
  CircuitRecord Only() {
    const auto circuits = Value(store().ListCircuits());
    EXPECT_THAT(circuits, SizeIs(1));
    return circuits.empty() ? CircuitRecord() : circuits[0];
  }
};

TEST_P(CircuitTest, AnOpenCircuitHoldsTasksBackUntilItsTimeIsOver) {
  const auto workflow = Protected();
  BreakDown(workflow);
  EXPECT_EQ(Only().state, CircuitState::kOpen);
  EXPECT_EQ(Only().open_until, clock().Now() + seconds(30));
  const Begun first = Begin(workflow);
  const Begun second = Begin(workflow);
  EXPECT_EQ(first.decision, kWait);
  EXPECT_EQ(second.decision, kWait);
  EXPECT_EQ(Only().waiting, 2);
  const TaskRecord task = Task(first.run, 0);
  EXPECT_EQ(task.state, TaskState::kScheduled);
  EXPECT_EQ(task.attempt, 0);
  EXPECT_THAT(task.progress_message, HasSubstr("circuit_breaker 'api'"));
  const auto reply = Value(store().Claim(Want(5)));
  EXPECT_THAT(reply.leases, IsEmpty());
  EXPECT_EQ(reply.next_due, clock().Now() + seconds(30));

  clock().Advance(seconds(30));
  const Lease probe = ClaimOne();
  EXPECT_EQ(probe.run->id, first.run);
  EXPECT_EQ(probe.attempt, 1);
  EXPECT_EQ(Only().state, CircuitState::kHalfOpen);
  EXPECT_EQ(Only().probing, 1);
  EXPECT_EQ(Ask(probe), kGranted);
  EXPECT_EQ(Ask(probe), kGranted);
  EXPECT_EQ(Only().probing, 1);
  // One at a time.
  EXPECT_THAT(Claim(), IsEmpty());
  const Begun third = Begin(workflow);
  EXPECT_EQ(third.decision, kWait);
  const auto next = FinishAndClaim({Success(probe)}, 5).leases;
  EXPECT_EQ(Only().state, CircuitState::kClosed);
  ASSERT_THAT(next, SizeIs(2));
  for (const Lease& lease : next) {
    EXPECT_EQ(Ask(lease), kGranted);
    EXPECT_TRUE(Succeed(lease));
  }
  EXPECT_EQ(Only().waiting, 0);
  EXPECT_EQ(Task(second.run, 0).attempt, 1);
}

TEST_P(CircuitTest, AProbeThatFailsOpensItAgain) {
  const auto workflow = Protected();
  BreakDown(workflow);
  Begin(workflow);
  Begin(workflow);
  clock().Advance(seconds(30));
  const Lease probe = ClaimOne();
  EXPECT_EQ(Ask(probe), kGranted);
  ASSERT_TRUE(Finish(Down(probe, ErrorCategory::kServer)));
  EXPECT_EQ(Only().state, CircuitState::kOpen);
  EXPECT_THAT(Claim(), IsEmpty());
  clock().Advance(seconds(30) - Duration(1));
  EXPECT_THAT(Claim(), IsEmpty());
  clock().Advance(Duration(1));
  EXPECT_EQ(Ask(ClaimOne()), kGranted);
}

TEST_P(CircuitTest, ANewcomerProbesOnlyWhenNobodyWaits) {
  const auto workflow = Protected();
  BreakDown(workflow);
  const Begun waiting = Begin(workflow);
  const RunId late = Submit(workflow);
  const Lease lease = ClaimOne();
  clock().Advance(seconds(30));
  EXPECT_EQ(Ask(lease), kWait);
  const auto next = FinishAndClaim({Blocked(lease)}, 5).leases;
  ASSERT_THAT(next, SizeIs(1));
  EXPECT_EQ(next[0].run->id, waiting.run);
  EXPECT_EQ(Ask(next[0]), kGranted);
  ASSERT_TRUE(Finish(Down(next[0])));
  ASSERT_TRUE(store().Cancel(late, "").ok());
  clock().Advance(seconds(30));
  const Begun alone = Begin(workflow);
  EXPECT_EQ(alone.decision, kGranted);
  EXPECT_EQ(Only().probing, 1);
}

TEST_P(CircuitTest, AsManyProbesAsAreAllowed) {
  const auto workflow = Protected(2, 2);
  BreakDown(workflow);
  for (int i = 0; i < 4; ++i) Begin(workflow);
  clock().Advance(seconds(30));
  const auto probes = Claim();
  ASSERT_THAT(probes, SizeIs(2));
  EXPECT_EQ(Ask(probes[0]), kGranted);
  // The first one shows that it is not back before the second one begins.
  ASSERT_TRUE(Finish(Down(probes[0])));
  EXPECT_EQ(Ask(probes[1]), kWait);
  ASSERT_TRUE(Finish(Blocked(probes[1])));
  EXPECT_EQ(Task(probes[1].run->id, 0).attempt, 0);
  EXPECT_EQ(Only().probing, 0);
  EXPECT_EQ(Only().waiting, 3);
}

TEST_P(CircuitTest, WhatWasLetGoWhenItClosedWaitsAgainWhenItOpens) {
  const auto workflow = Protected();
  BreakDown(workflow);
  for (int i = 0; i < 5; ++i) Begin(workflow);
  clock().Advance(seconds(30));
  const Lease probe = ClaimOne();
  EXPECT_EQ(Ask(probe), kGranted);
  ASSERT_TRUE(Succeed(probe));
  const auto leases = Claim();
  ASSERT_THAT(leases, SizeIs(4));
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(Ask(leases[i]), kGranted);
    ASSERT_TRUE(Finish(Down(leases[i])));
  }
  EXPECT_EQ(Only().state, CircuitState::kOpen);
  for (int i = 2; i < 4; ++i) {
    EXPECT_EQ(Ask(leases[i]), kWait);
    ASSERT_TRUE(Finish(Blocked(leases[i])));
  }
  EXPECT_EQ(Only().waiting, 2);
}

TEST_P(CircuitTest, SuccessesAndFaultsOfTheTaskItselfDoNotOpenIt) {
  const auto workflow = Protected();
  for (const auto category :
       {ErrorCategory::kNetwork, ErrorCategory::kClient,
        ErrorCategory::kNetwork, ErrorCategory::kApplication,
        ErrorCategory::kValidation}) {
    const Begun begun = Begin(workflow);
    ASSERT_EQ(begun.decision, kGranted);
    ASSERT_TRUE(Finish(Down(begun.lease, category)));
  }
  EXPECT_EQ(Only().state, CircuitState::kClosed);
  EXPECT_EQ(Only().failures, 1);
  ASSERT_TRUE(Succeed(Begin(workflow).lease));
  EXPECT_EQ(Only().failures, 0);
}

TEST_P(CircuitTest, EndsOfOneBatchCountInTheirOrder) {
  const auto workflow = Protected();
  std::vector<Begun> begun;
  for (int i = 0; i < 6; ++i) begun.push_back(Begin(workflow));
  // Never two failures in a row.
  ASSERT_THAT(Finish({Down(begun[0].lease), Success(begun[1].lease),
                      Down(begun[2].lease), Success(begun[3].lease)}),
              SizeIs(4));
  EXPECT_EQ(Only().state, CircuitState::kClosed);
  ASSERT_THAT(Finish({Down(begun[4].lease), Down(begun[5].lease)}), SizeIs(2));
  EXPECT_EQ(Only().state, CircuitState::kOpen);
}

TEST_P(CircuitTest, ACancelledProbeFreesItsPlace) {
  const auto workflow = Protected();
  BreakDown(workflow);
  const Begun first = Begin(workflow);
  const Begun second = Begin(workflow);
  const Begun third = Begin(workflow);
  clock().Advance(seconds(30));
  EXPECT_EQ(Ask(ClaimOne()), kGranted);
  ASSERT_TRUE(store().Cancel(first.run, "").ok());
  // And one that was let go and has not begun.
  const auto held = Claim();
  ASSERT_THAT(held, SizeIs(1));
  EXPECT_EQ(held[0].run->id, second.run);
  ASSERT_TRUE(store().Cancel(second.run, "").ok());
  EXPECT_EQ(Ask(ClaimOne()), kGranted);
  EXPECT_EQ(Only().probing, 1);
  EXPECT_EQ(Only().state, CircuitState::kHalfOpen);
  EXPECT_EQ(StateOf(third.run, 0), TaskState::kRunning);
}

TEST_P(CircuitTest, AProbeWhoseExecutorDiesFreesItsPlace) {
  const auto workflow = Protected();
  BreakDown(workflow);
  const Begun lost = Begin(workflow);
  const Begun waiting = Begin(workflow);
  clock().Advance(seconds(30));
  const ExecutorId dying = Register("dying", seconds(10));
  const auto probe = ClaimAs(dying);
  ASSERT_THAT(probe, SizeIs(1));
  EXPECT_EQ(Ask(probe[0]), kGranted);
  executor_.reset();
  clock().Advance(seconds(10));
  ASSERT_TRUE(store().Sweep().ok());
  std::map<RunId, PermitDecision> decisions;
  for (const Lease& lease : ClaimAs(Register("next"))) {
    decisions[lease.run->id] = Ask(lease);
    if (decisions[lease.run->id] == kWait) {
      EXPECT_TRUE(Finish(Blocked(lease)));
    }
  }
  EXPECT_EQ(decisions[waiting.run], kGranted);
  EXPECT_EQ(decisions[lost.run], kWait);
  EXPECT_EQ(Only().probing, 1);
}

TEST_P(CircuitTest, AProbeThatNobodyClaimsIsGivenOn) {
  WorkflowBuilder builder;
  TaskSpec& spec = builder.Task("a");
  Protect(spec);
  spec.queue = "reports";
  const auto paused = builder.Build();
  const auto workflow = Protected();
  BreakDown(workflow);
  Begin(paused);
  const Begun other = Begin(workflow);
  clock().Advance(seconds(30));
  ASSERT_TRUE(store().PauseQueue("reports").ok());
  clock().Advance(seconds(10));
  ASSERT_TRUE(store().Sweep().ok());
  const Lease lease = ClaimOne();
  EXPECT_EQ(lease.run->id, other.run);
  EXPECT_EQ(Ask(lease), kGranted);
}

TEST_P(CircuitTest, AResetLetsAllGo) {
  const auto workflow = Protected();
  BreakDown(workflow);
  for (int i = 0; i < 3; ++i) Begin(workflow);
  ASSERT_TRUE(store().ResetCircuit("api").ok());
  EXPECT_EQ(Only().state, CircuitState::kClosed);
  EXPECT_EQ(Only().failures, 0);
  const auto leases = Claim();
  ASSERT_THAT(leases, SizeIs(3));
  for (const Lease& lease : leases) EXPECT_EQ(Ask(lease), kGranted);
  EXPECT_TRUE(absl::IsNotFound(store().ResetCircuit("other")));
  EXPECT_TRUE(store().ResetCircuit("api").ok());
}

TEST_P(CircuitTest, KeysDoNotConcernEachOtherNorLimitsOfTheirName) {
  const auto workflow = Protected();
  BreakDown(workflow, 2, "a");
  EXPECT_EQ(Begin(workflow, "a").decision, kWait);
  EXPECT_EQ(Begin(workflow, "b").decision, kGranted);
  EXPECT_THAT(Value(store().ListCircuits()), SizeIs(2));
  EXPECT_THAT(Value(store().ListLimits()), IsEmpty());
}

TEST_P(CircuitTest, ATaskWithAllThreeKeysWaitsForAllAndHoldsNone) {
  WorkflowBuilder builder;
  TaskSpec& spec = builder.Task("a");
  Protect(spec);
  spec.concurrency.emplace();
  spec.concurrency->key = "k";
  spec.concurrency->limit = 1;
  spec.rate_limit.emplace();
  spec.rate_limit->key = "k";
  spec.rate_limit->limit = 100;
  const auto all = builder.Build();
  WorkflowBuilder narrow;
  TaskSpec& limited = narrow.Task("a");
  limited.concurrency = spec.concurrency;
  const auto one = narrow.Build();
  BreakDown(all);
  const Begun blocked = Begin(all);
  EXPECT_EQ(blocked.decision, kWait);
  // It holds no permit of its concurrency meanwhile.
  const Begun other = Begin(one);
  EXPECT_EQ(other.decision, kGranted);
  clock().Advance(seconds(30));
  EXPECT_THAT(Claim(), IsEmpty());
  EXPECT_EQ(Only().probing, 0);
  const auto next = FinishAndClaim({Success(other.lease)}, 5).leases;
  ASSERT_THAT(next, SizeIs(1));
  EXPECT_EQ(next[0].run->id, blocked.run);
  EXPECT_EQ(Ask(next[0]), kGranted);
  EXPECT_EQ(Only().probing, 1);
  ASSERT_TRUE(Succeed(next[0]));
  EXPECT_EQ(Only().state, CircuitState::kClosed);
}

TEST_P(CircuitTest, AThrottledTaskOpensItForAsLongAsTheServiceSaid) {
  const auto workflow = Protected(1);
  const Begun first = Begin(workflow);
  AttemptEnd end = Down(first.lease, ErrorCategory::kThrottled);
  end.error->minimum_retry_delay = minutes(5);
  ASSERT_TRUE(Finish(end));
  EXPECT_EQ(Only().open_until, clock().Now() + minutes(5));
}

TEST_P(CircuitTest, TheRunSubmittedLastSaysWhatTheTermsAre) {
  const auto patient = Protected(5);
  const Begun first = Begin(patient);
  ASSERT_TRUE(Finish(Down(first.lease)));
  const auto strict = Protected(2);
  const Begun second = Begin(strict);
  EXPECT_EQ(Only().failure_threshold, 2);
  ASSERT_TRUE(Finish(Down(second.lease)));
  EXPECT_EQ(Only().state, CircuitState::kOpen);
}

TEST_P(CircuitTest, SurvivesARestartAndIsForgottenWhenNobodyUsesIt) {
  const auto workflow = Protected();
  BreakDown(workflow);
  Reopen();
  EXPECT_EQ(Only().state, CircuitState::kOpen);
  EXPECT_EQ(Only().failures, 2);
  clock().Advance(hours(2));
  ASSERT_TRUE(store().Sweep().ok());
  EXPECT_THAT(Value(store().ListCircuits()), IsEmpty());
}

TEST_P(CircuitTest, ARetryOfARunThatWaitsBeginsAnew) {
  const auto workflow = Protected();
  BreakDown(workflow);
  const Begun waiting = Begin(workflow);
  ASSERT_TRUE(store().Cancel(waiting.run, "").ok());
  EXPECT_EQ(Only().waiting, 0);
  ASSERT_TRUE(store().Retry(waiting.run, RetryScope::kWholeRun).ok());
  const Lease again = ClaimOne();
  EXPECT_EQ(Ask(again), kWait);
  ASSERT_TRUE(Finish(Blocked(again)));
  EXPECT_EQ(Only().waiting, 1);
}

// Executors with handles of their own, and a service that is down at first.
TEST_P(CircuitTest, ManyExecutorsProbeNoMoreThanTheyMayAndAllEnds) {
  constexpr int kThreads = 4;
  constexpr int kRuns = 40;
  WorkflowBuilder builder;
  TaskSpec& spec = builder.Task("a");
  Protect(spec, 3, 2);
  spec.circuit_breaker->open_for = Duration(1);
  spec.retry_policy.maximum_attempts = 0;
  spec.retry_policy.initial_interval = Duration(0);
  const auto workflow = builder.Build();
  for (int i = 0; i < kRuns; ++i) Submit(workflow);
  std::atomic<int> failures_left = 60;
  std::vector<std::unique_ptr<Store>> handles;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    handles.push_back(OpenAnother());
    ClaimRequest want;
    want.executor = Register(absl::StrCat("racer", i), hours(24 * 365));
    want.limit = 5;
    threads.emplace_back([&, want, store = handles.back().get()] {
      std::vector<AttemptEnd> ends;
      while (Value(store->CountRuns()).running > 0) {
        const auto reply = Value(store->Finish(ends, want));
        ends.clear();
        std::vector<PermitRequest> requests;
        for (const Lease& lease : reply.leases) {
          requests.push_back(Request(lease));
        }
        const auto decisions = Decide(*store, requests);
        for (std::size_t k = 0; k < decisions.size(); ++k) {
          const Lease& lease = reply.leases[k];
          if (decisions[k] == kWait) {
            ends.push_back(Blocked(lease));
          } else if (decisions[k] == kGranted) {
            ends.push_back(--failures_left >= 0 ? Down(lease) : Success(lease));
          }
        }
        if (reply.leases.empty()) {
          for (const CircuitRecord& one : Value(store->ListCircuits())) {
            EXPECT_LE(one.probing, 2);
          }
          clock().Advance(Duration(1));
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Value(store().CountRuns()).succeeded, kRuns);
  EXPECT_EQ(Only().waiting, 0);
  EXPECT_EQ(Only().probing, 0);
}

INSTANTIATE_TEST_SUITE_P(Stores, CircuitTest, testing::ValuesIn(AllStores()),
                         StoreName);

}  // namespace
}  // namespace windlass

// Limits of mapped tasks: those whose keys all instances share, and races for
// what they share.

#include <algorithm>
#include <atomic>
#include <thread>

#include "absl/strings/str_cat.h"
#include "conformance/limit_test.h"

namespace windlass {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// A map whose first instances have been claimed: one may begin and the second
// waits, with all that nobody has claimed.
class WholeMapTest : public LimitTest {
 protected:
  static constexpr int kInstances = 40;

  void BlockAll(const Limits& limits) {
    WorkflowBuilder builder;
    Limit(builder.MappedTask("m"), limits);
    run_ = Submit(builder.Build());
    ASSERT_TRUE(Expand(ClaimOne(), kInstances));
    const auto leases = Value(store().Claim(Want(2))).leases;
    ASSERT_THAT(Names(leases), ElementsAre("m[0]", "m[1]"));
    EXPECT_EQ(Ask(leases[0]), kGranted);
    EXPECT_EQ(Ask(leases[1]), kWait);
    first_ = leases[0];
    AttemptEnd end = Blocked(leases[1]);
    end.wake.keys.of_all_instances = true;
    // Nor are any claimed by the call that makes them wait.
    EXPECT_THAT(FinishAndClaim({end}, 5).leases, IsEmpty());
  }

  RunId run_;
  Lease first_;
};

TEST_P(WholeMapTest, WhatNobodyHasClaimedWaitsTooAndGoesInOrder) {
  BlockAll({.concurrency = 1});
  EXPECT_THAT(Claim(), IsEmpty());
  EXPECT_EQ(Only().waiting, kInstances - 1);
  EXPECT_EQ(StateOf(run_, 0, 1), TaskState::kScheduled);
  EXPECT_EQ(StateOf(run_, 0, kInstances - 1), TaskState::kScheduled);
  Lease running = first_;
  for (int i = 1; i < kInstances; ++i) {
    const auto next = FinishAndClaim({Success(running)}, 5).leases;
    ASSERT_THAT(next, SizeIs(1));
    running = next[0];
    EXPECT_EQ(running.task.index, i);
    EXPECT_EQ(running.attempt, 1);
    EXPECT_EQ(Ask(running), kGranted);
  }
  EXPECT_TRUE(Succeed(running));
  EXPECT_EQ(StateOf(run_), RunState::kSucceeded);
}

TEST_P(WholeMapTest, ItIsCancelledWithItsRun) {
  BlockAll({.concurrency = 1});
  ASSERT_TRUE(store().Cancel(run_, "").ok());
  EXPECT_EQ(Only().waiting, 0);
  EXPECT_EQ(StateOf(run_), RunState::kCancelled);
  EXPECT_THAT(Claim(), IsEmpty());
}

TEST_P(WholeMapTest, ItWaitsThroughAPause) {
  BlockAll({.concurrency = 1});
  ASSERT_TRUE(store().Pause(run_).ok());
  ASSERT_TRUE(Succeed(first_));
  EXPECT_THAT(Claim(), IsEmpty());
  ASSERT_TRUE(store().Resume(run_).ok());
  EXPECT_THAT(Names(Claim()), ElementsAre("m[1]"));
}

TEST_P(WholeMapTest, ARateLetsAsManyGoAsItHas) {
  BlockAll({.rate = 1});
  EXPECT_EQ(Only().waiting, kInstances - 1);
  clock().Advance(kPace.apart);
  EXPECT_THAT(Names(Claim()), ElementsAre("m[1]"));
  EXPECT_EQ(Only().waiting, kInstances - 2);
}

TEST_P(WholeMapTest, WhatMustBeginByATimeStaysClaimable) {
  WorkflowBuilder builder;
  TaskSpec& spec = builder.MappedTask("m");
  Limit(spec, {.concurrency = 1});
  spec.schedule_to_start_timeout = minutes(5);
  Submit(builder.Build());
  ASSERT_TRUE(Expand(ClaimOne(), 5));
  const auto leases = Value(store().Claim(Want(2))).leases;
  EXPECT_EQ(Ask(leases[0]), kGranted);
  AttemptEnd end = Blocked(leases[1]);
  end.wake.keys.of_all_instances = true;
  ASSERT_TRUE(Finish(end));
  EXPECT_THAT(Names(Claim()), ElementsAre("m[2]", "m[3]", "m[4]"));
}

// Executors that claim, ask, finish, fail and give back at the same time, with
// handles of their own. What is under way is counted by themselves.
class LimitRaceTest : public LimitTest {
 protected:
  struct Gauge {
    std::atomic<int> now = 0;
    std::atomic<int> most = 0;
    void Enter() {
      const int count = ++now;
      int seen = most;
      while (count > seen && !most.compare_exchange_weak(seen, count)) {
      }
    }
    void Leave() { --now; }
  };

  int KeyOf(const Lease& lease) const {
    return one_key_ ? 0 : lease.task.index % 2;
  }
  std::string NameOf(const Lease& lease) const {
    return absl::StrCat("k", KeyOf(lease));
  }
  AttemptEnd Waiting(const Lease& lease) const {
    AttemptEnd end = Blocked(lease, NameOf(lease));
    end.wake.keys.of_all_instances = one_key_;
    return end;
  }

  // Until all runs have ended.
  void Work(Store& store, ExecutorId executor, int seed) {
    ClaimRequest want;
    want.executor = executor;
    std::vector<Lease> leases;
    std::vector<AttemptEnd> ends;
    std::vector<Gauge*> held;
    for (int turn = 0; Value(store.CountRuns()).running > 0; ++turn) {
      want.limit = 5;
      // What is reported is under way no longer; the store may only then give
      // its permit on.
      for (Gauge* gauge : held) gauge->Leave();
      held.clear();
      const auto reply = Value(store.Finish(ends, want));
      ends.clear();
      for (const Lease& lease : reply.leases) {
        if (lease.task.index < 0) {
          ends.push_back(Expansion(lease, instances_));
        } else {
          leases.push_back(lease);
        }
      }
      std::vector<PermitRequest> requests;
      for (const Lease& lease : leases) {
        requests.push_back(Request(lease, NameOf(lease)));
      }
      const auto decisions = Decide(store, requests);
      for (std::size_t i = 0; i < decisions.size(); ++i) {
        if (decisions[i] == kWait) {
          ends.push_back(Waiting(leases[i]));
        } else if (decisions[i] == kGranted) {
          held.push_back(&gauges_[KeyOf(leases[i])]);
          held.back()->Enter();
          ++started_;
          ends.push_back((turn + seed) % 7 == 0
                             ? Ended(leases[i], AttemptOutcome::kReleased)
                             : Success(leases[i]));
        }
      }
      leases.clear();
      if (reply.leases.empty()) std::this_thread::yield();
    }
  }

  void Race();

  const int instances_ = 60;
  bool one_key_ = false;  // Of all instances.
  Gauge gauges_[2];
  std::atomic<int> started_ = 0;
};

void LimitRaceTest::Race() {
  constexpr int kLimit = 2;
  constexpr int kThreads = 4;
  WorkflowBuilder builder;
  TaskSpec& spec = builder.MappedTask("m");
  Limit(spec, {.concurrency = kLimit});
  const auto workflow = builder.Build();
  std::vector<RunId> runs;
  for (int i = 0; i < 3; ++i) runs.push_back(Submit(workflow));

  std::atomic<bool> done = false;
  std::atomic<int> most = 0;
  std::vector<std::unique_ptr<Store>> handles;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    handles.push_back(OpenAnother());
    const ExecutorId executor =
        Register(absl::StrCat("racer", i), hours(24 * 365));
    threads.emplace_back([this, i, executor, &handle = *handles.back()] {
      Work(handle, executor, i);
    });
  }
  std::thread watcher([&] {
    while (!done) {
      for (const LimitRecord& limit : Value(store().ListLimits())) {
        most = std::max(most.load(), static_cast<int>(limit.in_use));
      }
    }
  });
  for (std::thread& thread : threads) thread.join();
  done = true;
  watcher.join();
  EXPECT_LE(gauges_[0].most, kLimit);
  EXPECT_LE(gauges_[1].most, kLimit);
  EXPECT_LE(most, kLimit);
  EXPECT_GE(started_, 3 * instances_);
  for (const RunId run : runs) EXPECT_EQ(StateOf(run), RunState::kSucceeded);
}

TEST_P(LimitRaceTest, ManyExecutorsNeverExceedALimitAndFinishAll) { Race(); }

TEST_P(LimitRaceTest, NorOneThatAllInstancesOfAMapShare) {
  one_key_ = true;
  Race();
}

INSTANTIATE_TEST_SUITE_P(Stores, WholeMapTest, testing::ValuesIn(AllStores()),
                         StoreName);
INSTANTIATE_TEST_SUITE_P(Stores, LimitRaceTest, testing::ValuesIn(AllStores()),
                         StoreName);

}  // namespace
}  // namespace windlass

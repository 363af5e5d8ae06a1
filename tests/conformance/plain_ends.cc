// Tasks that were claimed together and leave nothing but the fact that they
// succeeded: a store may keep what they have in common in one place, and must
// tell each of them apart whenever something concerns it alone.

#include <algorithm>
#include <map>
#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "conformance/store_test.h"
#include "windlass/self_check.h"

namespace windlass {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class PlainEndTest : public StoreTest {
 protected:
  void TearDown() override {
    if (store_ == nullptr) return;
    for (const Contradiction& found : Value(FindContradictions(store()))) {
      ADD_FAILURE() << FormatRunId(found.run) << "/" << found.task << " "
                    << found.what;
    }
  }

  // Each with a time of its own.
  static AttemptEnd Plain(const Lease& lease) {
    AttemptEnd end = Ended(lease, AttemptOutcome::kSucceeded);
    end.run_time = milliseconds(lease.task.index + 2);
    return end;
  }
  static std::vector<AttemptEnd> PlainEnds(const std::vector<Lease>& leases) {
    std::vector<AttemptEnd> ends;
    for (const Lease& lease : leases) ends.push_back(Plain(lease));
    return ends;
  }
  void EndAll() {
    for (auto leases = Claim(); !leases.empty();) {
      leases = FinishAndClaim(PlainEnds(leases), 300).leases;
    }
  }

  // "m" with `count` instances that can be claimed.
  RunId SubmitMap(int count,
                  const std::function<void(TaskSpec&)>& change = nullptr) {
    WorkflowBuilder builder;
    TaskSpec& spec = builder.MappedTask("m");
    if (change) change(spec);
    builder.Task("after", {"m"});
    const RunId run = Submit(builder.Build());
    EXPECT_TRUE(Expand(ClaimOne(), count));
    return run;
  }
  std::vector<RunId> SubmitMany(int count) {
    SubmitRequest request;
    request.workflow = Chain(2);
    request.copies = count;
    std::vector<RunId> ids;
    for (const SubmittedRun& run : Value(store().Submit({&request, 1}))) {
      ids.push_back(run.id);
    }
    return ids;
  }

  int CountInstances(RunId run, TaskState state) {
    const auto tasks = Value(store().ListTasks(run));
    return static_cast<int>(
        std::count_if(tasks.begin(), tasks.end(), [&](const TaskRecord& task) {
          return task.key.index >= 0 && task.state == state;
        }));
  }
  std::vector<TaskKey> Attempts(RunId run) {
    std::vector<TaskKey> keys;
    for (const auto& attempt : Value(store().ListAttempts(run))) {
      keys.push_back(attempt.key);
    }
    return keys;
  }
};

TEST_P(PlainEndTest, EachInstanceIsShownAsItIs) {
  const RunId run = SubmitMap(1200);
  const auto leases = Claim(900);
  ASSERT_THAT(leases, SizeIs(900));
  EXPECT_EQ(CountInstances(run, TaskState::kRunning), 900);
  EXPECT_EQ(CountInstances(run, TaskState::kReady), 300);
  clock().Advance(seconds(3));
  std::vector<AttemptEnd> ends = PlainEnds(leases);
  std::erase_if(
      ends, [](const AttemptEnd& end) { return end.task.index % 100 == 7; });
  EXPECT_THAT(Finish(ends), Each(true));
  EXPECT_EQ(CountInstances(run, TaskState::kSucceeded), 891);
  EXPECT_EQ(CountInstances(run, TaskState::kRunning), 9);

  const TaskRecord ended = Task(run, 0, 542);
  EXPECT_EQ(ended.state, TaskState::kSucceeded);
  EXPECT_EQ(ended.attempt, 1);
  EXPECT_EQ(ended.executor, "first");
  EXPECT_EQ(ended.run_time, milliseconds(544));
  EXPECT_EQ(*ended.finished_at - *ended.started_at, seconds(3));
  ASSERT_TRUE(ended.result.has_value());
  EXPECT_EQ(ended.result->kind, ResultEnvelope::Kind::kNone);
  EXPECT_EQ(StateOf(run, 0, 507), TaskState::kRunning);
  EXPECT_EQ(StateOf(run, 0, 900), TaskState::kReady);

  const auto results = Value(store().ListInstanceResults(run, 0));
  EXPECT_TRUE(results.at(0).has_value());
  EXPECT_FALSE(results.at(7).has_value());
  EXPECT_TRUE(results.at(899).has_value());
  EXPECT_FALSE(results.at(900).has_value());
}

TEST_P(PlainEndTest, AttemptsAreListedInTheOrderOfTheirClaims) {
  const RunId run = SubmitMap(4);
  auto leases = Claim();
  ASSERT_TRUE(Fail(leases[1]));
  ASSERT_THAT(Finish({Plain(leases[2]), Plain(leases[3])}), Each(true));
  ASSERT_TRUE(Finish(Plain(leases[0])));
  EXPECT_THAT(Attempts(run), ElementsAre(TaskKey{0, 0}, TaskKey{0, 1},
                                         TaskKey{0, 2}, TaskKey{0, 3}));
}

TEST_P(PlainEndTest, AStaleTokenEndsNoInstance) {
  SubmitMap(10);
  const auto leases = Claim();
  AttemptEnd stale = Plain(leases[4]);
  stale.token = leases[5].token;
  EXPECT_FALSE(Finish(stale));
  EXPECT_THAT(Finish({Plain(leases[4]), Plain(leases[4])}),
              ElementsAre(true, false));
  EXPECT_FALSE(Finish(Plain(leases[4])));
}

TEST_P(PlainEndTest, InstancesMayEndInAnyOrderAndEachOnce) {
  const RunId run = SubmitMap(600);
  auto leases = Claim(1000);
  for (std::size_t step = 0; step < 7; ++step) {
    std::vector<AttemptEnd> ends;
    for (std::size_t i = step; i < leases.size(); i += 7) {
      ends.push_back(Plain(leases[i]));
    }
    EXPECT_THAT(Finish(ends), Each(true));
    EXPECT_THAT(Finish(ends), Each(false));
  }
  EXPECT_EQ(StateOf(run, 0), TaskState::kSucceeded);
  EXPECT_THAT(Names(Claim()), ElementsAre("after"));
}

TEST_P(PlainEndTest, AnInstanceThatFailsIsToldApart) {
  const RunId run = SubmitMap(300);
  const auto leases = Claim(300);
  std::vector<AttemptEnd> ends = PlainEnds(leases);
  ends[100] = Failure(leases[100]);
  EXPECT_THAT(Finish(ends), Each(true));
  EXPECT_EQ(StateOf(run), RunState::kFailed);
  EXPECT_EQ(CountInstances(run, TaskState::kSucceeded), 299);
  ASSERT_TRUE(store().Retry(run, RetryScope::kFailedTasks).ok());
  EXPECT_EQ(CountInstances(run, TaskState::kSucceeded), 299);
  const Lease again = ClaimOne();
  EXPECT_EQ(again.task, (TaskKey{0, 100}));
  ASSERT_TRUE(Finish(Plain(again)));
  EndAll();
  EXPECT_EQ(StateOf(run), RunState::kSucceeded);
}

TEST_P(PlainEndTest, ARetriedRunKeepsItsAttemptsAndRunsAllAgain) {
  const RunId run = SubmitMap(50);
  EndAll();
  ASSERT_EQ(StateOf(run), RunState::kSucceeded);
  EXPECT_THAT(Attempts(run), SizeIs(51));
  ASSERT_TRUE(store().Retry(run, RetryScope::kWholeRun).ok());
  EXPECT_EQ(StateOf(run, 0), TaskState::kReady);
  ASSERT_TRUE(Expand(ClaimOne(), 20));
  EXPECT_EQ(CountInstances(run, TaskState::kReady), 20);
  EndAll();
  EXPECT_EQ(StateOf(run), RunState::kSucceeded);
  EXPECT_THAT(Attempts(run), SizeIs(51 + 21));
}

TEST_P(PlainEndTest, FailFastStopsThoseThatRunAndKeepsThoseThatEnded) {
  const RunId run =
      SubmitMap(100, [](TaskSpec& spec) { spec.map->fail_fast = true; });
  const auto leases = Claim(60);
  ASSERT_THAT(Finish(PlainEnds({leases.begin(), leases.begin() + 20})),
              Each(true));
  ASSERT_TRUE(Fail(leases[30]));
  EXPECT_EQ(CountInstances(run, TaskState::kSucceeded), 20);
  EXPECT_EQ(CountInstances(run, TaskState::kFailed), 1);
  EXPECT_EQ(CountInstances(run, TaskState::kCancelled), 79);
  EXPECT_FALSE(Finish(Plain(leases[31])));
  EXPECT_EQ(StateOf(run), RunState::kFailed);
}

TEST_P(PlainEndTest, MaxParallelCountsThoseThatRunTogether) {
  const RunId run =
      SubmitMap(40, [](TaskSpec& spec) { spec.map->max_parallel = 10; });
  std::vector<Lease> leases = Claim();
  ASSERT_THAT(leases, SizeIs(10));
  for (int done = 0; done < 40;) {
    const auto half = static_cast<std::ptrdiff_t>((leases.size() + 1) / 2);
    const FinishReply reply =
        FinishAndClaim(PlainEnds({leases.begin(), leases.begin() + half}), 100);
    EXPECT_THAT(reply.accepted, Each(true));
    leases.erase(leases.begin(), leases.begin() + half);
    done += static_cast<int>(half);
    for (const Lease& lease : reply.leases) {
      if (lease.task.node == 0) leases.push_back(lease);
    }
    EXPECT_THAT(leases, SizeIs(std::min(10, 40 - done)));
  }
  EXPECT_EQ(StateOf(run, 0), TaskState::kSucceeded);
}

TEST_P(PlainEndTest, ACancelStopsEveryInstanceThatRuns) {
  const RunId run = SubmitMap(200);
  const auto leases = Claim(150);
  ASSERT_TRUE(store().Cancel(run, "enough").ok());
  EXPECT_THAT(Finish(PlainEnds(leases)), Each(false));
  EXPECT_EQ(CountInstances(run, TaskState::kCancelled), 200);
}

TEST_P(PlainEndTest, OneThatIsBeingStoppedIsWaitedFor) {
  const RunId run = SubmitMap(20, [](TaskSpec& spec) {
    spec.cancellation.type = CancellationSpec::Type::kWaitCancellationCompleted;
  });
  const auto leases = Claim();
  ASSERT_TRUE(store().Cancel(run, "enough").ok());
  EXPECT_EQ(StateOf(run), RunState::kRunning);
  std::vector<AttemptEnd> ends;
  for (const Lease& lease : leases) {
    ends.push_back(Ended(lease, AttemptOutcome::kCancelled));
  }
  EXPECT_THAT(Finish(ends), Each(true));
  EXPECT_EQ(StateOf(run), RunState::kCancelled);
}

TEST_P(PlainEndTest, ADeadExecutorsInstancesAreDoneByAnother) {
  const RunId run = SubmitMap(100);
  const ExecutorId dead = Register("dead", seconds(5));
  const auto lost = ClaimAs(dead, 80);
  ASSERT_THAT(lost, SizeIs(80));
  ASSERT_THAT(Finish(PlainEnds({lost.begin() + 10, lost.begin() + 30})),
              Each(true));
  executor();
  clock().Advance(seconds(8));
  ASSERT_TRUE(store().Heartbeat(executor(), 0).ok());
  EXPECT_EQ(Value(store().Sweep()).executors_lost, 1);
  EXPECT_THAT(Finish(PlainEnds(lost)), Each(false));
  EndAll();
  EXPECT_EQ(StateOf(run), RunState::kSucceeded);
  EXPECT_EQ(Task(run, 0, 0).attempt, 2);
  EXPECT_EQ(Task(run, 0, 10).attempt, 1);
  EXPECT_EQ(Task(run, 0, 99).attempt, 1);
}

TEST_P(PlainEndTest, OneOfManyRunsCanBeRunAgain) {
  const auto ids = SubmitMany(300);
  EndAll();
  ASSERT_TRUE(store().Retry(ids[77], RetryScope::kWholeRun).ok());
  EXPECT_EQ(StateOf(ids[76], 0), TaskState::kSucceeded);
  EXPECT_EQ(StateOf(ids[77], 0), TaskState::kReady);
  EXPECT_EQ(StateOf(ids[78], 1), TaskState::kSucceeded);
  EndAll();
  EXPECT_THAT(Attempts(ids[76]), SizeIs(2));
  EXPECT_THAT(Attempts(ids[77]), SizeIs(4));
  EXPECT_THAT(Attempts(ids[78]), SizeIs(2));
  EXPECT_EQ(Task(ids[78], 0).run_time, milliseconds(1));
}

TEST_P(PlainEndTest, WhatIsKeptOfManyRunsGoesWithTheLastOfThem) {
  const auto ids = SubmitMany(400);
  EndAll();
  clock().Advance(minutes(30));
  // Runs again and ends later than the others.
  ASSERT_TRUE(store().Retry(ids[200], RetryScope::kWholeRun).ok());
  ASSERT_TRUE(store().Heartbeat(executor(), 0).ok());
  EndAll();
  clock().Advance(minutes(45));
  PruneRequest request;
  request.older_than = hours(1);
  EXPECT_EQ(Value(store().Prune(request)).runs, 399);
  EXPECT_EQ(StateOf(ids[200], 1), TaskState::kSucceeded);
  EXPECT_THAT(Attempts(ids[200]), SizeIs(4));
  clock().Advance(hours(1));
  EXPECT_EQ(Value(store().Prune(request)).runs, 1);
  // Fails when there is a row.
  EXPECT_TRUE(factory_
                  ->RunSql("INSERT INTO lane (queue, type) "
                           "SELECT NULL, NULL FROM task_end_range")
                  .ok());
}

TEST_P(PlainEndTest, AMigrationDownAndUpChangesNothingOfThem) {
  const RunId run = SubmitMap(60);
  const auto leases = Claim(40);
  ASSERT_THAT(Finish(PlainEnds({leases.begin() + 5, leases.begin() + 25})),
              Each(true));
  const auto before = Value(store().ListTasks(run));
  store_.reset();
  ASSERT_TRUE(factory_->MigrateDown().ok());
  Reopen();
  const auto after = Value(store().ListTasks(run));
  ASSERT_EQ(before.size(), after.size());
  for (std::size_t i = 0; i < before.size(); ++i) {
    EXPECT_EQ(before[i].state, after[i].state) << i;
    EXPECT_EQ(before[i].run_time, after[i].run_time) << i;
    EXPECT_EQ(before[i].started_at, after[i].started_at) << i;
  }
  EXPECT_THAT(Finish(PlainEnds({leases.begin() + 25, leases.end()})),
              Each(true));
  EXPECT_THAT(Finish(PlainEnds({leases.begin(), leases.begin() + 6})),
              ElementsAre(true, true, true, true, true, false));
}

TEST_P(PlainEndTest, InstancesAreEachDoneOnceByExecutorsThatRace) {
  const RunId run = SubmitMap(2000);
  const auto second = OpenAnother();
  std::vector<std::vector<Lease>> taken(4);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < taken.size(); ++i) {
    const ExecutorId racer =
        Register(absl::StrCat("racer", i), hours(24 * 365));
    threads.emplace_back([&, i, racer] {
      Store& mine = i % 2 == 0 ? store() : *second;
      ClaimRequest next;
      next.executor = racer;
      next.limit = 90;
      std::vector<Lease> leases;
      while (Value(store().CountRuns()).running > 0 && !HasFailure()) {
        std::vector<Lease> rest;
        std::vector<Lease> done;
        for (const Lease& lease : leases) {
          (lease.token.value % 5 == 3 ? rest : done).push_back(lease);
        }
        if (done.empty()) done.swap(rest);
        const FinishReply reply = Value(mine.Finish(PlainEnds(done), next));
        EXPECT_THAT(reply.accepted, Each(true));
        taken[i].insert(taken[i].end(), reply.leases.begin(),
                        reply.leases.end());
        leases = std::move(rest);
        leases.insert(leases.end(), reply.leases.begin(), reply.leases.end());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<TaskKey> tasks;
  for (const auto& leases : taken) {
    for (const Lease& lease : leases) {
      EXPECT_TRUE(tasks.insert(lease.task).second);
    }
  }
  EXPECT_THAT(tasks, SizeIs(2001));
  EXPECT_EQ(StateOf(run), RunState::kSucceeded);
}

INSTANTIATE_TEST_SUITE_P(Stores, PlainEndTest, testing::ValuesIn(AllStores()),
                         StoreName);

}  // namespace
}  // namespace windlass

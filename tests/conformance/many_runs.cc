// Runs that were submitted together: a store may keep what they have in common
// in one place, and must tell each of them apart whenever something concerns it
// alone.

#include <algorithm>
#include <map>
#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "base/random.h"
#include "conformance/store_test.h"
#include "windlass/self_check.h"

namespace windlass {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class ManyRunsTest : public StoreTest {
 protected:
  static constexpr int kRuns = 200;

  void TearDown() override {
    if (store_ == nullptr) return;
    for (const Contradiction& found : Value(FindContradictions(store()))) {
      ADD_FAILURE() << FormatRunId(found.run) << "/" << found.task << " "
                    << found.what;
    }
  }

  std::vector<RunId> SubmitMany(std::shared_ptr<const Workflow> workflow,
                                int count = kRuns) {
    SubmitRequest request;
    request.workflow = std::move(workflow);
    request.copies = count;
    std::vector<RunId> ids;
    for (const SubmittedRun& run : Value(store().Submit({&request, 1}))) {
      ids.push_back(run.id);
    }
    return ids;
  }

  static std::vector<RunId> RunsOf(const std::vector<Lease>& leases) {
    std::vector<RunId> runs;
    for (const Lease& lease : leases) runs.push_back(lease.run->id);
    return runs;
  }

  static std::vector<AttemptEnd> Successes(const std::vector<Lease>& leases) {
    std::vector<AttemptEnd> ends;
    for (const Lease& lease : leases) ends.push_back(Success(lease));
    return ends;
  }

  QueueRecord Queue() { return Value(store().ListQueues()).at(0); }

  // The first, the last and some in between.
  static std::vector<std::size_t> Some() {
    return {0, 1, 60, 61, 130, kRuns - 1};
  }

  Random random_{7};
};

TEST_P(ManyRunsTest, AreClaimedInOrderAndOnce) {
  const auto ids = SubmitMany(SingleTask());
  std::vector<Lease> all;
  for (const int limit : {1, 30, 100, 1000}) {
    const auto leases = Claim(limit);
    all.insert(all.end(), leases.begin(), leases.end());
  }
  EXPECT_EQ(RunsOf(all), ids);
  std::set<LeaseToken> tokens;
  for (const Lease& lease : all) {
    EXPECT_TRUE(tokens.insert(lease.token).second);
    EXPECT_EQ(lease.attempt, 1);
    EXPECT_EQ(lease.run->root, lease.run->id);
    EXPECT_EQ(lease.run->created_at, clock().Now());
    EXPECT_EQ(lease.ready_at, clock().Now());
  }
  EXPECT_THAT(Claim(), IsEmpty());
}

TEST_P(ManyRunsTest, AreCountedOneByOne) {
  SubmitMany(SingleTask());
  EXPECT_EQ(Queue().ready, kRuns);
  const auto leases = Claim(70);
  EXPECT_EQ(Queue().ready, kRuns - 70);
  EXPECT_EQ(Queue().running, 70);
  Finish(Successes({leases.begin() + 10, leases.begin() + 30}));
  EXPECT_EQ(Queue().running, 50);
  EXPECT_EQ(Value(store().CountRuns()).running, kRuns - 20);
}

TEST_P(ManyRunsTest, EachIsShownAsItIs) {
  const auto ids = SubmitMany(SingleTask());
  clock().Advance(seconds(1));
  const auto leases = Claim(100);
  clock().Advance(seconds(1));
  Finish(Successes({leases.begin() + 40, leases.begin() + 60}));
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const TaskRecord task = Task(ids[i], 0);
    const RunRecord run = Value(store().GetRun(ids[i]));
    if (i >= 100) {
      EXPECT_EQ(task.state, TaskState::kReady) << i;
      EXPECT_FALSE(run.started_at.has_value()) << i;
      continue;
    }
    const bool ended = i >= 40 && i < 60;
    EXPECT_EQ(task.state, ended ? TaskState::kSucceeded : TaskState::kRunning)
        << i;
    EXPECT_EQ(task.executor, "first") << i;
    EXPECT_EQ(task.attempt, 1) << i;
    EXPECT_EQ(run.started_at, leases[i].claimed_at) << i;
    EXPECT_EQ(task.started_at, leases[i].claimed_at) << i;
  }
}

TEST_P(ManyRunsTest, EndInAnyOrderAndEachOnce) {
  const auto ids = SubmitMany(SingleTask());
  auto leases = Claim(1000);
  for (std::size_t i = leases.size(); i > 1; --i) {
    std::swap(leases[i - 1], leases[random_.Below(i)]);
  }
  for (std::size_t begin = 0; begin < leases.size();) {
    const auto end = std::min(leases.size(), begin + 1 + random_.Below(40));
    const auto ends =
        Successes({leases.begin() + static_cast<std::ptrdiff_t>(begin),
                   leases.begin() + static_cast<std::ptrdiff_t>(end)});
    EXPECT_THAT(Finish(ends), Each(true));
    EXPECT_THAT(Finish(ends), Each(false));
    begin = end;
  }
  for (const RunId id : ids) EXPECT_EQ(StateOf(id), RunState::kSucceeded);
}

TEST_P(ManyRunsTest, OneThatWaitsCanBeCancelled) {
  const auto ids = SubmitMany(SingleTask());
  std::set<RunId> cancelled;
  for (const std::size_t i : Some()) {
    ASSERT_TRUE(store().Cancel(ids[i], "").ok());
    EXPECT_EQ(StateOf(ids[i]), RunState::kCancelled);
    cancelled.insert(ids[i]);
  }
  std::vector<RunId> others;
  for (const RunId id : ids) {
    if (!cancelled.contains(id)) others.push_back(id);
  }
  EXPECT_EQ(RunsOf(Claim(1000)), others);
}

TEST_P(ManyRunsTest, OneThatRunsCanBeCancelled) {
  const auto ids = SubmitMany(SingleTask());
  const auto leases = Claim(1000);
  std::set<LeaseToken> stopped;
  for (const std::size_t i : Some()) {
    ASSERT_TRUE(store().Cancel(ids[i], "").ok());
    stopped.insert(leases[i].token);
  }
  std::set<LeaseToken> told;
  for (const CancelCommand& command :
       Value(store().Commands(executor())).cancels) {
    told.insert(command.token);
  }
  EXPECT_EQ(told, stopped);
  const auto accepted = Finish(Successes(leases));
  for (std::size_t i = 0; i < leases.size(); ++i) {
    EXPECT_NE(accepted[i], stopped.contains(leases[i].token)) << i;
  }
}

TEST_P(ManyRunsTest, OneThatIsBeingStoppedIsWaitedFor) {
  WorkflowBuilder builder;
  builder.Task("a").cancellation.type =
      CancellationSpec::Type::kWaitCancellationCompleted;
  const auto ids = SubmitMany(builder.Build());
  const auto leases = Claim(1000);
  ASSERT_TRUE(store().Cancel(ids[90], "").ok());
  EXPECT_EQ(StateOf(ids[90], 0), TaskState::kRunning);
  EXPECT_TRUE(Finish(Ended(leases[90], AttemptOutcome::kCancelled)));
  EXPECT_EQ(StateOf(ids[90]), RunState::kCancelled);
  EXPECT_TRUE(Succeed(leases[89]));
  EXPECT_TRUE(Succeed(leases[91]));
}

TEST_P(ManyRunsTest, OneCanBePausedAndResumed) {
  const auto ids = SubmitMany(SingleTask());
  for (const std::size_t i : Some()) {
    ASSERT_TRUE(store().Pause(ids[i]).ok());
  }
  EXPECT_THAT(Claim(1000), SizeIs(kRuns - Some().size()));
  ASSERT_TRUE(store().Resume(ids[60]).ok());
  EXPECT_THAT(RunsOf(Claim(1000)), ElementsAre(ids[60]));
}

TEST_P(ManyRunsTest, OneCanFailAndTryAgain) {
  WorkflowBuilder builder;
  builder.Task("a").retry_policy.maximum_attempts = 2;
  const auto ids = SubmitMany(builder.Build());
  const auto leases = Claim(1000);
  for (const std::size_t i : Some()) EXPECT_TRUE(Fail(leases[i]));
  clock().Advance(hours(1));
  const auto again = Claim(1000);
  ASSERT_THAT(again, SizeIs(Some().size()));
  for (std::size_t i = 0; i < again.size(); ++i) {
    EXPECT_EQ(again[i].run->id, ids[Some()[i]]);
    EXPECT_EQ(again[i].attempt, 2);
    EXPECT_EQ(again[i].failures, 1);
    EXPECT_GT(again[i].token, leases[Some()[i]].token);
    EXPECT_FALSE(Succeed(leases[Some()[i]]));
    EXPECT_TRUE(Succeed(again[i]));
  }
}

TEST_P(ManyRunsTest, ADeadExecutorsShareIsDoneByAnother) {
  const auto ids = SubmitMany(SingleTask());
  const ExecutorId victim = Register("victim", seconds(1));
  const auto lost = ClaimAs(victim, 150);
  ASSERT_THAT(Finish(Successes({lost.begin() + 20, lost.begin() + 50})),
              Each(true));
  clock().Advance(seconds(2));
  const SweepReport report = Value(store().Sweep());
  EXPECT_EQ(report.executors_lost, 1);
  EXPECT_EQ(report.tasks_recovered, 120);
  EXPECT_THAT(Finish(Successes(lost)), Each(false));
  const auto leases = Claim(1000);
  EXPECT_THAT(leases, SizeIs(kRuns - 30));
  std::map<int, int> by_attempt;
  for (const Lease& lease : leases) ++by_attempt[lease.attempt];
  EXPECT_EQ(by_attempt, (std::map<int, int>{{1, 50}, {2, 120}}));
  EXPECT_THAT(Finish(Successes(leases)), Each(true));
  for (const RunId id : ids) EXPECT_EQ(StateOf(id), RunState::kSucceeded);
}

TEST_P(ManyRunsTest, AnExecutorThatLeavesGivesItsShareBack) {
  SubmitMany(SingleTask());
  const ExecutorId leaver = Register("leaver");
  ClaimAs(leaver, 150);
  ASSERT_TRUE(store().Deregister(leaver).ok());
  EXPECT_THAT(Claim(1000), SizeIs(kRuns));
}

TEST_P(ManyRunsTest, EachSavesItsOwnProgress) {
  const auto ids = SubmitMany(SingleTask());
  const auto leases = Claim(1000);
  ProgressUpdate update;
  update.run = ids[70];
  update.task = leases[70].task;
  update.token = leases[71].token;
  update.fraction = 0.5;
  EXPECT_THAT(Value(store().SaveProgress({&update, 1})), ElementsAre(false));
  update.token = leases[70].token;
  EXPECT_THAT(Value(store().SaveProgress({&update, 1})), ElementsAre(true));
  EXPECT_EQ(Task(ids[70], 0).progress, 0.5);
  EXPECT_FALSE(Task(ids[71], 0).progress.has_value());
}

TEST_P(ManyRunsTest, StepByStepThroughADiamond) {
  const auto ids = SubmitMany(Diamond());
  auto leases = Claim(1000);
  while (!leases.empty()) {
    leases = FinishAndClaim(Successes(leases), 170).leases;
  }
  for (const RunId id : ids) {
    ASSERT_EQ(StateOf(id), RunState::kSucceeded) << FormatRunId(id);
  }
}

TEST_P(ManyRunsTest, WithSeveralRootsOneOfWhichFails) {
  WorkflowBuilder builder;
  builder.Task("a");
  builder.Task("b");
  builder.Task("c", {"a", "b"});
  const auto ids = SubmitMany(builder.Build());
  clock().Advance(seconds(1));
  const Timestamp claimed = clock().Now();
  // Lower nodes of a run first; runs in order.
  const auto leases = Claim(kRuns);
  clock().Advance(seconds(1));
  for (const Lease& lease : leases) {
    if (lease.run->id == ids[50]) {
      EXPECT_TRUE(Fail(lease));
    } else {
      EXPECT_TRUE(Succeed(lease));
    }
  }
  EXPECT_EQ(Value(store().GetRun(ids[3])).started_at, claimed);
  RunToEnd();
  for (const RunId id : ids) {
    EXPECT_EQ(StateOf(id),
              id == ids[50] ? RunState::kFailed : RunState::kSucceeded);
  }
}

TEST_P(ManyRunsTest, EachKeepsItsOwnParams) {
  std::vector<SubmitRequest> requests(kRuns);
  const auto workflow = SingleTask();
  for (int i = 0; i < kRuns; ++i) {
    requests[static_cast<std::size_t>(i)].workflow = workflow;
    requests[static_cast<std::size_t>(i)].params = JsonObject{{"i", i}};
  }
  const auto runs = Value(store().Submit(requests));
  const auto leases = Claim(1000);
  ASSERT_THAT(leases, SizeIs(kRuns));
  for (int i = 0; i < kRuns; ++i) {
    const Lease& lease = leases[static_cast<std::size_t>(i)];
    EXPECT_EQ(lease.run->id, runs[static_cast<std::size_t>(i)].id);
    EXPECT_EQ(lease.run->params, Json(JsonObject{{"i", i}}));
  }
}

TEST_P(ManyRunsTest, OneOfThemCanBeRunAgain) {
  const auto ids = SubmitMany(SingleTask());
  Finish(Successes(Claim(1000)));
  ASSERT_TRUE(store().Retry(ids[77], RetryScope::kWholeRun).ok());
  const Lease lease = ClaimOne();
  EXPECT_EQ(lease.run->id, ids[77]);
  EXPECT_EQ(lease.run->attempt, 2);
  EXPECT_TRUE(Succeed(lease));
}

TEST_P(ManyRunsTest, AreEachDoneOnceByExecutorsThatRace) {
  const auto ids = SubmitMany(Chain(2), 600);
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
      next.limit = 37;
      std::vector<Lease> leases;
      while (Value(store().CountRuns()).running > 0) {
        // Some are left for later, so that what is shared is cut in the middle.
        std::vector<Lease> rest;
        std::vector<AttemptEnd> ends;
        for (std::size_t j = 0; j < leases.size(); ++j) {
          if (j % 5 == 3) {
            rest.push_back(leases[j]);
          } else {
            ends.push_back(Success(leases[j]));
          }
        }
        const FinishReply reply = Value(mine.Finish(ends, next));
        EXPECT_THAT(reply.accepted, Each(true));
        taken[i].insert(taken[i].end(), reply.leases.begin(),
                        reply.leases.end());
        leases = std::move(rest);
        leases.insert(leases.end(), reply.leases.begin(), reply.leases.end());
        if (HasFailure()) return;
      }
    });
  }
  // Someone else has to do with single ones all the while.
  for (std::size_t i = 0; i < ids.size(); i += 13) {
    EXPECT_TRUE(store().Pause(ids[i]).ok() || IsFinal(StateOf(ids[i])));
    EXPECT_TRUE(store().Resume(ids[i]).ok() || IsFinal(StateOf(ids[i])));
  }
  for (std::thread& thread : threads) thread.join();
  std::set<std::pair<RunId, TaskKey>> tasks;
  for (const auto& leases : taken) {
    for (const Lease& lease : leases) {
      EXPECT_TRUE(tasks.emplace(lease.run->id, lease.task).second);
    }
  }
  EXPECT_THAT(tasks, SizeIs(2 * ids.size()));
}

INSTANTIATE_TEST_SUITE_P(Stores, ManyRunsTest, testing::ValuesIn(AllStores()),
                         StoreName);

}  // namespace
}  // namespace windlass

#include "model/run_progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "support/fake_run_rows.h"
#include "support/make_workflow.h"

namespace windlass {

inline void PrintTo(const Release& release, std::ostream* out) {
  *out << release.node << "[" << release.first << "+" << release.count << "]";
}

namespace {

using testing::AddOnExit;
using ::testing::ElementsAre;
using testing::FakeRunRows;
using ::testing::IsEmpty;
using testing::MakeMap;
using testing::MakeTask;
using testing::MakeWorkflow;

constexpr TaskState kSucceeded = TaskState::kSucceeded;
constexpr TaskState kFailed = TaskState::kFailed;
constexpr TaskState kCancelled = TaskState::kCancelled;
constexpr TaskState kSkipped = TaskState::kSkipped;

MATCHER_P3(Settles, node, state, has_reason, "") {
  return arg.task == TaskKey{node, -1} && arg.state == state &&
         arg.reason.has_value() == has_reason;
}

// A started run of its own workflow.
struct Started {
  explicit Started(Workflow definition)
      : workflow(std::move(definition)), graph(workflow), run(graph) {
    effects = run.Start();
  }

  Effects EndTask(TaskKey task, TaskState state) {
    return run.TaskEnded(task, state, rows);
  }
  Effects End(int node, TaskState state) { return EndTask({node, -1}, state); }
  Effects EndInstance(int node, int index, TaskState state) {
    return EndTask({node, index}, state);
  }
  Effects Expand(int node, int count) {
    return run.Expanded(node, count, rows);
  }
  Effects Cancel(RunState outcome) { return run.Cancel(outcome, rows); }
  RunProgress::Restart Retry(RetryScope scope) {
    return run.RetryTasks(scope, rows);
  }
  RunProgress::Restart Requeue(TaskKey task) { return run.Requeue(task, rows); }

  Workflow workflow;
  Graph graph;
  RunProgress run;
  FakeRunRows rows;  // Nothing runs unless a test says so.
  Effects effects;   // Of Start().
};

MapSpec MapWith(int max_parallel) {
  MapSpec map;
  map.max_parallel = max_parallel;
  return map;
}

Workflow Chain(int length) {
  Workflow workflow = MakeWorkflow({MakeTask("t0")});
  for (int i = 1; i < length; ++i) {
    workflow.tasks.push_back(
        MakeTask("t" + std::to_string(i), {"t" + std::to_string(i - 1)}));
  }
  return workflow;
}

// ------------------------------------------------------------------- the DAG

TEST(RunProgressTest, StartsTasksWithoutDependenciesOnce) {
  Started s(MakeWorkflow({MakeTask("b", {"a"}), MakeTask("a"), MakeTask("c")}));
  EXPECT_THAT(s.effects.released, ElementsAre(Release{1}, Release{2}));
  EXPECT_THAT(s.run.Start().released, IsEmpty());
  EXPECT_EQ(s.run.node(0).state, TaskState::kPending);
  EXPECT_EQ(s.run.node(1).state, TaskState::kRunning);
}

TEST(RunProgressTest, AWorkflowWithoutTasksSucceedsAtOnce) {
  Started s(MakeWorkflow({}));
  EXPECT_EQ(s.effects.ended, RunState::kSucceeded);
}

TEST(RunProgressTest, ADiamondReleasesItsJoinOnceBothSidesSucceeded) {
  Started s(MakeWorkflow({MakeTask("a"), MakeTask("b", {"a"}),
                          MakeTask("c", {"a"}), MakeTask("d", {"b", "c"})}));
  EXPECT_THAT(s.End(0, kSucceeded).released,
              ElementsAre(Release{1}, Release{2}));
  EXPECT_THAT(s.End(2, kSucceeded).released, IsEmpty());
  EXPECT_THAT(s.End(1, kSucceeded).released, ElementsAre(Release{3}));
  EXPECT_EQ(s.End(3, kSucceeded).ended, RunState::kSucceeded);
  EXPECT_EQ(s.run.state(), RunState::kSucceeded);
}

TEST(RunProgressTest, AnEndIsHeardOnce) {
  Started s(MakeWorkflow({MakeTask("a"), MakeTask("b", {"a"})}));
  EXPECT_THAT(s.End(1, kSucceeded).released, IsEmpty());  // Not released yet.
  s.End(0, kSucceeded);
  Effects again = s.End(0, kFailed);
  EXPECT_THAT(again.released, IsEmpty());
  EXPECT_THAT(again.settled, IsEmpty());
  EXPECT_EQ(s.run.node(0).state, kSucceeded);
}

TEST(RunProgressTest, UnknownTasksChangeNothing) {
  Started s(MakeWorkflow({MakeTask("a"), MakeMap("m", {})}));
  std::string before = s.run.Encode();
  for (TaskKey key : {TaskKey{-1, -1}, TaskKey{2, -1}, TaskKey{0, 0},
                      TaskKey{1, 0}, TaskKey{1, 1 << 30}}) {
    s.EndTask(key, kSucceeded);
    s.Requeue(key);
    s.Expand(key.node, -1);
  }
  s.Expand(0, 3);
  s.End(0, TaskState::kReady);
  EXPECT_EQ(s.run.Encode(), before);
}

TEST(RunProgressTest, AFailureEndsALongChainWithoutRecursion) {
  constexpr int kLength = 100'000;
  Started s(Chain(kLength));
  Effects effects = s.End(0, kFailed);
  EXPECT_EQ(effects.settled.size(), std::size_t{kLength - 1});
  EXPECT_EQ(effects.settled.back().task, (TaskKey{kLength - 1, -1}));
  EXPECT_EQ(effects.ended, RunState::kFailed);
  EXPECT_LT(s.run.Encode().size(), 16u);
}

TEST(RunProgressTest, AFanInOfTenThousandCostsTheSameForEachEnd) {
  constexpr int kWidth = 10'000;
  Workflow workflow = MakeWorkflow({});
  std::vector<std::string> ids;
  for (int i = 0; i < kWidth; ++i) {
    ids.push_back("t" + std::to_string(i));
    workflow.tasks.push_back(MakeTask(ids.back()));
  }
  // Looking at every dependency at every end would be 10^9 looks.
  for (int i = 0; i < 10; ++i) {
    workflow.tasks.push_back(MakeTask("join" + std::to_string(i), ids));
  }
  Started s(std::move(workflow));
  for (int i = 0; i < kWidth - 1; ++i) {
    ASSERT_THAT(s.End(i, kSucceeded).released, IsEmpty());
  }
  EXPECT_EQ(s.End(kWidth - 1, kSucceeded).released.size(), 10u);
}

TEST(RunProgressTest, ARunOfSkippedTasksSucceeds) {
  Started s(Chain(3));
  Effects effects = s.End(0, kSkipped);
  EXPECT_THAT(effects.settled, ElementsAre(Settles(1, kSkipped, true),
                                           Settles(2, kSkipped, true)));
  EXPECT_EQ(effects.ended, RunState::kSucceeded);
}

// ----------------------------------------------------------------------- maps

TEST(RunProgressMapTest, AMapIsReleasedToBeExpandedThenByInstance) {
  Started s(MakeWorkflow({MakeMap("m", {}), MakeTask("after", {"m"})}));
  EXPECT_THAT(s.effects.released, ElementsAre(Release{0, -1, 1}));
  EXPECT_THAT(s.Expand(0, 3).released, ElementsAre(Release{0, 0, 3}));
  EXPECT_THAT(s.Expand(0, 3).released, IsEmpty());  // Once.
  s.EndInstance(0, 2, kSucceeded);
  s.EndInstance(0, 0, kSkipped);
  Effects last = s.EndInstance(0, 1, kSucceeded);
  EXPECT_THAT(last.settled, ElementsAre(Settles(0, kSucceeded, false)));
  EXPECT_THAT(last.released, ElementsAre(Release{1}));
  EXPECT_EQ(s.run.node(0).items, 3);
  EXPECT_EQ(s.run.node(0).succeeded, 2);
  EXPECT_EQ(s.run.node(0).skipped, 1);
}

TEST(RunProgressMapTest, AnEmptyMapSucceedsOrIsSkippedAsItSays) {
  MapSpec skip;
  skip.on_empty = MapSpec::OnEmpty::kSkip;
  Started s(MakeWorkflow({MakeMap("a", {}), MakeMap("b", {}, skip)}));
  EXPECT_THAT(s.Expand(0, 0).settled,
              ElementsAre(Settles(0, kSucceeded, false)));
  Effects skipped = s.Expand(1, 0);
  ASSERT_THAT(skipped.settled, ElementsAre(Settles(1, kSkipped, true)));
  EXPECT_EQ(skipped.settled[0].reason->type, error_type::kNoItems);
  EXPECT_EQ(skipped.ended, RunState::kSucceeded);
}

TEST(RunProgressMapTest, AMapOfTenThousandKeepsToItsMaxParallel) {
  constexpr int kItems = 10'000;
  Started s(MakeWorkflow({MakeMap("m", {}, MapWith(8))}));
  EXPECT_THAT(s.Expand(0, kItems).released, ElementsAre(Release{0, 0, 8}));
  for (int i = 0; i + 8 < kItems; ++i) {
    ASSERT_THAT(s.EndInstance(0, i, kSucceeded).released,
                ElementsAre(Release{0, i + 8, 1}));
  }
  EXPECT_LT(s.run.Encode().size(), 32u);
  for (int i = kItems - 8; i < kItems - 1; ++i) {
    ASSERT_THAT(s.EndInstance(0, i, kSucceeded).released, IsEmpty());
  }
  EXPECT_EQ(s.EndInstance(0, kItems - 1, kSucceeded).ended,
            RunState::kSucceeded);
}

TEST(RunProgressMapTest, AMapWhoseConditionIsFalseIsSkippedUnexpanded) {
  Started s(MakeWorkflow({MakeMap("m", {})}));
  Effects effects = s.End(0, kSkipped);
  EXPECT_THAT(effects.settled, IsEmpty());  // The store said so itself.
  EXPECT_EQ(effects.ended, RunState::kSucceeded);
}

TEST(RunProgressMapTest, AFailedInstanceFailsTheMapWhenAllHaveEnded) {
  Started s(MakeWorkflow({MakeMap("m", {}), MakeTask("after", {"m"})}));
  s.Expand(0, 2);
  EXPECT_THAT(s.EndInstance(0, 0, kFailed).settled, IsEmpty());
  EXPECT_THAT(
      s.EndInstance(0, 1, kSucceeded).settled,
      ElementsAre(Settles(0, kFailed, false), Settles(1, kFailed, true)));
}

TEST(RunProgressMapTest, AnAllowedFailureStaysVisibleButStopsNothing) {
  Workflow workflow =
      MakeWorkflow({MakeMap("m", {}), MakeTask("after", {"m"})});
  workflow.tasks[0].allow_failure = true;
  Started s(std::move(workflow));
  s.Expand(0, 1);
  Effects effects = s.EndInstance(0, 0, kFailed);
  EXPECT_THAT(effects.settled, ElementsAre(Settles(0, kFailed, false)));
  EXPECT_THAT(effects.released, ElementsAre(Release{1}));
  EXPECT_EQ(s.End(1, kSucceeded).ended, RunState::kSucceeded);
}

TEST(RunProgressMapTest, FailFastCancelsTheOtherInstances) {
  MapSpec map = MapWith(3);
  map.fail_fast = true;
  Started s(MakeWorkflow({MakeMap("m", {}, map)}));
  s.Expand(0, 10);
  s.EndInstance(0, 0, kSucceeded);
  Effects effects = s.EndInstance(0, 2, kFailed);
  EXPECT_THAT(effects.released, IsEmpty());
  EXPECT_THAT(effects.cancelled_nodes, ElementsAre(0));
  EXPECT_THAT(effects.settled, ElementsAre(Settles(0, kFailed, false)));
  EXPECT_EQ(effects.ended, RunState::kFailed);
  EXPECT_EQ(s.run.node(0).cancelled, 8);
  EXPECT_THAT(s.EndInstance(0, 1, kSucceeded).settled, IsEmpty());
}

// --------------------------------------------------------------- max_parallel

TEST(RunProgressParallelTest, LetsTheFirstTasksOfTheFileGoFirst) {
  Workflow workflow = MakeWorkflow(
      {MakeTask("a"), MakeTask("b"), MakeTask("c"), MakeTask("d", {"a"})});
  workflow.max_parallel = 2;
  Started s(std::move(workflow));
  EXPECT_THAT(s.effects.released, ElementsAre(Release{0}, Release{1}));
  EXPECT_EQ(s.run.node(2).state, TaskState::kPending);
  EXPECT_THAT(s.End(0, kSucceeded).released, ElementsAre(Release{2}));
  EXPECT_THAT(s.End(2, kSucceeded).released, ElementsAre(Release{3}));
}

TEST(RunProgressParallelTest, CountsInstancesAndNotTheirExpandedMap) {
  Workflow workflow = MakeWorkflow({MakeMap("m", {}), MakeTask("b")});
  workflow.max_parallel = 2;
  Started s(std::move(workflow));
  EXPECT_THAT(s.Expand(0, 5).released, ElementsAre(Release{0, 0, 1}));
  EXPECT_THAT(s.End(1, kSucceeded).released, ElementsAre(Release{0, 1, 1}));
  EXPECT_THAT(s.EndInstance(0, 0, kSucceeded).released,
              ElementsAre(Release{0, 2, 1}));
}

TEST(RunProgressParallelTest, AMapAtItsOwnLimitLetsOthersPass) {
  Workflow workflow =
      MakeWorkflow({MakeMap("m", {}, MapWith(1)), MakeTask("b", {"m"}),
                    MakeTask("c"), MakeTask("d")});
  workflow.max_parallel = 2;
  Started s(std::move(workflow));
  EXPECT_THAT(s.Expand(0, 2).released, ElementsAre(Release{0, 0, 1}));
  EXPECT_THAT(s.End(2, kSucceeded).released, ElementsAre(Release{3}));
  EXPECT_THAT(s.EndInstance(0, 0, kSucceeded).released,
              ElementsAre(Release{0, 1, 1}));
}

// ------------------------------------------------------------------- on_exit

TEST(RunProgressOnExitTest, RunsWhenAllElseHasEndedAndKnowsTheOutcome) {
  Workflow workflow = MakeWorkflow({MakeTask("a"), MakeTask("b")});
  AddOnExit(workflow);
  Started s(std::move(workflow));
  EXPECT_THAT(s.effects.released, ElementsAre(Release{0}, Release{1}));
  EXPECT_THAT(s.End(0, kFailed).released, IsEmpty());
  EXPECT_EQ(s.run.outcome(), RunState::kRunning);
  Effects effects = s.End(1, kSucceeded);
  EXPECT_THAT(effects.released, ElementsAre(Release{2}));
  EXPECT_EQ(effects.ended, std::nullopt);
  EXPECT_EQ(s.run.outcome(), RunState::kFailed);
  EXPECT_EQ(s.End(2, kSucceeded).ended, RunState::kFailed);
}

TEST(RunProgressOnExitTest, ItsOwnFailureDoesNotChangeTheOutcome) {
  Workflow workflow = MakeWorkflow({MakeTask("a")});
  AddOnExit(workflow);
  Started s(std::move(workflow));
  s.End(0, kSucceeded);
  EXPECT_EQ(s.End(1, kFailed).ended, RunState::kSucceeded);
}

TEST(RunProgressOnExitTest, ARetryRunsAFailedOnExitAgain) {
  Workflow workflow = MakeWorkflow({MakeTask("a")});
  AddOnExit(workflow);
  Started s(std::move(workflow));
  s.End(0, kSucceeded);
  s.End(1, kFailed);
  auto restart = s.Retry(RetryScope::kFailedTasks);
  EXPECT_THAT(restart.reset, ElementsAre(1));
  EXPECT_THAT(restart.effects.released, ElementsAre(Release{1}));
  EXPECT_EQ(s.End(1, kSucceeded).ended, RunState::kSucceeded);
  restart = s.Retry(RetryScope::kFailedTasks);
  EXPECT_THAT(restart.reset, IsEmpty());
  EXPECT_EQ(s.run.state(), RunState::kSucceeded);
}

TEST(RunProgressOnExitTest, ItsDeadLetterGoesBackAlone) {
  Workflow workflow = MakeWorkflow({MakeTask("a")});
  AddOnExit(workflow);
  Started s(std::move(workflow));
  s.End(0, kFailed);
  s.End(1, kFailed);
  auto restart = s.Requeue({1, -1});
  EXPECT_THAT(restart.reset, ElementsAre(1));
  EXPECT_THAT(restart.effects.released, ElementsAre(Release{1}));
  EXPECT_EQ(s.run.outcome(), RunState::kFailed);
  EXPECT_EQ(s.End(1, kSucceeded).ended, RunState::kFailed);
}

// -------------------------------------------------------------------- cancel

TEST(RunProgressCancelTest, EndsWhatWaitsAndNamesWhatIsLive) {
  Started s(MakeWorkflow({MakeTask("a"), MakeTask("b", {"a"}), MakeTask("done"),
                          MakeMap("m", {})}));
  s.End(2, kSucceeded);
  s.Expand(3, 2);
  Effects effects = s.Cancel(RunState::kCancelled);
  EXPECT_THAT(effects.cancelled_nodes, ElementsAre(0, 3));
  EXPECT_THAT(effects.settled, ElementsAre(Settles(1, kCancelled, true),
                                           Settles(3, kCancelled, false)));
  EXPECT_EQ(effects.ended, RunState::kCancelled);
  EXPECT_EQ(s.run.node(2).state, kSucceeded);
  EXPECT_EQ(s.run.node(3).cancelled, 2);
  EXPECT_EQ(s.Cancel(RunState::kCancelled).ended, std::nullopt);
  EXPECT_EQ(s.End(0, kSucceeded).ended, std::nullopt);
}

TEST(RunProgressCancelTest, OnExitRunsAfterACancelThatMayBeRepeated) {
  Workflow workflow = MakeWorkflow({MakeTask("a")});
  AddOnExit(workflow);
  Started s(std::move(workflow));
  Effects effects = s.Cancel(RunState::kCancelled);
  EXPECT_THAT(effects.released, ElementsAre(Release{1}));
  EXPECT_EQ(effects.ended, std::nullopt);
  EXPECT_EQ(s.run.outcome(), RunState::kCancelled);
  effects = s.Cancel(RunState::kCancelled);
  EXPECT_THAT(effects.cancelled_nodes, IsEmpty());
  EXPECT_EQ(s.End(1, kSucceeded).ended, RunState::kCancelled);
}

TEST(RunProgressCancelTest, ACancelStopsOnExitOfARunThatEndedByItself) {
  Workflow workflow = MakeWorkflow({MakeTask("a")});
  AddOnExit(workflow);
  Started s(std::move(workflow));
  s.End(0, kSucceeded);
  EXPECT_EQ(s.Cancel(RunState::kFailed).ended, std::nullopt);
  Effects effects = s.Cancel(RunState::kCancelled);
  EXPECT_THAT(effects.cancelled_nodes, ElementsAre(1));
  EXPECT_EQ(effects.ended, RunState::kCancelled);
}

TEST(RunProgressCancelTest, ARunThatTimesOutFails) {
  Started s(Chain(2));
  Effects effects = s.Cancel(RunState::kFailed);
  EXPECT_EQ(effects.ended, RunState::kFailed);
  EXPECT_EQ(s.run.node(0).state, kCancelled);
}

TEST(RunProgressCancelTest, ARunThatNeverStartedSkipsOnExit) {
  Workflow workflow = MakeWorkflow({MakeTask("a")});
  AddOnExit(workflow);
  Graph graph(workflow);
  FakeRunRows rows;
  RunProgress run(graph);
  EXPECT_EQ(run.Cancel(RunState::kCancelled, rows).ended, RunState::kCancelled);
  EXPECT_THAT(run.Start().released, IsEmpty());
  auto decoded = RunProgress::Decode(graph, run.Encode());
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_THAT(
      decoded->RetryTasks(RetryScope::kFailedTasks, rows).effects.released,
      ElementsAre(Release{0}));
}

// ------------------------------------------- kWaitCancellationCompleted

TaskSpec Waiting(TaskSpec task) {
  task.cancellation.type = CancellationSpec::Type::kWaitCancellationCompleted;
  return task;
}

TEST(RunProgressStopTest, ARunEndsWhenItsCancelledAttemptsHaveStopped) {
  Started s(MakeWorkflow({Waiting(MakeTask("a")), Waiting(MakeTask("b")),
                          MakeTask("c"), MakeTask("d", {"a"})}));
  s.rows.running = {{0, 1}, {2, 1}};
  Effects effects = s.Cancel(RunState::kCancelled);
  EXPECT_THAT(effects.cancelled_nodes, ElementsAre(0, 1, 2));
  EXPECT_THAT(effects.settled, ElementsAre(Settles(3, kCancelled, true)));
  EXPECT_EQ(effects.ended, std::nullopt);
  EXPECT_EQ(s.run.node(0).state, TaskState::kRunning);
  EXPECT_EQ(s.run.node(1).state, kCancelled);  // It only waited.
  // However it ended: no attempt succeeds after a cancel (I9).
  EXPECT_EQ(s.End(0, kSucceeded).ended, RunState::kCancelled);
  EXPECT_EQ(s.run.node(0).state, kCancelled);
}

TEST(RunProgressStopTest, OnExitWaitsForWhatStopsAndSecondCancelsDoNothing) {
  Workflow workflow =
      MakeWorkflow({Waiting(MakeTask("a")), Waiting(MakeTask("b"))});
  AddOnExit(workflow);
  Started s(std::move(workflow));
  s.rows.running = {{0, 1}, {1, 1}};
  EXPECT_THAT(s.Cancel(RunState::kFailed).released, IsEmpty());
  EXPECT_EQ(s.run.outcome(), RunState::kFailed);
  const std::string before = s.run.Encode();
  EXPECT_THAT(s.Cancel(RunState::kCancelled).cancelled_nodes, IsEmpty());
  EXPECT_THAT(s.Retry(RetryScope::kWholeRun).reset, IsEmpty());
  EXPECT_EQ(s.run.Encode(), before);
  EXPECT_THAT(s.End(1, kFailed).released, IsEmpty());
  EXPECT_THAT(s.End(0, kCancelled).released, ElementsAre(Release{2}));
  EXPECT_EQ(s.End(2, kSucceeded).ended, RunState::kFailed);
}

TEST(RunProgressStopTest, ACancelledOnExitIsWaitedForToo) {
  Workflow workflow = MakeWorkflow({MakeTask("a")});
  AddOnExit(workflow);
  workflow.tasks[1] = Waiting(workflow.tasks[1]);
  Started s(std::move(workflow));
  s.End(0, kSucceeded);
  s.rows.running = {{1, 1}};
  EXPECT_EQ(s.Cancel(RunState::kCancelled).ended, std::nullopt);
  EXPECT_EQ(s.run.state(), RunState::kRunning);
  EXPECT_EQ(s.End(1, kSucceeded).ended, RunState::kCancelled);
}

TEST(RunProgressStopTest, OfAMapOnlyTheRunningInstancesAreWaitedFor) {
  Started s(MakeWorkflow({Waiting(MakeMap("m", {}))}));
  s.Expand(0, 10);
  s.EndInstance(0, 0, kSucceeded);
  s.rows.running = {{0, 2}};
  Effects effects = s.Cancel(RunState::kCancelled);
  EXPECT_THAT(effects.cancelled_nodes, ElementsAre(0));
  EXPECT_THAT(effects.settled, IsEmpty());
  EXPECT_EQ(s.run.node(0).cancelled, 7);
  EXPECT_THAT(s.EndInstance(0, 4, kFailed).settled, IsEmpty());
  effects = s.EndInstance(0, 7, kSucceeded);
  EXPECT_THAT(effects.settled, ElementsAre(Settles(0, kCancelled, false)));
  EXPECT_EQ(effects.ended, RunState::kCancelled);
  EXPECT_EQ(s.run.node(0).cancelled, 9);
}

TEST(RunProgressStopTest, FailFastLetsTheMapEndWhenItsInstancesHaveStopped) {
  MapSpec map;
  map.fail_fast = true;
  Started s(MakeWorkflow({Waiting(MakeMap("m", {}, map)),
                          MakeTask("after", {"m"}, TriggerRule::kAllDone)}));
  s.Expand(0, 5);
  s.rows.running = {{0, 1}};
  Effects effects = s.EndInstance(0, 2, kFailed);
  EXPECT_THAT(effects.cancelled_nodes, ElementsAre(0));
  EXPECT_THAT(effects.settled, IsEmpty());
  EXPECT_THAT(s.Requeue({0, 2}).effects.released, IsEmpty());
  effects = s.EndInstance(0, 3, kFailed);
  EXPECT_THAT(effects.settled, ElementsAre(Settles(0, kFailed, false)));
  EXPECT_THAT(effects.released, ElementsAre(Release{1}));
  EXPECT_EQ(s.run.node(0).failed, 1);
  EXPECT_EQ(s.run.node(0).cancelled, 4);
}

TEST(RunProgressStopTest, AMapThatStopsByFailFastIsNotToldAgainByACancel) {
  MapSpec map;
  map.fail_fast = true;
  Started s(MakeWorkflow({Waiting(MakeMap("m", {}, map)), MakeTask("b")}));
  s.Expand(0, 3);
  s.rows.running = {{0, 1}};
  s.EndInstance(0, 0, kFailed);
  EXPECT_THAT(s.Cancel(RunState::kCancelled).cancelled_nodes, ElementsAre(1));
  Effects effects = s.EndInstance(0, 1, kCancelled);
  EXPECT_THAT(effects.settled, ElementsAre(Settles(0, kFailed, false)));
  EXPECT_EQ(effects.ended, RunState::kCancelled);
}

TEST(RunProgressStopTest, WhatStopsTakesRoomUntilItHas) {
  MapSpec map;
  map.fail_fast = true;
  Workflow workflow =
      MakeWorkflow({Waiting(MakeMap("m", {}, map)), MakeTask("b"),
                    MakeTask("c"), MakeTask("d")});
  workflow.max_parallel = 2;
  Started s(std::move(workflow));
  s.Expand(0, 2);
  EXPECT_THAT(s.End(1, kSucceeded).released, ElementsAre(Release{0, 1, 1}));
  s.rows.running = {{0, 1}};
  EXPECT_THAT(s.EndInstance(0, 0, kFailed).released, ElementsAre(Release{2}));
  EXPECT_THAT(s.EndInstance(0, 1, kCancelled).released,
              ElementsAre(Release{3}));
}

// --------------------------------------------------------- retry and requeue

TEST(RunProgressRetryTest, RunsFailedTasksAndWhatDependsOnThemAgain) {
  Started s(MakeWorkflow({MakeTask("a"), MakeTask("ok"), MakeTask("b", {"a"}),
                          MakeTask("cleanup", {"b"}, TriggerRule::kAllDone),
                          MakeTask("skipped"),
                          MakeTask("after", {"skipped", "ok"})}));
  s.End(0, kFailed);
  s.End(1, kSucceeded);
  s.End(4, kSkipped);
  EXPECT_EQ(s.End(3, kSucceeded).ended, RunState::kFailed);
  auto restart = s.Retry(RetryScope::kFailedTasks);
  EXPECT_THAT(restart.reset, ElementsAre(0, 2, 3));
  EXPECT_THAT(restart.effects.released, ElementsAre(Release{0}));
  EXPECT_EQ(s.run.state(), RunState::kRunning);
  EXPECT_THAT(s.End(0, kSucceeded).released, ElementsAre(Release{2}));
  EXPECT_THAT(s.End(2, kSucceeded).released, ElementsAre(Release{3}));
  EXPECT_EQ(s.End(3, kSucceeded).ended, RunState::kSucceeded);
}

TEST(RunProgressRetryTest, AMapKeepsItsGoodInstances) {
  Started s(
      MakeWorkflow({MakeMap("m", {}, MapWith(2)), MakeTask("after", {"m"})}));
  s.Expand(0, 6);
  for (int i : {0, 1, 2, 3, 4}) {
    const TaskState state = i == 1 ? kFailed : i == 3 ? kSkipped : kSucceeded;
    s.EndInstance(0, i, state);
  }
  s.EndInstance(0, 5, kCancelled);
  s.rows.done = {{0, 0}, {0, 2}, {0, 3}, {0, 4}};
  auto restart = s.Retry(RetryScope::kFailedTasks);
  EXPECT_THAT(restart.resumed, ElementsAre(0));
  EXPECT_THAT(restart.reset, ElementsAre(1));
  EXPECT_THAT(restart.effects.released,
              ElementsAre(Release{0, 1, 1}, Release{0, 5, 1}));
  EXPECT_EQ(s.run.node(0).items, 6);
  EXPECT_EQ(s.run.node(0).succeeded, 3);
  EXPECT_EQ(s.run.node(0).failed, 0);
  s.EndInstance(0, 5, kSucceeded);
  Effects effects = s.EndInstance(0, 1, kSucceeded);
  EXPECT_THAT(effects.settled, ElementsAre(Settles(0, kSucceeded, false)));
  EXPECT_THAT(effects.released, ElementsAre(Release{1}));
}

TEST(RunProgressRetryTest, AResumedMapKeepsToItsMaxParallel) {
  constexpr int kItems = 1000;
  Started s(MakeWorkflow({MakeMap("m", {}, MapWith(3))}));
  s.Expand(0, kItems);
  for (int i = 0; i < kItems; ++i) {
    s.EndInstance(0, i, i % 2 == 0 ? kSucceeded : kFailed);
    if (i % 2 == 0) s.rows.done.insert({0, i});
  }
  auto restart = s.Retry(RetryScope::kFailedTasks);
  EXPECT_THAT(
      restart.effects.released,
      ElementsAre(Release{0, 1, 1}, Release{0, 3, 1}, Release{0, 5, 1}));
  for (int i = 1; i + 6 < kItems; i += 2) {
    ASSERT_THAT(s.EndInstance(0, i, kSucceeded).released,
                ElementsAre(Release{0, i + 6, 1}));
    s.rows.done.insert({0, i});
  }
  EXPECT_LT(s.run.Encode().size(), 32u);
  for (int i = kItems - 5; i < kItems - 1; i += 2) {
    ASSERT_THAT(s.EndInstance(0, i, kSucceeded).released, IsEmpty());
  }
  EXPECT_EQ(s.EndInstance(0, kItems - 1, kSucceeded).ended,
            RunState::kSucceeded);
}

TEST(RunProgressRetryTest, AMapWhoseItemsMayChangeIsExpandedAgain) {
  Started s(MakeWorkflow({MakeTask("a"), [] {
                            TaskSpec map = MakeMap("m", {"a"});
                            map.trigger_rule = TriggerRule::kAllDone;
                            return map;
                          }()}));
  s.End(0, kFailed);
  s.Expand(1, 2);
  s.EndInstance(1, 0, kSucceeded);
  s.EndInstance(1, 1, kFailed);
  auto restart = s.Retry(RetryScope::kFailedTasks);
  EXPECT_THAT(restart.resumed, IsEmpty());
  EXPECT_THAT(restart.reset, ElementsAre(0, 1));
  EXPECT_EQ(s.run.node(1).items, -1);
}

TEST(RunProgressRetryTest, AResumedMapCanBeCancelledAndResumedAgain) {
  Started s(MakeWorkflow({MakeMap("m", {}, MapWith(1))}));
  s.Expand(0, 4);
  s.EndInstance(0, 0, kFailed);
  s.EndInstance(0, 1, kSucceeded);
  s.EndInstance(0, 2, kFailed);
  s.EndInstance(0, 3, kSucceeded);
  s.rows.done = {{0, 1}, {0, 3}};
  s.Retry(RetryScope::kFailedTasks);
  s.EndInstance(0, 0, kSucceeded);
  s.rows.done.insert({0, 0});
  EXPECT_EQ(s.Cancel(RunState::kCancelled).ended, RunState::kCancelled);
  EXPECT_EQ(s.run.node(0).cancelled, 1);
  EXPECT_THAT(s.Retry(RetryScope::kFailedTasks).effects.released,
              ElementsAre(Release{0, 2, 1}));
  EXPECT_EQ(s.EndInstance(0, 2, kSucceeded).ended, RunState::kSucceeded);
}

TEST(RunProgressRetryTest, AWholeRunStartsOver) {
  Started s(MakeWorkflow({MakeMap("m", {}), MakeTask("b", {"m"})}));
  EXPECT_THAT(s.Retry(RetryScope::kWholeRun).reset, IsEmpty());
  s.Expand(0, 0);
  s.End(1, kSucceeded);
  auto restart = s.Retry(RetryScope::kWholeRun);
  EXPECT_THAT(restart.reset, ElementsAre(0, 1));
  EXPECT_THAT(restart.effects.released, ElementsAre(Release{0, -1, 1}));
  EXPECT_EQ(s.run.node(0).items, -1);
}

TEST(RunProgressRequeueTest, TakesATaskBackIntoARunThatHasEnded) {
  Started s(Chain(3));
  s.End(0, kSucceeded);
  s.End(1, kFailed);
  auto restart = s.Requeue({1, -1});
  EXPECT_THAT(restart.reset, ElementsAre(1, 2));
  EXPECT_THAT(restart.effects.released, ElementsAre(Release{1}));
  EXPECT_THAT(s.End(1, kSucceeded).released, ElementsAre(Release{2}));
  EXPECT_EQ(s.End(2, kSucceeded).ended, RunState::kSucceeded);
}

TEST(RunProgressRequeueTest, LeavesAloneWhatRunsDownstream) {
  Started s(MakeWorkflow({MakeTask("a"),
                          MakeTask("alarm", {"a"}, TriggerRule::kOneFailed),
                          MakeTask("b", {"a"})}));
  s.End(0, kFailed);
  auto restart = s.Requeue({0, -1});
  EXPECT_THAT(restart.reset, ElementsAre(0, 2));
  EXPECT_EQ(s.run.node(1).state, TaskState::kRunning);
  EXPECT_THAT(s.End(0, kSucceeded).released, ElementsAre(Release{2}));
  EXPECT_EQ(s.End(2, kSucceeded).ended, std::nullopt);
  EXPECT_EQ(s.End(1, kSucceeded).ended, RunState::kSucceeded);
}

TEST(RunProgressRequeueTest, AnInstanceGoesBackAlone) {
  Workflow workflow = MakeWorkflow({MakeMap("m", {}), MakeTask("b", {"m"})});
  AddOnExit(workflow);
  Started s(std::move(workflow));
  s.Expand(0, 3);
  s.EndInstance(0, 0, kSucceeded);
  s.EndInstance(0, 1, kFailed);
  s.EndInstance(0, 2, kSucceeded);
  auto restart = s.Requeue({0, 1});  // on_exit is running.
  EXPECT_THAT(restart.reset, ElementsAre(1, 2));
  EXPECT_THAT(restart.effects.released, ElementsAre(Release{0, 1, 1}));
  EXPECT_EQ(s.run.node(0).state, TaskState::kRunning);
  EXPECT_EQ(s.run.node(0).failed, 0);
  EXPECT_THAT(s.EndInstance(0, 1, kSucceeded).released,
              ElementsAre(Release{1}));
  s.End(1, kSucceeded);
  EXPECT_EQ(s.End(2, kSucceeded).ended, RunState::kSucceeded);
}

TEST(RunProgressRequeueTest, AnInstanceOfARunningMapIsReleasedAtOnce) {
  Workflow workflow = MakeWorkflow({MakeMap("m", {})});
  workflow.max_parallel = 1;
  Started s(std::move(workflow));
  s.Expand(0, 2);
  s.EndInstance(0, 0, kFailed);
  EXPECT_THAT(s.Requeue({0, 0}).effects.released,
              ElementsAre(Release{0, 0, 1}));
  s.EndInstance(0, 0, kSucceeded);
  EXPECT_EQ(s.EndInstance(0, 1, kSucceeded).ended, RunState::kSucceeded);
}

TEST(RunProgressRequeueTest, OnlyWhatFailedByItselfGoesBack) {
  Started s(Chain(3));
  s.End(0, kSucceeded);
  s.End(1, kFailed);
  std::string before = s.run.Encode();
  EXPECT_THAT(s.Requeue({0, -1}).reset, IsEmpty());
  EXPECT_THAT(s.Requeue({2, -1}).reset, IsEmpty());
  EXPECT_EQ(s.run.Encode(), before);
}

}  // namespace
}  // namespace windlass

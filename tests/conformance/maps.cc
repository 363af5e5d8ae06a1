// Mapped tasks: one task per item of a list that is known only at run time.

#include "conformance/store_test.h"

namespace windlass {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class MapTest : public StoreTest {
 protected:
  static std::shared_ptr<const Workflow> MapThen(
      const std::function<void(TaskSpec&)>& change) {
    WorkflowBuilder builder;
    change(builder.MappedTask("m"));
    builder.Task("after", {"m"});
    return builder.Build();
  }
};

TEST_P(MapTest, AnEmptyListSucceedsAtOnce) {
  const RunId run = Submit(MapThen([](TaskSpec&) {}));
  ASSERT_TRUE(Expand(ClaimOne(), 0));
  EXPECT_EQ(StateOf(run, 0), TaskState::kSucceeded);
  EXPECT_EQ(Task(run, 0).item_count, 0);
  EXPECT_THAT(Value(store().ListInstanceResults(run, 0)), IsEmpty());
  EXPECT_THAT(Names(Claim()), ElementsAre("after"));
}

TEST_P(MapTest, OneItemIsOneInstance) {
  const RunId run = Submit(MapThen([](TaskSpec&) {}));
  const Lease map = ClaimOne();
  EXPECT_EQ(map.task.index, -1);
  const auto instances = FinishAndClaim({Expansion(map, 1)}, 5).leases;
  ASSERT_THAT(Names(instances), ElementsAre("m[0]"));
  EXPECT_EQ(instances[0].attempt, 1);
  ASSERT_TRUE(Succeed(instances[0]));
  EXPECT_EQ(StateOf(run, 0), TaskState::kSucceeded);
  EXPECT_THAT(Names(Claim()), ElementsAre("after"));
}

TEST_P(MapTest, TenThousandInstancesKeepTheirOrder) {
  constexpr int kCount = 10'000;
  const RunId run = Submit(SingleMap());
  ASSERT_TRUE(Expand(ClaimOne(), kCount));
  auto leases = Claim(1000);
  for (int claimed = 0; claimed < kCount;) {
    std::vector<AttemptEnd> ends;
    for (const Lease& lease : leases) {
      EXPECT_EQ(lease.task.index, claimed++);
      AttemptEnd end = Success(lease);
      end.result.value = Json(lease.task.index * 2);
      ends.push_back(std::move(end));
    }
    ASSERT_FALSE(ends.empty());
    leases = FinishAndClaim(ends, 1000).leases;
  }
  EXPECT_THAT(leases, IsEmpty());
  EXPECT_EQ(StateOf(run), RunState::kSucceeded);
  const auto results = Value(store().ListInstanceResults(run, 0));
  ASSERT_THAT(results, SizeIs(kCount));
  for (int i = 0; i < kCount; ++i) {
    ASSERT_EQ(results[static_cast<std::size_t>(i)]->value, Json(i * 2));
  }
  const auto tasks = Value(store().ListTasks(run));
  ASSERT_THAT(tasks, SizeIs(kCount + 1));
  EXPECT_EQ(tasks[0].key, (TaskKey{0, -1}));
  EXPECT_EQ(tasks[0].item_count, kCount);
  EXPECT_EQ(tasks[kCount].key, (TaskKey{0, kCount - 1}));
  const auto progress = Value(store().GetProgress(run));
  EXPECT_EQ(progress.nodes.at(0).items, kCount);
  EXPECT_EQ(progress.nodes.at(0).succeeded, kCount);
}

TEST_P(MapTest, TheItemsAreKept) {
  const RunId run = Submit(SingleMap());
  EXPECT_TRUE(absl::IsNotFound(store().GetItems(run, 0).status()));
  EXPECT_TRUE(absl::IsNotFound(store().ListInstanceResults(run, 0).status()));
  ASSERT_TRUE(Expand(ClaimOne(), 3));
  EXPECT_EQ(Value(store().GetItems(run, 0)).value, Json(JsonArray{0, 1, 2}));
  EXPECT_TRUE(absl::IsNotFound(store().GetTask(run, {0, 3}).status()));
  EXPECT_EQ(StateOf(run, 0, 2), TaskState::kReady);
}

TEST_P(MapTest, ARangeIsClaimedInParts) {
  Submit(SingleMap());
  ASSERT_TRUE(Expand(ClaimOne(), 10));
  EXPECT_THAT(Names(Claim(2)), ElementsAre("m[0]", "m[1]"));
  EXPECT_THAT(Names(Claim(3)), ElementsAre("m[2]", "m[3]", "m[4]"));
  EXPECT_THAT(Claim(), SizeIs(5));
}

TEST_P(MapTest, AnInstanceThatIsGivenBackComesAgain) {
  const RunId run = Submit(SingleMap());
  ASSERT_TRUE(Expand(ClaimOne(), 4));
  const auto leases = Claim(2);
  ASSERT_TRUE(Finish(Ended(leases[0], AttemptOutcome::kReleased)));
  EXPECT_THAT(Names(Claim()), ElementsAre("m[0]", "m[2]", "m[3]"));
  EXPECT_EQ(StateOf(run, 0), TaskState::kRunning);
}

TEST_P(MapTest, MaxParallelHoldsBackWithinAMap) {
  const RunId run =
      Submit(MapThen([](TaskSpec& spec) { spec.map->max_parallel = 2; }));
  auto leases = FinishAndClaim({Expansion(ClaimOne(), 5)}, 10).leases;
  EXPECT_THAT(Names(leases), ElementsAre("m[0]", "m[1]"));
  EXPECT_EQ(StateOf(run, 0, 4), TaskState::kPending);
  leases = FinishAndClaim({Success(leases[1])}, 10).leases;
  EXPECT_THAT(Names(leases), ElementsAre("m[2]"));
}

TEST_P(MapTest, AFailedInstanceFailsTheMapWhenAllHaveEnded) {
  const RunId run = Submit(MapThen([](TaskSpec&) {}));
  ASSERT_TRUE(Expand(ClaimOne(), 3));
  const auto leases = Claim();
  ASSERT_TRUE(Fail(leases[1]));
  EXPECT_EQ(StateOf(run, 0), TaskState::kRunning);
  ASSERT_TRUE(Succeed(leases[0]));
  ASSERT_TRUE(Succeed(leases[2]));
  EXPECT_EQ(StateOf(run, 0), TaskState::kFailed);
  EXPECT_EQ(StateOf(run), RunState::kFailed);
  const auto results = Value(store().ListInstanceResults(run, 0));
  EXPECT_TRUE(results.at(0).has_value());
  EXPECT_FALSE(results.at(1).has_value());
  ASSERT_THAT(DeadLetters(), SizeIs(1));
  EXPECT_EQ(DeadLetters()[0].task, (TaskKey{0, 1}));
}

TEST_P(MapTest, FailFastCancelsTheOtherInstances) {
  const RunId run =
      Submit(MapThen([](TaskSpec& spec) { spec.map->fail_fast = true; }));
  ASSERT_TRUE(Expand(ClaimOne(), 6));
  const auto leases = Claim(3);
  ASSERT_TRUE(Succeed(leases[2]));
  // Both in one batch: the second has been cancelled by the first.
  EXPECT_THAT(Finish({Failure(leases[0]), Success(leases[1])}),
              ElementsAre(true, false));
  EXPECT_EQ(StateOf(run), RunState::kFailed);
  EXPECT_EQ(StateOf(run, 0, 0), TaskState::kFailed);
  EXPECT_EQ(StateOf(run, 0, 1), TaskState::kCancelled);
  EXPECT_EQ(StateOf(run, 0, 2), TaskState::kSucceeded);
  for (int i = 3; i < 6; ++i) {
    EXPECT_EQ(StateOf(run, 0, i), TaskState::kCancelled) << i;
  }
  EXPECT_THAT(Claim(), IsEmpty());
}

TEST_P(MapTest, WhatABatchReleasesItMayCancel) {
  const RunId run = Submit(MapThen([](TaskSpec& spec) {
    spec.map->fail_fast = true;
    spec.map->max_parallel = 2;
  }));
  ASSERT_TRUE(Expand(ClaimOne(), 6));
  const auto leases = Claim();
  ASSERT_THAT(leases, SizeIs(2));
  // The success makes room for m[2]; the failure takes it back.
  EXPECT_THAT(
      FinishAndClaim({Success(leases[0]), Failure(leases[1])}, 5).leases,
      IsEmpty());
  EXPECT_THAT(Claim(), IsEmpty());
  EXPECT_EQ(StateOf(run), RunState::kFailed);
  EXPECT_EQ(StateOf(run, 0, 2), TaskState::kCancelled);
}

TEST_P(MapTest, ACancelReachesInstancesThatNeverStarted) {
  const RunId run =
      Submit(MapThen([](TaskSpec& spec) { spec.map->max_parallel = 3; }));
  ASSERT_TRUE(Expand(ClaimOne(), 6));
  const auto leases = Claim(1);
  ASSERT_TRUE(store().Cancel(run, "stop").ok());
  EXPECT_FALSE(Succeed(leases[0]));
  std::vector<TaskState> states;
  for (const TaskRecord& task : Value(store().ListTasks(run))) {
    states.push_back(task.state);
  }
  EXPECT_THAT(states, SizeIs(8));
  EXPECT_THAT(states, Each(TaskState::kCancelled));
}

TEST_P(MapTest, ARequeuedInstanceGoesBackAlone) {
  const RunId run = Submit(MapThen([](TaskSpec&) {}));
  ASSERT_TRUE(Expand(ClaimOne(), 3));
  const auto leases = Claim();
  Finish({Success(leases[0]), Failure(leases[1]), Success(leases[2])});
  ASSERT_EQ(StateOf(run), RunState::kFailed);
  EXPECT_EQ(Value(store().Requeue({})), 1);
  const Lease again = ClaimOne();
  EXPECT_EQ(again.task, (TaskKey{0, 1}));
  EXPECT_EQ(StateOf(run, 0), TaskState::kRunning);
  EXPECT_EQ(StateOf(run, 0, 0), TaskState::kSucceeded);
  ASSERT_TRUE(Succeed(again));
  EXPECT_EQ(StateOf(run, 0), TaskState::kSucceeded);
  EXPECT_THAT(Names(Claim()), ElementsAre("after"));
}

TEST_P(MapTest, ARetriedRunExpandsItsMapsAgain) {
  const RunId run = Submit(MapThen([](TaskSpec&) {}));
  ASSERT_TRUE(Expand(ClaimOne(), 3));
  const auto leases = Claim();
  Finish({Success(leases[0]), Failure(leases[1]), Success(leases[2])});
  ASSERT_TRUE(store().Retry(run, RetryScope::kWholeRun).ok());
  const Lease again = ClaimOne();
  EXPECT_EQ(again.task, (TaskKey{0, -1}));
  ASSERT_TRUE(Expand(again, 2));
  EXPECT_EQ(Task(run, 0).item_count, 2);
  RunToEnd();
  EXPECT_EQ(StateOf(run), RunState::kSucceeded);
  EXPECT_THAT(Value(store().ListInstanceResults(run, 0)), SizeIs(2));
  // Three instances, then two, then the task after them.
  EXPECT_THAT(Value(store().ListAttempts(run)), SizeIs(6));
}

INSTANTIATE_TEST_SUITE_P(Stores, MapTest, testing::ValuesIn(AllStores()),
                         StoreName);

}  // namespace
}  // namespace windlass

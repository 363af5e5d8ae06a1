// What stores tell of the runs they have ended.

#include <vector>

#include "conformance/store_test.h"

namespace windlass {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class RunEndsTest : public StoreTest {
 protected:
  std::vector<EndedRun> TakeEnded() { return factory_->TakeEnded(); }
};

TEST_P(RunEndsTest, WhoEndsTheLastTaskTellsOfTheRunOnce) {
  const RunId run = Submit(Chain(2));
  ASSERT_TRUE(Succeed(ClaimOne()));
  EXPECT_THAT(TakeEnded(), IsEmpty());
  clock().Advance(seconds(5));
  const Lease last = ClaimOne();
  ASSERT_TRUE(Succeed(last));
  const auto ended = TakeEnded();
  ASSERT_THAT(ended, SizeIs(1));
  EXPECT_EQ(ended[0].info->id, run);
  EXPECT_EQ(ended[0].state, RunState::kSucceeded);
  const RunRecord record = Value(store().GetRun(run));
  EXPECT_EQ(ended[0].finished_at, record.finished_at);
  EXPECT_EQ(ended[0].info->created_at, record.created_at);
  EXPECT_FALSE(Succeed(last));  // Its lease has ended.
  EXPECT_THAT(TakeEnded(), IsEmpty());
}

// Ids of traces are made of it.
TEST_P(RunEndsTest, EveryoneKnowsTheSameTimeOfCreation) {
  const RunId run = Submit(Chain(2));
  const Lease first = ClaimOne();
  EXPECT_EQ(first.run->created_at, Value(store().GetRun(run)).created_at);
  const auto reply = FinishAndClaim({Success(first)}, 1);
  ASSERT_THAT(reply.leases, SizeIs(1));
  EXPECT_EQ(reply.leases[0].run->created_at, first.run->created_at);
  const auto other = OpenAnother();
  EXPECT_EQ(Value(other->GetRunInfo(run))->created_at, first.run->created_at);
}

TEST_P(RunEndsTest, ACancelledRunIsToldOfWithItsReason) {
  const RunId run = Submit(SingleTask());
  ASSERT_TRUE(store().Cancel(run, "not needed").ok());
  ASSERT_TRUE(store().Cancel(run, "again").ok());
  const auto ended = TakeEnded();
  ASSERT_THAT(ended, SizeIs(1));
  EXPECT_EQ(ended[0].state, RunState::kCancelled);
  EXPECT_EQ(ended[0].reason, "not needed");
}

TEST_P(RunEndsTest, ASweepTellsOfARunThatTookTooLong) {
  WorkflowBuilder builder;
  builder.Task("a");
  builder.workflow().timeout = seconds(3);
  Submit(builder.Build());
  clock().Advance(seconds(4));
  ASSERT_TRUE(store().Sweep().ok());
  const auto ended = TakeEnded();
  ASSERT_THAT(ended, SizeIs(1));
  EXPECT_EQ(ended[0].state, RunState::kFailed);
  EXPECT_THAT(ended[0].reason, HasSubstr("timeout of 3s"));
}

TEST_P(RunEndsTest, ARetriedRunEndsAgainAsItsNextAttempt) {
  const RunId run = Submit(SingleTask());
  ASSERT_TRUE(Fail(ClaimOne()));
  ASSERT_TRUE(store().Retry(run, RetryScope::kFailedTasks).ok());
  ASSERT_TRUE(Succeed(ClaimOne()));
  const auto ended = TakeEnded();
  ASSERT_THAT(ended, SizeIs(2));
  EXPECT_EQ(ended[0].state, RunState::kFailed);
  EXPECT_EQ(ended[0].info->attempt, 1);
  EXPECT_EQ(ended[1].state, RunState::kSucceeded);
  EXPECT_EQ(ended[1].info->attempt, 2);
}

INSTANTIATE_TEST_SUITE_P(Stores, RunEndsTest, testing::ValuesIn(AllStores()),
                         StoreName);

}  // namespace
}  // namespace windlass

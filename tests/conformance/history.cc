// What has ended long enough ago can be deleted; nothing else ever is.

#include <atomic>
#include <thread>

#include "conformance/store_test.h"
#include "windlass/self_check.h"

namespace windlass {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class HistoryTest : public StoreTest {
 protected:
  void TearDown() override {
    if (store_ == nullptr) return;
    for (const Contradiction& found : Value(FindContradictions(store()))) {
      ADD_FAILURE() << FormatRunId(found.run) << "/" << found.task << " "
                    << found.what;
    }
  }

  // In as many steps as it takes.
  static std::int64_t PruneIn(Store& store, Duration older_than,
                              PruneRequest::Mode mode) {
    PruneRequest request;
    request.older_than = older_than;
    request.mode = mode;
    std::int64_t runs = 0;
    while (true) {
      const PruneReply reply = Value(store.Prune(request));
      EXPECT_LE(reply.runs, 500);
      runs += reply.runs;
      if (!reply.next) return runs;
      EXPECT_GT(reply.next->value, request.after.value);
      request.after = *reply.next;
    }
  }
  std::int64_t Prune(Duration older_than = hours(1)) {
    return PruneIn(store(), older_than, PruneRequest::Mode::kDelete);
  }

  bool Exists(RunId run) {
    const auto record = store().GetRun(run);
    if (!record.ok()) {
      EXPECT_TRUE(absl::IsNotFound(record.status())) << record.status();
    }
    return record.ok();
  }

  RunId SubmitBelow(RunId parent) {
    SubmitRequest request;
    request.workflow = SingleTask();
    request.parent = parent;
    request.parent_task = TaskKey{0, -1};
    return Value(store().Submit({&request, 1})).at(0).id;
  }

  SubmittedRun SubmitWithKey(const std::string& key) {
    SubmitRequest request;
    request.workflow = SingleTask();
    request.idempotency_key = key;
    return Value(store().Submit({&request, 1})).at(0);
  }

  std::vector<RunId> SubmitMany(int count) {
    SubmitRequest request;
    request.workflow = SingleTask();
    request.copies = count;
    request.params = JsonObject{{"who", "Ada"}};
    std::vector<RunId> ids;
    for (const SubmittedRun& run : Value(store().Submit({&request, 1}))) {
      ids.push_back(run.id);
    }
    return ids;
  }
};

TEST_P(HistoryTest, WhatEndedLongEnoughAgoIsDeletedAndNothingElse) {
  const RunId old = Submit(SingleTask());
  ASSERT_TRUE(Succeed(ClaimOne()));
  const RunId running = Submit(SingleTask());
  const RunId ends_late = Submit(Chain(2));
  const RunId paused = Submit(SingleTask());
  ASSERT_TRUE(store().Pause(paused).ok());
  const auto leases = Claim();
  ASSERT_THAT(Names(leases), ElementsAre("a", "t0"));
  clock().Advance(hours(2));
  ASSERT_TRUE(store().Heartbeat(executor(), 0).ok());
  ASSERT_TRUE(store().Cancel(ends_late, "enough").ok());

  EXPECT_EQ(Prune(hours(3)), 0);
  EXPECT_EQ(Prune(hours(1)), 1);
  EXPECT_EQ(Prune(hours(1)), 0);
  EXPECT_FALSE(Exists(old));
  EXPECT_TRUE(Exists(ends_late));
  ASSERT_TRUE(Succeed(leases[0]));
  ASSERT_TRUE(store().Resume(paused).ok());
  RunToEnd();
  EXPECT_EQ(StateOf(running), RunState::kSucceeded);
  EXPECT_EQ(StateOf(paused), RunState::kSucceeded);
}

TEST_P(HistoryTest, AllThatIsKnownOfARunGoesWithIt) {
  WorkflowBuilder builder;
  builder.MappedTask("m");
  const RunId run = Submit(builder.Build());
  ASSERT_TRUE(Expand(ClaimOne(), 3));
  for (const Lease& lease : Claim()) ASSERT_TRUE(Fail(lease));
  ASSERT_EQ(StateOf(run), RunState::kFailed);
  ASSERT_THAT(DeadLetters(), testing::Not(IsEmpty()));
  clock().Advance(hours(2));

  EXPECT_EQ(Prune(), 1);
  EXPECT_FALSE(Exists(run));
  EXPECT_THAT(DeadLetters(), IsEmpty());
  EXPECT_THAT(Value(store().ListRuns({})), IsEmpty());
  EXPECT_TRUE(absl::IsNotFound(store().ListTasks(run).status()));
  EXPECT_TRUE(absl::IsNotFound(store().Retry(run, RetryScope::kFailedTasks)));
  EXPECT_EQ(Value(store().CountRuns()).running, 0);
}

TEST_P(HistoryTest, ARunAndItsSubRunsGoTogether) {
  const RunId parent = Submit(SingleTask());
  const RunId child = SubmitBelow(parent);
  const RunId grandchild = SubmitBelow(child);
  for (const Lease& lease : Claim()) {
    if (lease.run->id == grandchild) continue;
    ASSERT_TRUE(Succeed(lease));
  }
  clock().Advance(hours(2));
  EXPECT_EQ(Prune(), 0);
  EXPECT_TRUE(Exists(parent));

  ASSERT_TRUE(store().Cancel(grandchild, "enough").ok());
  EXPECT_EQ(Prune(), 0);
  clock().Advance(hours(2));
  EXPECT_EQ(Prune(), 3);
  for (const RunId run : {parent, child, grandchild}) EXPECT_FALSE(Exists(run));
}

TEST_P(HistoryTest, ARetriedRunHasNotEnded) {
  const RunId run = Submit(SingleTask());
  ASSERT_TRUE(Fail(ClaimOne()));
  clock().Advance(hours(2));
  ASSERT_TRUE(store().Retry(run, RetryScope::kFailedTasks).ok());
  EXPECT_EQ(Prune(), 0);
  RunToEnd();
  EXPECT_EQ(StateOf(run), RunState::kSucceeded);
  EXPECT_EQ(Prune(), 0);
}

TEST_P(HistoryTest, AnIdempotencyKeyIsFreeWhenItsRunIsGone) {
  const SubmittedRun first = SubmitWithKey("k");
  ASSERT_TRUE(Succeed(ClaimOne()));
  EXPECT_FALSE(SubmitWithKey("k").created);
  clock().Advance(hours(2));
  ASSERT_EQ(Prune(), 1);
  const SubmittedRun second = SubmitWithKey("k");
  EXPECT_TRUE(second.created);
  EXPECT_NE(second.id, first.id);
  RunToEnd();
  EXPECT_EQ(StateOf(second.id), RunState::kSucceeded);
}

TEST_P(HistoryTest, ADryRunCountsAndDeletesNothing) {
  const RunId run = Submit(SingleTask());
  Submit(SingleTask());
  ASSERT_TRUE(Succeed(Claim(1).at(0)));
  clock().Advance(hours(2));
  EXPECT_EQ(PruneIn(store(), hours(1), PruneRequest::Mode::kDryRun), 1);
  EXPECT_TRUE(Exists(run));
  EXPECT_EQ(Prune(), 1);
}

TEST_P(HistoryTest, WhatIsLeftKeepsTheInputItSharedWithTheDeleted) {
  const auto runs = SubmitMany(3);
  ASSERT_TRUE(Succeed(Claim(1).at(0)));
  clock().Advance(hours(2));
  ASSERT_EQ(Prune(), 1);
  EXPECT_FALSE(Exists(runs[0]));
  // By a handle that remembers nothing.
  Reopen();
  const auto leases = Claim();
  ASSERT_THAT(leases, SizeIs(2));
  for (const Lease& lease : leases) {
    EXPECT_EQ(lease.run->params, Json({{"who", "Ada"}}));
    ASSERT_TRUE(Succeed(lease));
  }
}

TEST_P(HistoryTest, ThousandsGoInSteps) {
  const auto runs = SubmitMany(1'700);
  RunToEnd();
  const RunId late = Submit(SingleTask());
  clock().Advance(hours(2));
  EXPECT_EQ(Prune(), 1'700);
  EXPECT_TRUE(Exists(late));
  EXPECT_THAT(Value(store().ListRuns({})), SizeIs(1));
}

TEST_P(HistoryTest, CachedResultsGoToo) {
  Submit(SingleTask());
  const Lease lease = ClaimOne();
  ASSERT_EQ(Value(store().BeginCached(lease, "key", std::nullopt)).kind,
            CacheDecision::Kind::kCompute);
  AttemptEnd end = Success(lease);
  end.cache_key = "key";
  ASSERT_TRUE(Finish(end));
  clock().Advance(minutes(30));
  const auto ask = [&] {
    Submit(SingleTask());
    const Lease asks = ClaimOne();
    const auto kind =
        Value(store().BeginCached(asks, "key", std::nullopt)).kind;
    EXPECT_TRUE(Fail(asks));
    return kind;
  };
  EXPECT_EQ(Prune(), 0);
  EXPECT_EQ(ask(), CacheDecision::Kind::kHit);
  clock().Advance(hours(1));
  Prune();
  EXPECT_EQ(ask(), CacheDecision::Kind::kCompute);
}

TEST_P(HistoryTest, NothingIsDeletedTwiceAndNothingRetriedIsDeleted) {
  const auto runs = SubmitMany(600);
  std::vector<AttemptEnd> ends;
  for (const Lease& lease : Claim(1'000)) ends.push_back(Failure(lease));
  Finish(ends);
  clock().Advance(hours(2));

  std::atomic<std::int64_t> deleted = 0;
  std::vector<RunId> retried;
  {
    std::vector<std::jthread> pruners;
    for (int i = 0; i < 3; ++i) {
      pruners.emplace_back([&] {
        const auto another = OpenAnother();
        deleted += PruneIn(*another, hours(1), PruneRequest::Mode::kDelete);
      });
    }
    for (std::size_t i = 0; i < runs.size(); i += 7) {
      const auto status = store().Retry(runs[i], RetryScope::kFailedTasks);
      if (status.ok()) {
        retried.push_back(runs[i]);
      } else {
        EXPECT_TRUE(absl::IsNotFound(status)) << status;
      }
    }
  }
  EXPECT_EQ(deleted + static_cast<std::int64_t>(retried.size()), 600);
  RunToEnd();
  for (const RunId run : retried) {
    EXPECT_EQ(StateOf(run), RunState::kSucceeded);
  }
}

TEST_P(HistoryTest, ATimeThatIsNotPositiveIsRefused) {
  const RunId run = Submit(SingleTask());
  ASSERT_TRUE(Succeed(ClaimOne()));
  clock().Advance(hours(2));
  PruneRequest request;
  for (const Duration none : {Duration::zero(), Duration(-1)}) {
    request.older_than = none;
    EXPECT_TRUE(absl::IsInvalidArgument(store().Prune(request).status()));
  }
  EXPECT_TRUE(Exists(run));
}

INSTANTIATE_TEST_SUITE_P(Stores, HistoryTest, testing::ValuesIn(AllStores()),
                         StoreName);

}  // namespace
}  // namespace windlass

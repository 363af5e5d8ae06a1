// I1 and I2: one current lease per task, tokens that only grow, and a fence
// that stale ones do not pass. What is claimed, and in what order.

#include <set>
#include <thread>

#include "conformance/store_test.h"

namespace windlass {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class LeaseTest : public StoreTest {};

TEST_P(LeaseTest, ASubmittedTaskCanBeClaimedOnce) {
  const RunId run = Submit(SingleTask(), JsonObject{{"x", 1}});
  const Lease lease = ClaimOne();
  EXPECT_EQ(lease.run->id, run);
  EXPECT_EQ(lease.run->root, run);
  EXPECT_EQ(lease.run->params, Json(JsonObject{{"x", 1}}));
  EXPECT_EQ(lease.task, (TaskKey{0, -1}));
  EXPECT_EQ(lease.attempt, 1);
  EXPECT_EQ(lease.claimed_at, clock().Now());
  EXPECT_THAT(Claim(), IsEmpty());
}

TEST_P(LeaseTest, ASuccessEndsTaskAndRun) {
  const RunId run = Submit(SingleTask());
  const Lease lease = ClaimOne();
  clock().Advance(seconds(3));
  EXPECT_TRUE(Succeed(lease));
  EXPECT_EQ(StateOf(run), RunState::kSucceeded);
  const TaskRecord task = Task(run, 0);
  EXPECT_EQ(task.state, TaskState::kSucceeded);
  EXPECT_EQ(task.attempt, 1);
  EXPECT_EQ(task.run_time, milliseconds(5));
  EXPECT_EQ(*task.finished_at - *task.started_at, seconds(3));
  EXPECT_EQ(task.executor, "first");
  ASSERT_TRUE(task.result.has_value());
  EXPECT_EQ(task.result->value, Json(JsonObject{{"token", lease.token.value}}));
}

TEST_P(LeaseTest, EveryPartOfAnEnvelopeIsKept) {
  Submit(SingleTask());
  AttemptEnd end = Success(ClaimOne());
  end.result.kind = ResultEnvelope::Kind::kReference;
  end.result.media_type = "text/csv";
  end.result.size = 1'000'000'000'000;
  end.result.sha256 = std::string(64, 'a');
  end.result.encoding = "zstd";
  end.result.value.reset();
  end.result.uri = "file:///results/ä'\"";
  end.result.metadata = JsonObject{{"rows", 10}};
  ASSERT_TRUE(Finish(end));
  const auto result = Task(end.run, 0).result;
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(ToJson(*result), ToJson(end.result));
}

TEST_P(LeaseTest, AJsonNullIsAValueAndNoValueIsNone) {
  Submit(SingleTask());
  AttemptEnd end = Success(ClaimOne());
  end.result.value = Json(nullptr);
  ASSERT_TRUE(Finish(end));
  EXPECT_TRUE(Task(end.run, 0).result->value.has_value());

  Submit(SingleTask());
  end = Success(ClaimOne());
  end.result.value.reset();
  ASSERT_TRUE(Finish(end));
  EXPECT_FALSE(Task(end.run, 0).result->value.has_value());
}

TEST_P(LeaseTest, TokensOnlyGrow) {
  std::int64_t last = 0;
  for (int i = 0; i < 5; ++i) {
    Submit(Diamond());
    Submit(SingleTask());
    std::vector<Lease> leases = Claim();
    for (const Lease& lease : leases) {
      EXPECT_GT(lease.token.value, last);
      last = lease.token.value;
      Finish(Ended(lease, AttemptOutcome::kReleased));
    }
    if (i == 2) Reopen();
  }
}

TEST_P(LeaseTest, AnEndIsAcceptedOnce) {
  const RunId run = Submit(SingleTask());
  const Lease lease = ClaimOne();
  EXPECT_TRUE(Succeed(lease));
  EXPECT_FALSE(Succeed(lease));
  EXPECT_FALSE(Fail(lease));
  EXPECT_EQ(StateOf(run), RunState::kSucceeded);
  EXPECT_THAT(Value(store().ListAttempts(run)), SizeIs(1));
}

TEST_P(LeaseTest, AStaleTokenChangesNothing) {
  const RunId run = Submit(SingleTask());
  const Lease stale = ClaimOne();
  ASSERT_TRUE(Finish(Ended(stale, AttemptOutcome::kReleased)));
  const Lease current = ClaimOne();
  ASSERT_GT(current.token, stale.token);

  EXPECT_FALSE(Succeed(stale));
  EXPECT_FALSE(Fail(stale));
  EXPECT_FALSE(Finish(Ended(stale, AttemptOutcome::kReleased)));
  EXPECT_FALSE(Finish(Park(stale, RunId{999})));
  ProgressUpdate update;
  update.run = run;
  update.task = stale.task;
  update.token = stale.token;
  update.fraction = 0.5;
  update.saved.emplace_back("part", ResultEnvelope());
  EXPECT_THAT(Value(store().SaveProgress({&update, 1})), ElementsAre(false));
  EXPECT_FALSE(store().BeginCached(stale, "key", std::nullopt).ok());
  EXPECT_THAT(Value(store().LoadSaved(current)).saved, IsEmpty());
  EXPECT_EQ(StateOf(run, 0), TaskState::kRunning);
  EXPECT_EQ(Task(run, 0).progress, std::nullopt);

  EXPECT_TRUE(Succeed(current));
}

TEST_P(LeaseTest, AStaleEndInABatchIsRefusedAlone) {
  Submit(SingleTask());
  Submit(SingleTask());
  const std::vector<Lease> leases = Claim();
  ASSERT_THAT(leases, SizeIs(2));
  ASSERT_TRUE(Succeed(leases[0]));
  EXPECT_THAT(Finish({Success(leases[0]), Success(leases[1])}),
              ElementsAre(false, true));
}

TEST_P(LeaseTest, EndsOfUnknownRunsAndTasksAreRefused) {
  Submit(SingleTask());
  const Lease lease = ClaimOne();
  AttemptEnd end = Success(lease);
  end.run = RunId{12345};
  EXPECT_FALSE(Finish(end));
  end = Success(lease);
  end.task.node = 7;
  EXPECT_FALSE(Finish(end));
  end = Success(lease);
  end.task.index = 0;
  EXPECT_FALSE(Finish(end));
  EXPECT_TRUE(Succeed(lease));
}

TEST_P(LeaseTest, HigherPriorityComesFirstThenOlder) {
  const auto with_priority = [](const std::string& id, int priority) {
    WorkflowBuilder builder;
    builder.Task(id).priority = priority;
    return builder.Build();
  };
  Submit(with_priority("low", 1));
  Submit(with_priority("older", 5));
  clock().Advance(seconds(1));
  Submit(with_priority("younger", 5));
  Submit(with_priority("high", 9));
  EXPECT_THAT(Names(Claim(1)), ElementsAre("high"));
  EXPECT_THAT(Names(Claim()), ElementsAre("older", "younger", "low"));
}

TEST_P(LeaseTest, PriorityOrdersAcrossQueuesAndTypes) {
  WorkflowBuilder builder;
  for (int i = 0; i < 10; ++i) {
    TaskSpec& spec = builder.Task("p" + std::to_string(i));
    spec.priority = i;
    spec.queue = i % 2 == 0 ? "even" : "odd";
    spec.type = i % 3 == 0 ? "third" : "noop";
  }
  Submit(builder.Build());
  EXPECT_THAT(Names(Claim()), ElementsAre("p9", "p8", "p7", "p6", "p5", "p4",
                                          "p3", "p2", "p1", "p0"));
}

TEST_P(LeaseTest, OnlyAcceptedQueuesAndTypesAreClaimed) {
  WorkflowBuilder builder;
  builder.Task("a").queue = "left";
  builder.Task("b").queue = "right";
  builder.Task("c").type = "shell";
  Submit(builder.Build());
  ClaimRequest request = Want(10);
  request.queues = {"right", "other"};
  EXPECT_THAT(Names(Value(store().Claim(request)).leases), ElementsAre("b"));
  request.queues = {};
  request.types = {"shell"};
  EXPECT_THAT(Names(Value(store().Claim(request)).leases), ElementsAre("c"));
  request.types = {"python"};
  EXPECT_THAT(Value(store().Claim(request)).leases, IsEmpty());
  EXPECT_THAT(Names(Claim()), ElementsAre("a"));
}

TEST_P(LeaseTest, AHandOffAcceptsWhatAClaimWould) {
  WorkflowBuilder builder;
  builder.Task("a");
  builder.Task("b", {"a"}).queue = "other";
  builder.Task("c", {"a"}).type = "shell";
  builder.Task("d", {"a"});
  Submit(builder.Build());
  ClaimRequest next = Want(10);
  next.queues = {"default"};
  next.types = {"noop"};
  const AttemptEnd end = Success(ClaimOne());
  EXPECT_THAT(Names(Value(store().Finish({&end, 1}, next)).leases),
              ElementsAre("d"));
  EXPECT_THAT(Claim(), SizeIs(2));
}

TEST_P(LeaseTest, ARootLimitsClaimsToItsRuns) {
  const RunId other = Submit(Diamond());
  const RunId root = Submit(Chain(2));
  ClaimRequest request = Want(10);
  request.root = root;
  std::vector<Lease> leases = Value(store().Claim(request)).leases;
  ASSERT_THAT(Names(leases), ElementsAre("t0"));

  SubmitRequest child;
  child.workflow = SingleTask();
  child.parent = root;
  child.parent_task = leases[0].task;
  const RunId sub = Value(store().Submit({&child, 1})).at(0).id;
  const auto below = Value(store().Claim(request)).leases;
  ASSERT_THAT(Names(below), ElementsAre("a"));
  EXPECT_EQ(below[0].run->id, sub);
  EXPECT_EQ(below[0].run->root, root);
  EXPECT_EQ(below[0].run->parent, root);

  // Nor does a hand-off or what it claims in addition leave the root.
  const AttemptEnd end = Success(leases[0]);
  leases = Value(store().Finish({&end, 1}, request)).leases;
  EXPECT_THAT(Names(leases), ElementsAre("t1"));
  EXPECT_EQ(StateOf(other, 0), TaskState::kReady);
}

TEST_P(LeaseTest, ClaimTakesNoMoreThanItsLimit) {
  SubmitRequest request;
  request.workflow = SingleTask();
  request.copies = 10;
  ASSERT_THAT(Value(store().Submit({&request, 1})), SizeIs(10));
  EXPECT_THAT(Claim(3), SizeIs(3));
  EXPECT_THAT(Claim(0), IsEmpty());
  EXPECT_THAT(Claim(100), SizeIs(7));
}

TEST_P(LeaseTest, ConcurrentClaimsNeverShareATask) {
  constexpr int kRuns = 600;
  SubmitRequest request;
  request.workflow = SingleTask();
  request.copies = kRuns;
  ASSERT_TRUE(store().Submit({&request, 1}).ok());
  const auto second = OpenAnother();
  const ExecutorId by = executor();

  std::vector<std::vector<Lease>> claimed(6);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < claimed.size(); ++i) {
    Store& handle = i % 2 == 0 ? store() : *second;
    threads.emplace_back([&handle, by, &mine = claimed[i], i] {
      ClaimRequest want;
      want.executor = by;
      want.limit = static_cast<int>(i) + 1;
      for (;;) {
        auto reply = handle.Claim(want);
        ASSERT_TRUE(reply.ok()) << reply.status();
        // Of a slow database the claims begin at marks in between.
        if (reply->leases.empty() && reply->looked_everywhere) return;
        std::int64_t last = mine.empty() ? 0 : mine.back().token.value;
        for (Lease& lease : reply->leases) {
          EXPECT_GT(lease.token.value, last);
          last = lease.token.value;
          mine.push_back(std::move(lease));
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  std::set<RunId> runs;
  std::set<LeaseToken> tokens;
  for (const auto& leases : claimed) {
    for (const Lease& lease : leases) {
      EXPECT_TRUE(runs.insert(lease.run->id).second);
      EXPECT_TRUE(tokens.insert(lease.token).second);
    }
  }
  EXPECT_THAT(runs, SizeIs(kRuns));
}

INSTANTIATE_TEST_SUITE_P(Stores, LeaseTest, testing::ValuesIn(AllStores()),
                         StoreName);

}  // namespace
}  // namespace windlass

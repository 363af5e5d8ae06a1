// What looks for contradictions sees each of them, and only that one: every
// check_*.sql has its contradiction planted here, by hand, for no sequence of
// calls leads to it.

#include <algorithm>
#include <filesystem>

#include "conformance/store_test.h"
#include "windlass/self_check.h"

namespace windlass {

// For failures.
void PrintTo(const Contradiction& one, std::ostream* out) {
  *out << FormatRunId(one.run) << " " << one.task << " " << one.what;
}

namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;
using testing::Matcher;

Matcher<const Contradiction&> Is(RunId run, const std::string& task,
                                 const std::string& what) {
  return AllOf(Field(&Contradiction::run, run),
               Field(&Contradiction::task, task),
               Field(&Contradiction::what, what));
}

constexpr RunId kStore{};

class SelfCheckTest : public StoreTest {
 public:
  using Expected = std::vector<Matcher<const Contradiction&>>;

  // Each brings about one contradiction and returns what is to be said of it.
  Expected TaskIsScheduledToo();
  Expected TimerOfAnEndedRun();
  Expected ExecutorEndsWithItsLease();
  Expected ReadyTaskVanishes();
  Expected AwaitedRunVanishes();
  Expected AwaitedCacheKeyVanishes();
  Expected ReadyTaskIsHidden();
  Expected HiddenTaskIsShown();
  Expected TokenIsUsedAgain();
  Expected InstanceVanishes();
  Expected TaskEndsBeforeItBegins();
  Expected RunEndsBeforeItIsSubmitted();
  Expected DeadLetterOfASuccess();
  Expected CacheKeyOfNobody();
  Expected PermitOfNoTask();
  Expected MorePermitsThanAllowed();
  Expected PermitsAreMiscounted();
  Expected LineVanishes();
  Expected LimiterVanishes();
  Expected LimitIsFree();
  Expected AddressOpensAgain();
  Expected RunIsCountedTwice();

 protected:
  std::vector<Contradiction> Found() {
    return Value(FindContradictions(store()));
  }
  // As if the test before this one had not been.
  void Renew() {
    store_.reset();
    executor_.reset();
    SetUp();
  }
  void Sql(const std::string& sql) {
    ASSERT_TRUE(factory_->RunSql(sql).ok()) << sql;
  }

  // Tasks "a" of runs that need `limit` of the same key, as many as `count`:
  // those that get a permit are running, the others blocked.
  std::vector<RunId> BeginLimited(int limit, int count) {
    WorkflowBuilder builder;
    auto& concurrency = builder.Task("a").concurrency.emplace();
    concurrency.key = "k";
    concurrency.limit = limit;
    const auto workflow = builder.Build();
    std::vector<RunId> runs;
    for (int i = 0; i < count; ++i) {
      runs.push_back(Submit(workflow));
      const Lease lease = ClaimOne();
      PermitRequest request;
      request.lease = lease;
      request.keys.concurrency = "k";
      const auto decision = Decide(store(), {&request, 1}).at(0);
      EXPECT_EQ(decision == PermitDecision::kGranted, i < limit);
      if (decision == PermitDecision::kGranted) continue;
      AttemptEnd end = Ended(lease, AttemptOutcome::kParked);
      end.wake.kind = WakeCondition::Kind::kPermit;
      end.wake.keys = request.keys;
      EXPECT_TRUE(Finish(end));
    }
    return runs;
  }
};

SelfCheckTest::Expected SelfCheckTest::TaskIsScheduledToo() {
  const RunId run = Submit(SingleTask());
  Sql("INSERT INTO scheduled (due_at, run, node, idx, attempt, failures,"
      " crashes, scheduled_at)"
      " SELECT created_at, id, 0, -1, 1, 0, 0, created_at FROM run");
  Sql("INSERT INTO tally (what, which, node, count)"
      " SELECT 2, definition, 0, 1 FROM run");
  return {Is(run, "a", "is in two states at once")};
}

SelfCheckTest::Expected SelfCheckTest::TimerOfAnEndedRun() {
  const RunId run = Submit(SingleTask());
  RunToEnd();
  Sql("INSERT INTO timer (due_at, run, node, first, last, kind)"
      " SELECT created_at, id, 0, -1, -1, 1 FROM run");
  return {Is(run, "a", "is alive although its run is not")};
}

SelfCheckTest::Expected SelfCheckTest::ExecutorEndsWithItsLease() {
  const RunId run = Submit(SingleTask());
  ClaimOne();
  Sql("UPDATE executor SET ended_at = started_at");
  return {Is(run, "a", "is leased to an executor that is gone")};
}

SelfCheckTest::Expected SelfCheckTest::ReadyTaskVanishes() {
  const RunId run = Submit(SingleTask());
  Sql("DELETE FROM ready");
  Sql("DELETE FROM tally WHERE what = 0");
  return {Is(run, "", "runs, and nothing of it will ever happen")};
}

SelfCheckTest::Expected SelfCheckTest::AwaitedRunVanishes() {
  const RunId run = Submit(SingleTask());
  const Lease lease = ClaimOne();
  const RunId awaited = Submit(SingleTask());
  EXPECT_TRUE(Finish(Park(lease, awaited)));
  Sql("UPDATE parked SET wake_run = 1000000");
  return {Is(run, "a", "waits for what has happened already")};
}

SelfCheckTest::Expected SelfCheckTest::AwaitedCacheKeyVanishes() {
  const RunId holder = Submit(SingleTask());
  const Lease held = ClaimOne();
  EXPECT_EQ(held.run->id, holder);
  Value(store().BeginCached(held, "key", std::nullopt));
  const RunId run = Submit(SingleTask());
  EXPECT_TRUE(Finish(ParkOnKey(ClaimOne(), "key")));
  Sql("DELETE FROM cache_flight");
  return {Is(run, "a", "waits for what has happened already")};
}

SelfCheckTest::Expected SelfCheckTest::ReadyTaskIsHidden() {
  const RunId run = Submit(SingleTask());
  Sql("UPDATE ready SET lane = -lane");
  return {Is(run, "a", "is claimable while paused, or the reverse")};
}

SelfCheckTest::Expected SelfCheckTest::HiddenTaskIsShown() {
  const RunId run = Submit(SingleTask());
  EXPECT_TRUE(store().Pause(run).ok());
  Sql("UPDATE ready SET lane = -lane");
  return {Is(run, "a", "is claimable while paused, or the reverse")};
}

SelfCheckTest::Expected SelfCheckTest::TokenIsUsedAgain() {
  const RunId run = Submit(Chain(2));
  RunToEnd();
  Sql("UPDATE task_end SET token = 1");
  const std::string what = "has an attempt whose token is not its own";
  return {Is(run, "t0", what), Is(run, "t1", what)};
}

SelfCheckTest::Expected SelfCheckTest::InstanceVanishes() {
  const RunId run = Submit(SingleMap());
  EXPECT_TRUE(Expand(ClaimOne(), 3));
  RunToEnd();
  EXPECT_EQ(StateOf(run), RunState::kSucceeded);
  Sql("DELETE FROM task_end WHERE idx = 1");
  return {Is(run, "m", "succeeded with some instances too few or many")};
}

SelfCheckTest::Expected SelfCheckTest::TaskEndsBeforeItBegins() {
  const RunId run = Submit(SingleTask());
  clock().Advance(minutes(1));
  RunToEnd();
  Sql("UPDATE task_end SET finished_at = (SELECT created_at FROM run)");
  return {Is(run, "a", "ended before it began")};
}

SelfCheckTest::Expected SelfCheckTest::RunEndsBeforeItIsSubmitted() {
  const RunId earlier = Submit(SingleTask());
  RunToEnd();
  clock().Advance(minutes(1));
  const RunId run = Submit(SingleTask());
  RunToEnd();
  EXPECT_NE(earlier, run);
  Sql("UPDATE run SET finished_at = (SELECT min(finished_at) FROM run)");
  return {Is(run, "", "ended before it began")};
}

SelfCheckTest::Expected SelfCheckTest::DeadLetterOfASuccess() {
  const RunId run = Submit(SingleTask());
  EXPECT_TRUE(Fail(ClaimOne()));
  EXPECT_EQ(DeadLetters().size(), 1u);
  Sql("UPDATE task_end SET state = 4");
  return {Is(run, "a", "has a dead letter and has not failed")};
}

SelfCheckTest::Expected SelfCheckTest::CacheKeyOfNobody() {
  Submit(SingleTask());
  Sql("INSERT INTO cache_flight (key, token) VALUES ('key', 1000000)");
  return {Is(kStore, "", "has a cache key that is held by no lease")};
}

SelfCheckTest::Expected SelfCheckTest::PermitOfNoTask() {
  const RunId run = BeginLimited(2, 1).at(0);
  // The workflow has no such task.
  Sql("INSERT INTO permit (run, node, idx, token, concurrency, rate, most,"
      " given_at) SELECT run, 1, -1, token, concurrency, rate, most, given_at"
      " FROM permit");
  Sql("UPDATE limiter SET taken = 2");
  return {Is(run, "#1", "holds a permit and is not under way")};
}

SelfCheckTest::Expected SelfCheckTest::MorePermitsThanAllowed() {
  BeginLimited(2, 2);
  Sql("UPDATE permit SET most = 1");
  return {Is(kStore, "", "has a limit that is exceeded")};
}

SelfCheckTest::Expected SelfCheckTest::PermitsAreMiscounted() {
  BeginLimited(2, 1);
  Sql("UPDATE limiter SET taken = 2");
  return {Is(kStore, "", "has a limit whose permits are miscounted")};
}

SelfCheckTest::Expected SelfCheckTest::LineVanishes() {
  const std::vector<RunId> runs = BeginLimited(1, 2);
  Sql("DELETE FROM limit_line");
  return {Is(runs.at(1), "a", "waits for a limit that is not there")};
}

SelfCheckTest::Expected SelfCheckTest::LimiterVanishes() {
  const std::vector<RunId> runs = BeginLimited(1, 2);
  // One that it waits for besides the one that is taken.
  Sql("UPDATE blocked SET rate = 1000000");
  Sql("UPDATE limit_line SET rate = 1000000");
  return {Is(runs.at(1), "a", "waits for a limit that is not there")};
}

SelfCheckTest::Expected SelfCheckTest::LimitIsFree() {
  BeginLimited(1, 2);
  Sql("UPDATE limiter SET most = 2");
  return {Is(kStore, "", "has a task that waits for a limit that is free")};
}

SelfCheckTest::Expected SelfCheckTest::AddressOpensAgain() {
  WorkflowBuilder builder;
  builder.Task("a").callback.emplace();
  const RunId run = Submit(builder.Build());
  const Lease lease = ClaimOne();
  EXPECT_TRUE(store().OpenCallback(lease, {.token = "t", .secret = "s"}).ok());
  EXPECT_TRUE(Succeed(lease));
  Sql("UPDATE callback SET closed = false");
  return {Is(run, "a", "has ended and can still be called back")};
}

SelfCheckTest::Expected SelfCheckTest::RunIsCountedTwice() {
  Submit(SingleTask());
  Sql("UPDATE tally SET count = count + 1 WHERE what = 3");
  return {Is(kStore, "", "has miscounted its tasks or runs")};
}

struct Planted {
  const char* check;  // The name of the query's file.
  const char* name;
  SelfCheckTest::Expected (SelfCheckTest::*plant)();
};

#define PLANTED(check, plant) \
  { check, #plant, &SelfCheckTest::plant }

// A check may have several, one for each of its ways to be broken.
constexpr Planted kPlanted[] = {
    PLANTED("check_two_places", TaskIsScheduledToo),
    PLANTED("check_live_of_ended_run", TimerOfAnEndedRun),
    PLANTED("check_lease_of_dead", ExecutorEndsWithItsLease),
    PLANTED("check_stuck_run", ReadyTaskVanishes),
    PLANTED("check_parked_forever", AwaitedRunVanishes),
    PLANTED("check_parked_forever", AwaitedCacheKeyVanishes),
    PLANTED("check_wrong_lane", ReadyTaskIsHidden),
    PLANTED("check_wrong_lane", HiddenTaskIsShown),
    PLANTED("check_token_used_twice", TokenIsUsedAgain),
    PLANTED("check_map_count", InstanceVanishes),
    PLANTED("check_time_order", TaskEndsBeforeItBegins),
    PLANTED("check_time_order", RunEndsBeforeItIsSubmitted),
    PLANTED("check_dead_letter", DeadLetterOfASuccess),
    PLANTED("check_flight", CacheKeyOfNobody),
    PLANTED("check_permits", PermitOfNoTask),
    PLANTED("check_limit_exceeded", MorePermitsThanAllowed),
    PLANTED("check_limit_count", PermitsAreMiscounted),
    PLANTED("check_blocked_forever", LineVanishes),
    PLANTED("check_blocked_forever", LimiterVanishes),
    PLANTED("check_limit_idle", LimitIsFree),
    PLANTED("check_callback", AddressOpensAgain),
    PLANTED("check_tally", RunIsCountedTwice),
};

#undef PLANTED

TEST_P(SelfCheckTest, EachContradictionIsSeenAndNothingElse) {
  for (const Planted& planted : kPlanted) {
    SCOPED_TRACE(planted.name);
    Renew();
    const Expected expected = (this->*planted.plant)();
    EXPECT_THAT(Found(), testing::UnorderedElementsAreArray(expected));
  }
}

TEST_P(SelfCheckTest, NothingIsSeenBeforeItIsPlanted) {
  EXPECT_THAT(Found(), IsEmpty());
  const RunId map = Submit(SingleMap());
  EXPECT_THAT(Found(), IsEmpty());
  EXPECT_TRUE(Expand(ClaimOne(), 3));
  EXPECT_THAT(Found(), IsEmpty());
  EXPECT_TRUE(store().Pause(map).ok());
  BeginLimited(1, 3);
  EXPECT_THAT(Found(), IsEmpty());
  const RunId failed = Submit(SingleTask());
  EXPECT_TRUE(Fail(ClaimOne()));
  EXPECT_EQ(StateOf(failed), RunState::kFailed);
  EXPECT_THAT(Found(), IsEmpty());
  EXPECT_TRUE(store().Cancel(map, "enough").ok());
  EXPECT_THAT(Found(), IsEmpty());
}

TEST_P(SelfCheckTest, NoCheckIsWithoutItsContradiction) {
  const std::filesystem::path folder =
      WINDLASS_SOURCE_DIR "/src/store/sql/queries";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string check = entry.path().stem().string();
    if (!check.starts_with("check_")) continue;
    EXPECT_TRUE(std::any_of(
        std::begin(kPlanted), std::end(kPlanted),
        [&](const Planted& planted) { return planted.check == check; }))
        << check << ".sql: plant what it is to see in kPlanted";
  }
}

INSTANTIATE_TEST_SUITE_P(Stores, SelfCheckTest, testing::ValuesIn(AllStores()),
                         StoreName);

}  // namespace
}  // namespace windlass

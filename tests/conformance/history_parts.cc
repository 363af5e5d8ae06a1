// History that is in parts is dropped as a whole: what only PostgreSQL does, in
// its own words. What is pruned is the same everywhere: history.cc.

#include <atomic>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "conformance/store_test.h"

namespace windlass {
namespace {

class PostgresHistoryPartsTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    Sql(absl::StrCat("UPDATE history_part SET made_at = to_timestamp(",
                     absl::ToUnixSeconds(absl::FromChrono(clock().Now())),
                     ")"));
  }

  void Sql(const std::string& statements) {
    const absl::Status status = factory_->RunSql(statements);
    EXPECT_TRUE(status.ok()) << status;
  }
  void ExpectThat(const std::string& condition) {
    const absl::Status status = factory_->RunSql(
        absl::StrCat("DO $$ BEGIN ASSERT ", condition, "; END $$"));
    EXPECT_TRUE(status.ok()) << condition << ": " << status;
  }
  void ExpectParts(int count) {
    ExpectThat(absl::StrCat("(SELECT count(*) FROM history_part) = ", count));
    // And the default one.
    for (const char* table : {"task_end", "attempt"}) {
      ExpectThat(
          absl::StrCat("(SELECT count(*) FROM pg_inherits WHERE "
                       "inhparent = '",
                       table, "'::regclass) = ", count + 1));
    }
  }

  // As if that share of the ids of the newest part had been given to runs.
  void Give(double share) {
    Sql(absl::StrCat(
        "SELECT setval('run_id', greatest(last_value + 1, first + ((last - "
        "first)"
        " * ",
        share,
        ")::bigint)) FROM run_id,"
        " (SELECT * FROM history_part ORDER BY first DESC LIMIT 1) AS newest"));
  }

  RunId RunOne() {
    const RunId run = Submit(Chain(1));
    RunToEnd();
    return run;
  }

  std::int64_t Prune(Duration older_than) {
    PruneRequest request;
    request.older_than = older_than;
    std::int64_t runs = 0;
    while (true) {
      const PruneReply reply = Value(store().Prune(request));
      runs += reply.runs;
      if (!reply.next) return runs;
      request.after = *reply.next;
    }
  }

  // The first part is full of what ended within the hour.
  RunId FillFirstPart() {
    Give(0.6);
    Prune(hours(24));
    ExpectParts(2);
    Sql("SELECT setval('run_id', last - 1) FROM history_part WHERE first = 1");
    const RunId run = RunOne();
    Sql("SELECT setval('run_id', last + 10) FROM history_part WHERE first = 1");
    clock().Advance(hours(1));
    Prune(hours(24));
    ExpectThat("(SELECT whole FROM history_part WHERE first = 1)");
    return run;
  }
};

TEST_P(PostgresHistoryPartsTest, TheNextPartIsThereBeforeItIsNeeded) {
  RunOne();
  Prune(hours(24));
  ExpectParts(1);
  Give(0.6);
  Prune(hours(24));
  ExpectParts(2);
  Prune(hours(24));
  ExpectParts(2);
  ExpectThat("(SELECT max(first) = min(last) + 1 FROM history_part)");
}

TEST_P(PostgresHistoryPartsTest, APartHasRoomForAnEighthOfWhatIsKept) {
  clock().Advance(hours(1));
  Give(0.6);
  Prune(hours(80));
  ExpectThat(
      "(SELECT bool_and(abs((b.last - b.first) / (10 * 0.6 * (a.last - "
      "a.first))"
      " - 1) < 0.5) FROM history_part a, history_part b"
      " WHERE a.first = 1 AND b.first > 1)");
}

TEST_P(PostgresHistoryPartsTest, APartOfWhichNoRunIsLeftIsDropped) {
  const RunId old = FillFirstPart();
  const RunId young = RunOne();
  ExpectThat("EXISTS (SELECT FROM task_end_1)");
  clock().Advance(hours(25));
  // Pruned are both; what is kept of them differs.
  EXPECT_EQ(Prune(hours(24)), 2);
  EXPECT_TRUE(absl::IsNotFound(store().GetRun(old).status()));
  EXPECT_TRUE(absl::IsNotFound(store().GetRun(young).status()));
  ExpectParts(1);
  ExpectThat("NOT EXISTS (SELECT FROM task_end)");
  ExpectThat("to_regclass('task_end_1') IS NULL");
}

TEST_P(PostgresHistoryPartsTest, ARunThatIsKeptKeepsItsPart) {
  FillFirstPart();
  Sql("SELECT setval('run_id', 100)");
  const RunId alive = Submit(Chain(2));
  Succeed(ClaimOne());
  Sql("SELECT setval('run_id', last + 20) FROM history_part WHERE first = 1");
  clock().Advance(hours(25));
  EXPECT_EQ(Prune(hours(24)), 1);
  ExpectParts(2);
  EXPECT_EQ(Task(alive, 0).state, TaskState::kSucceeded);
  RunToEnd();
  EXPECT_EQ(StateOf(alive), RunState::kSucceeded);
  clock().Advance(hours(25));
  EXPECT_EQ(Prune(hours(24)), 1);
  ExpectParts(1);
}

TEST_P(PostgresHistoryPartsTest, APartThatTookLongToFillIsDeletedByRow) {
  Give(0.6);
  Prune(hours(24));
  RunOne();
  clock().Advance(hours(7));
  Sql("SELECT setval('run_id', last + 10) FROM history_part WHERE first = 1");
  Prune(hours(24));
  ExpectThat(
      "(SELECT full_at IS NOT NULL AND NOT whole FROM history_part"
      " WHERE first = 1)");
  clock().Advance(hours(25));
  EXPECT_EQ(Prune(hours(24)), 1);
  ExpectThat("NOT EXISTS (SELECT FROM task_end)");
  ExpectParts(2);
}

TEST_P(PostgresHistoryPartsTest, IdsBeyondAllPartsAreKeptAndDeletedByRow) {
  RunOne();
  Give(1);
  Sql("SELECT setval('run_id', last_value + 1000) FROM run_id");
  const RunId beyond = RunOne();
  ExpectThat("EXISTS (SELECT FROM task_end_default)");
  EXPECT_EQ(Task(beyond, 0).state, TaskState::kSucceeded);
  // The next part begins where nothing can be in the way.
  Prune(hours(24));
  ExpectParts(2);
  ExpectThat(
      absl::StrCat("(SELECT max(first) FROM history_part) > ", beyond.value));
  clock().Advance(hours(25));
  EXPECT_EQ(Prune(hours(24)), 2);
  ExpectThat("NOT EXISTS (SELECT FROM task_end)");
}

TEST_P(PostgresHistoryPartsTest, PartsAreMadeAndDroppedUnderLoad) {
  FillFirstPart();
  clock().Advance(hours(25));
  std::atomic<bool> done = false;
  std::thread pruner([&] {
    const auto another = OpenAnother();
    while (!done) {
      PruneRequest request;
      request.older_than = hours(24);
      const auto reply = another->Prune(request);
      EXPECT_TRUE(reply.ok()) << reply.status();
    }
  });
  for (int i = 0; i < 50; ++i) {
    if (i % 10 == 0) Give(0.7);
    const RunId run = RunOne();
    EXPECT_EQ(StateOf(run), RunState::kSucceeded);
    EXPECT_EQ(Task(run, 0).state, TaskState::kSucceeded);
  }
  done = true;
  pruner.join();
  ExpectThat("to_regclass('task_end_1') IS NULL");
}

std::vector<StoreKind> PostgresOnly() {
  std::vector<StoreKind> all = AllStores();
  std::erase_if(all, [](const StoreKind& kind) {
    return kind.name.find("ostgres") == std::string::npos;
  });
  return all;
}

INSTANTIATE_TEST_SUITE_P(Stores, PostgresHistoryPartsTest,
                         testing::ValuesIn(PostgresOnly()), StoreName);

}  // namespace
}  // namespace windlass

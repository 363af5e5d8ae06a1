// What only a store in a file has to prove; the rest is tests/conformance.
#include "store/sqlite/sqlite_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/local_process.h"
#include "sqlite_queries.h"
#include "store/sqlite/connection.h"
#include "store/sqlite/migrate.h"
#include "support/workflows.h"
#include "windlass/load.h"

namespace windlass {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

class SqliteStoreTest : public testing::Test {
 protected:
  SqliteStoreTest() : folder_(MakeTempDir("windlass-sqlite-").value()) {}
  ~SqliteStoreTest() override { RemoveTree(folder_).IgnoreError(); }

  std::string Path() const { return folder_ + "/new/folder/store.db"; }
  absl::StatusOr<std::unique_ptr<Store>> Open() const {
    SqliteStoreOptions options;
    options.path = Path();
    options.parser = &FindBuiltWorkflow;
    return OpenSqliteStore(options);
  }
  void Run(const std::string& sql) const {
    auto connection =
        sqlite::Connection::Open(Path(), sqlite::Connection::Mode::kWriter);
    ASSERT_TRUE(connection.ok());
    ASSERT_TRUE((*connection)->Run(sql).ok());
  }

  const std::string folder_;
};

// Runs `body` in a child process; it must not touch gtest.
template <typename Body>
pid_t Fork(const Body& body) {
  const pid_t child = fork();
  if (child != 0) return child;
  _exit(body());
}

bool EndedWell(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST_F(SqliteStoreTest, OpeningCreatesTheFolderAndTheNewestSchema) {
  EXPECT_TRUE(absl::IsNotFound(GetSqliteSchemaStatus(Path()).status()));
  ASSERT_TRUE(Open().ok());
  const auto schema = GetSqliteSchemaStatus(Path());
  ASSERT_TRUE(schema.ok()) << schema.status();
  EXPECT_GT(schema->newest, 0);
  EXPECT_EQ(schema->version, schema->newest);
  for (const SchemaStep& step : schema->steps) EXPECT_TRUE(step.applied);
}

TEST_F(SqliteStoreTest, ANewerSchemaIsRefusedAndLeftAlone) {
  ASSERT_TRUE(Open().ok());
  Run("PRAGMA user_version = 1000");
  const auto status = Open().status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("use the newer Windlass"));
  EXPECT_EQ(GetSqliteSchemaStatus(Path())->version, 1000);
}

TEST_F(SqliteStoreTest, AnotherProgramsDatabaseIsRefused) {
  ASSERT_TRUE(Open().ok());
  ASSERT_TRUE(MigrateSqliteDown(Path()).ok());
  Run("PRAGMA application_id = 7; CREATE TABLE mine (a)");
  const auto status = Open().status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("another program"));
}

TEST_F(SqliteStoreTest, AFileThatIsNoDatabaseIsDataLoss) {
  ASSERT_TRUE(Open().ok());
  for (const char* suffix : {"", "-wal", "-shm"}) {
    ASSERT_TRUE(RemoveTree(Path() + suffix).ok());
  }
  std::ofstream(Path()) << std::string(10'000, 'x');
  EXPECT_TRUE(absl::IsDataLoss(Open().status())) << Open().status();
}

TEST_F(SqliteStoreTest, MigrationsGoDownAndUpAgain) {
  ASSERT_TRUE(Open().ok());
  const int newest = GetSqliteSchemaStatus(Path())->newest;
  for (int version = newest - 1; version >= 0; --version) {
    ASSERT_TRUE(MigrateSqliteDown(Path()).ok());
    EXPECT_EQ(GetSqliteSchemaStatus(Path())->version, version);
  }
  EXPECT_TRUE(absl::IsFailedPrecondition(MigrateSqliteDown(Path())));
  ASSERT_TRUE(MigrateSqliteUp(Path()).ok());
  EXPECT_EQ(GetSqliteSchemaStatus(Path())->version, newest);
  EXPECT_THAT(SqliteSchemaSql(), HasSubstr("CREATE TABLE task_end"));
  EXPECT_TRUE(Open().ok());
}

TEST_F(SqliteStoreTest, ManyProcessesMayOpenANewFileAtOnce) {
  std::vector<pid_t> children;
  for (int i = 0; i < 10; ++i) {
    children.push_back(Fork([&] {
      auto store = Open();
      if (!store.ok()) return 1;
      SubmitRequest request;
      request.workflow = SingleTask();
      return (*store)->Submit({&request, 1}).ok() ? 0 : 2;
    }));
  }
  for (const pid_t child : children) EXPECT_TRUE(EndedWell(child));
  const auto store = Open();
  ASSERT_TRUE(store.ok());
  EXPECT_THAT((*store)->ListRuns({}).value(), SizeIs(10));
}

// What has to be in files of this process must fit `bytes`.
void LimitFiles(std::uintmax_t bytes) {
  rlimit limit = {};
  getrlimit(RLIMIT_FSIZE, &limit);
  limit.rlim_cur = std::min<rlim_t>(bytes, limit.rlim_max);
  setrlimit(RLIMIT_FSIZE, &limit);
}

TEST_F(SqliteStoreTest, WhatACommitThatFailedDidHasNotHappened) {
  const pid_t child = Fork([&] {
    std::signal(SIGXFSZ, SIG_IGN);
    auto store = Open();
    if (!store.ok()) return 1;
    SubmitRequest request;
    request.workflow = Chain(2);
    const auto submitted = (*store)->Submit({&request, 1});
    const auto executor = (*store)->Register(ExecutorInfo());
    if (!submitted.ok() || !executor.ok()) return 2;
    ClaimRequest claim;
    claim.executor = *executor;
    for (int task = 0; task < 2; ++task) {
      const auto claimed = (*store)->Claim(claim);
      if (!claimed.ok() || claimed->leases.size() != 1) return 3;
      AttemptEnd end;
      end.run = submitted->at(0).id;
      end.task = claimed->leases[0].task;
      end.token = claimed->leases[0].token;
      ClaimRequest nothing = claim;
      nothing.limit = 0;
      LimitFiles(std::filesystem::file_size(Path() + "-wal"));
      if ((*store)->Finish({&end, 1}, nothing).ok()) return 4;
      LimitFiles(std::numeric_limits<rlim_t>::max());
      const auto finished = (*store)->Finish({&end, 1}, nothing);
      if (!finished.ok() || !finished->accepted.at(0)) return 5;
    }
    const auto run = (*store)->GetRun(submitted->at(0).id);
    return run.ok() && run->state == RunState::kSucceeded ? 0 : 6;
  });
  EXPECT_TRUE(EndedWell(child));
}

// How many steps of SQLite's machine a query takes.
int StepsOf(sqlite3* file, sql::Query query, int state) {
  sqlite3_stmt* statement = nullptr;
  const std::string_view text = sqlite::kQueries[static_cast<int>(query)];
  EXPECT_EQ(sqlite3_prepare_v2(file, text.data(), static_cast<int>(text.size()),
                               &statement, nullptr),
            SQLITE_OK);
  sqlite3_bind_int64(statement, 1, 1'000'000'000);
  sqlite3_bind_text(statement, 2, "", 0, SQLITE_STATIC);
  sqlite3_bind_int(statement, 3, 50);
  sqlite3_bind_int(statement, 4, state);
  int rows = 0;
  while (sqlite3_step(statement) == SQLITE_ROW) ++rows;
  EXPECT_EQ(rows, 1);
  const int steps =
      sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, 0);
  sqlite3_finalize(statement);
  return steps;
}

TEST_F(SqliteStoreTest, RunsOfAStateAreFoundBehindManyOthers) {
  auto store = Open();
  ASSERT_TRUE(store.ok());
  SubmitRequest request;
  request.workflow = SingleTask();
  request.copies = 4;
  const auto runs = (*store)->Submit({&request, 1});
  ASSERT_TRUE(runs.ok());
  ASSERT_TRUE((*store)->Pause(runs->at(1).id).ok());
  ASSERT_TRUE((*store)->Cancel(runs->at(2).id, "").ok());
  Run("UPDATE run SET state = 2, finished_at = 0 WHERE id = 4;"
      "DELETE FROM ready WHERE run = 4;"
      "WITH RECURSIVE each (n) AS ("
      "  SELECT 1000 UNION ALL SELECT n + 1 FROM each WHERE n < 101000)"
      "INSERT INTO run (id, definition, input, state, paused, attempt,"
      "                 created_at, finished_at) "
      "SELECT n, definition, input, 1, 0, 1, 0, 0 FROM each, run WHERE id = 1");
  sqlite3* file = nullptr;
  ASSERT_EQ(sqlite3_open(Path().c_str(), &file), SQLITE_OK);
  EXPECT_LT(StepsOf(file, sql::Query::kSelectRunningRunRecords, 0), 10'000);
  EXPECT_LT(StepsOf(file, sql::Query::kSelectPausedRunRecords, 0), 1'000);
  EXPECT_LT(StepsOf(file, sql::Query::kSelectBadRunRecords, 2), 1'000);
  EXPECT_LT(StepsOf(file, sql::Query::kSelectBadRunRecords, 3), 1'000);
  sqlite3_close(file);
}

ExecutorInfo ThisExecutor() {
  ExecutorInfo info;
  info.name = "killed";
  info.lease_ttl = std::chrono::hours(1);
  DescribeThisProcess(info);
  return info;
}

// Claims and finishes until it is killed, telling of every run it submitted.
int WorkUntilKilled(Store& store, int told) {
  const auto executor = store.Register(ThisExecutor());
  if (!executor.ok()) return 1;
  ClaimRequest next;
  next.executor = *executor;
  next.limit = 3;
  SubmitRequest request;
  request.workflow = Diamond();
  std::vector<AttemptEnd> ends;
  for (;;) {
    const auto runs = store.Submit({&request, 1});
    if (!runs.ok()) return 2;
    const std::int64_t id = runs->at(0).id.value;
    if (write(told, &id, sizeof id) != sizeof id) return 3;
    const auto reply = store.Finish(ends, next);
    if (!reply.ok()) return 4;
    ends.clear();
    for (const Lease& lease : reply->leases) {
      AttemptEnd& end = ends.emplace_back();
      end.run = lease.run->id;
      end.task = lease.task;
      end.token = lease.token;
    }
  }
}

// Finishes everything there is.
void Drain(Store& store) {
  ClaimRequest next;
  next.executor = store.Register(ThisExecutor()).value();
  next.limit = 100;
  std::vector<AttemptEnd> ends;
  for (;;) {
    const auto reply = store.Finish(ends, next);
    ASSERT_TRUE(reply.ok()) << reply.status();
    if (reply->leases.empty()) break;
    ends.clear();
    for (const Lease& lease : reply->leases) {
      AttemptEnd& end = ends.emplace_back();
      end.run = lease.run->id;
      end.task = lease.task;
      end.token = lease.token;
    }
  }
  ASSERT_TRUE(store.Deregister(next.executor).ok());
}

TEST_F(SqliteStoreTest, AKilledProcessLosesNothingAndIsNoticedAtOnce) {
  const auto workflow = Diamond();
  for (int round = 0; round < 5; ++round) {
    int fds[2];
    ASSERT_EQ(pipe(fds), 0);
    const pid_t child = Fork([&] {
      auto store = Open();
      return store.ok() ? WorkUntilKilled(**store, fds[1]) : 9;
    });
    close(fds[1]);
    std::vector<RunId> acknowledged;
    std::int64_t id = 0;
    while (acknowledged.size() < 20u + static_cast<std::size_t>(round) &&
           read(fds[0], &id, sizeof id) == sizeof id) {
      acknowledged.push_back(RunId{id});
    }
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    while (read(fds[0], &id, sizeof id) == sizeof id) {
      acknowledged.push_back(RunId{id});
    }
    close(fds[0]);
    ASSERT_GE(acknowledged.size(), 20u);

    // The child built its own copy of the workflow after the fork.
    SqliteStoreOptions options;
    options.path = Path();
    options.parser = [&](const Json&) { return workflow; };
    auto store = OpenSqliteStore(options);
    ASSERT_TRUE(store.ok()) << store.status();
    const auto report = (*store)->Sweep();
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_EQ(report->executors_lost, 1);
    Drain(**store);
    for (const RunId run : acknowledged) {
      EXPECT_EQ((*store)->GetRun(run)->state, RunState::kSucceeded)
          << FormatRunId(run);
    }
    EXPECT_EQ((*store)->CountRuns().value().running, 0);
  }
}

TEST_F(SqliteStoreTest, ADefinitionOfAnotherProcessIsReadFromItsDocument) {
  const auto loaded = ParseWorkflow(R"(
windlass: 1
name: pinned
tasks:
  a: {type: noop, priority: 7, retry_policy: {maximum_attempts: 4}}
  b: {type: noop, depends_on: [a]}
)",
                                    LoadOptions{});
  ASSERT_TRUE(loaded.ok());
  {
    auto store = Open();
    ASSERT_TRUE(store.ok());
    SubmitRequest request;
    request.workflow = loaded.workflow;
    ASSERT_TRUE((*store)->Submit({&request, 1}).ok());
  }
  SqliteStoreOptions options;
  options.path = Path();
  auto store = OpenSqliteStore(options);
  ASSERT_TRUE(store.ok());
  ClaimRequest request;
  request.executor = (*store)->Register(ThisExecutor()).value();
  const auto reply = (*store)->Claim(request);
  ASSERT_TRUE(reply.ok()) << reply.status();
  ASSERT_THAT(reply->leases, SizeIs(1));
  EXPECT_NE(reply->leases[0].run->workflow, loaded.workflow);
  EXPECT_EQ(reply->leases[0].spec().priority, 7);
  EXPECT_EQ(reply->leases[0].spec().retry_policy.maximum_attempts, 4);
  EXPECT_EQ(reply->leases[0].run->workflow->digest, loaded.workflow->digest);
}

TEST_F(SqliteStoreTest, ADefinitionNobodyCanReadIsDataLoss) {
  {
    auto store = Open();
    ASSERT_TRUE(store.ok());
    SubmitRequest request;
    request.workflow = SingleTask();
    ASSERT_TRUE((*store)->Submit({&request, 1}).ok());
  }
  SqliteStoreOptions options;
  options.path = Path();
  auto store = OpenSqliteStore(options);
  ASSERT_TRUE(store.ok());
  ClaimRequest request;
  request.executor = (*store)->Register(ThisExecutor()).value();
  const auto status = (*store)->Claim(request).status();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("pinned definition"));
}

}  // namespace
}  // namespace windlass

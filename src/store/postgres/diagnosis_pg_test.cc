#include "store/postgres/diagnosis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libpq-fe.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/random.h"
#include "store/postgres/diagnosis/checks.h"
#include "support/postgres_database.h"
#include "support/postgres_server.h"

namespace windlass {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

using Level = Finding::Level;

// A session that a test keeps; ends with it.
class Session {
 public:
  explicit Session(const std::string& url)
      : connection_(PQconnectdb(url.c_str()), PQfinish) {
    EXPECT_EQ(PQstatus(connection_.get()), CONNECTION_OK)
        << PQerrorMessage(connection_.get());
  }
  void Run(const std::string& sql) {
    const std::unique_ptr<PGresult, decltype(&PQclear)> result(
        PQexec(connection_.get(), sql.c_str()), PQclear);
    EXPECT_NE(PQresultStatus(result.get()), PGRES_FATAL_ERROR)
        << sql << ": " << PQerrorMessage(connection_.get());
  }
  int pid() { return PQbackendPID(connection_.get()); }

 private:
  const std::unique_ptr<PGconn, decltype(&PQfinish)> connection_;
};

// Nothing but a server that hangs is slow enough for these.
PostgresDiagnosisLimits Generous() {
  PostgresDiagnosisLimits limits;
  limits.round_trip = minutes(1);
  limits.clock_skew = hours(1);
  limits.connect = seconds(60);
  limits.question = seconds(60);
  limits.everything = minutes(5);
  return limits;
}

class PostgresDiagnosisTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto database = testing::PostgresDatabase::Create();
    ASSERT_TRUE(database.ok()) << database.status();
    Use(*std::move(database));
  }
  void TearDown() override {
    for (const std::string& role : roles_) {
      Sql(absl::StrCat("DROP OWNED BY ", role, "; DROP ROLE ", role));
    }
  }

  void Use(std::unique_ptr<testing::PostgresDatabase> database) {
    database_ = std::move(database);
    options_.url = database_->url();
    ASSERT_TRUE(OpenPostgresStore(options_).ok());
  }
  // In place of the shared server, for settings of its own.
  void UseServer(const testing::PostgresServer::Settings& settings) {
    auto server = testing::PostgresServer::Start(settings);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    auto database = testing::PostgresDatabase::CreateOn(server_->url());
    ASSERT_TRUE(database.ok()) << database.status();
    Use(*std::move(database));
  }

  testing::SqlRows Sql(const std::string& sql) {
    auto rows = testing::RunSql(database_->url(), sql);
    EXPECT_TRUE(rows.ok()) << sql << ": " << rows.status();
    return rows.value_or(testing::SqlRows());
  }

  // A role without rights of its own; `settings` are of ALTER ROLE.
  std::string NewRole(const std::vector<std::string>& settings = {}) {
    const std::string role = absl::StrCat("role_", RandomToken(8));
    Sql(absl::StrCat("CREATE ROLE ", role, " LOGIN"));
    roles_.push_back(role);
    for (const std::string& setting : settings) {
      Sql(absl::StrCat("ALTER ROLE ", role, " ", setting));
    }
    return role;
  }
  // One that may do what the store needs.
  std::string NewUser(const std::vector<std::string>& settings = {}) {
    const std::string role = NewRole(settings);
    Sql(absl::StrCat("GRANT USAGE ON SCHEMA windlass TO ", role,
                     "; GRANT ALL ON ALL TABLES IN SCHEMA windlass TO ", role,
                     "; GRANT ALL ON ALL SEQUENCES IN SCHEMA windlass TO ",
                     role));
    return role;
  }
  void BecomeRole(const std::string& role) {
    options_.url = absl::StrReplaceAll(database_->url(),
                                       {{"//postgres@", "//" + role + "@"}});
  }

  std::vector<Finding> Look() { return DiagnosePostgres(options_, limits_); }
  Finding Find(const std::string& check) {
    for (Finding& finding : Look()) {
      if (finding.check == check) return finding;
    }
    ADD_FAILURE() << "nothing about " << check;
    return {};
  }

  PostgresStoreOptions options_;
  PostgresDiagnosisLimits limits_ = Generous();
  std::unique_ptr<testing::PostgresServer> server_;
  std::unique_ptr<testing::PostgresDatabase> database_;

 private:
  std::vector<std::string> roles_;
};

TEST_F(PostgresDiagnosisTest, AllIsWellOnASoundServer) {
  UseServer({{"fsync", "on"}});
  std::vector<std::string> checks;
  for (const Finding& finding : Look()) {
    checks.push_back(finding.check);
    EXPECT_EQ(finding.level, Level::kOk)
        << finding.check << ": " << finding.detail;
    EXPECT_THAT(finding.advice, IsEmpty());
    EXPECT_THAT(finding.detail, Not(IsEmpty()));
  }
  EXPECT_THAT(
      checks,
      ElementsAre("connection", "server", "schema", "permissions",
                  "connection limit", "latency", "clock skew", "pooler",
                  "wake-ups", "timeouts", "durability", "long transactions",
                  "replication slots", "vacuum", "transaction ids", "size"));
}

// --- The way to the server

TEST_F(PostgresDiagnosisTest, AServerThatRefusesIsOneProblem) {
  options_.url = "postgres://127.0.0.1:1/none";
  EXPECT_THAT(Look(), ElementsAre(AllOf(
                          Field(&Finding::check, "connection"),
                          Field(&Finding::level, Level::kProblem),
                          Field(&Finding::detail, HasSubstr("refused")))));
}

TEST_F(PostgresDiagnosisTest, AServerThatHangsIsOneProblem) {
  UseServer({});
  ASSERT_TRUE(server_->Pause().ok());
  limits_.connect = seconds(2);
  limits_.question = milliseconds(100);
  EXPECT_THAT(Look(),
              ElementsAre(AllOf(Field(&Finding::check, "connection"),
                                Field(&Finding::level, Level::kProblem))));
  ASSERT_TRUE(server_->Resume().ok());
}

TEST_F(PostgresDiagnosisTest, TheConnectionIsDescribed) {
  const Finding finding = Find("connection");
  EXPECT_THAT(finding.detail, HasSubstr("127.0.0.1:"));
  EXPECT_THAT(finding.detail, HasSubstr("database test_"));
  EXPECT_THAT(finding.detail, HasSubstr("role postgres"));
}

TEST_F(PostgresDiagnosisTest, OnlyConnectionsOfThisMachineMayBeInTheClear) {
  postgres::Endpoint endpoint{"db.example.org", "192.0.2.7", "5432",
                              "jobs",           "app",       ""};
  Finding finding = postgres::CheckEncryption(endpoint);
  EXPECT_EQ(finding.level, Level::kWarning);
  EXPECT_THAT(finding.advice, HasSubstr("sslmode=verify-full"));

  endpoint.encryption = "TLSv1.3";
  finding = postgres::CheckEncryption(endpoint);
  EXPECT_EQ(finding.level, Level::kOk);
  EXPECT_THAT(finding.detail, EndsWith("TLSv1.3"));

  endpoint.encryption.clear();
  for (const char* address : {"127.0.0.1", "::1"}) {
    endpoint.address = address;
    EXPECT_EQ(postgres::CheckEncryption(endpoint).level, Level::kOk);
  }
  endpoint.address.clear();
  endpoint.host = "/run/postgresql";
  EXPECT_EQ(postgres::CheckEncryption(endpoint).level, Level::kOk);
}

TEST_F(PostgresDiagnosisTest, TheMiddleRoundTripCounts) {
  std::vector<postgres::Echo> echoes(7);
  for (std::size_t i = 0; i < 3; ++i) echoes[i].round_trip = seconds(9);
  EXPECT_EQ(postgres::CheckRoundTrip(echoes, milliseconds(20)).level,
            Level::kOk);
  echoes[3].round_trip = milliseconds(30);
  const Finding slow = postgres::CheckRoundTrip(echoes, milliseconds(20));
  EXPECT_EQ(slow.level, Level::kWarning);
  EXPECT_THAT(slow.detail, HasSubstr("30ms"));
}

TEST_F(PostgresDiagnosisTest, HalfARoundTripOfClockSkewIsNoSkew) {
  const std::vector<postgres::Echo> slow = {{seconds(8), seconds(13)}};
  EXPECT_EQ(postgres::CheckClockSkew(slow, seconds(10)).level, Level::kOk);
  // The quicker one knows better.
  const std::vector<postgres::Echo> both = {{seconds(8), seconds(13)},
                                            {milliseconds(1), seconds(12)}};
  const Finding behind = postgres::CheckClockSkew(both, seconds(10));
  EXPECT_EQ(behind.level, Level::kWarning);
  EXPECT_THAT(behind.detail, HasSubstr("12s behind"));
  const std::vector<postgres::Echo> ahead = {{milliseconds(1), -hours(2)}};
  EXPECT_THAT(postgres::CheckClockSkew(ahead, seconds(10)).detail,
              HasSubstr("2h ahead of"));
}

TEST_F(PostgresDiagnosisTest, LimitsOfNothingShowThatTheyCount) {
  limits_.round_trip = Duration::zero();
  limits_.clock_skew = -hours(1);
  limits_.connections_left = 1'000'000;
  limits_.transaction_age = -1;
  for (const char* check :
       {"latency", "clock skew", "connection limit", "transaction ids"}) {
    const Finding finding = Find(check);
    EXPECT_EQ(finding.level, Level::kWarning) << check;
    EXPECT_THAT(finding.advice, Not(IsEmpty())) << check;
  }
}

TEST_F(PostgresDiagnosisTest, AListenerOfAnotherDatabaseHearsNothing) {
  auto other = testing::PostgresDatabase::Create();
  ASSERT_TRUE(other.ok()) << other.status();
  options_.listen_url = (*other)->url();
  const Finding finding = Find("wake-ups");
  EXPECT_EQ(finding.level, Level::kWarning);
  EXPECT_THAT(finding.advice, HasSubstr("same server and database"));
}

TEST_F(PostgresDiagnosisTest, AListenUrlThatLeadsNowhereIsAWarning) {
  options_.listen_url = "postgres://127.0.0.1:1/none";
  const Finding finding = Find("wake-ups");
  EXPECT_EQ(finding.level, Level::kWarning);
  EXPECT_THAT(finding.detail, HasSubstr("executors poll for work"));
}

// --- How the server is set up

TEST_F(PostgresDiagnosisTest, AReadOnlyServerIsAProblem) {
  BecomeRole(NewUser({"SET default_transaction_read_only = on"}));
  const Finding finding = Find("server");
  EXPECT_EQ(finding.level, Level::kProblem);
  EXPECT_THAT(finding.detail, HasSubstr("read-only"));
  EXPECT_THAT(finding.advice,
              HasSubstr("SET default_transaction_read_only = off"));
}

TEST_F(PostgresDiagnosisTest, FewConnectionsLeftAreAWarning) {
  BecomeRole(NewUser({"CONNECTION LIMIT 9"}));
  const Finding finding = Find("connection limit");
  EXPECT_EQ(finding.level, Level::kWarning);
  EXPECT_THAT(finding.detail, HasSubstr("of 9 connections of the role role_"));
}

TEST_F(PostgresDiagnosisTest, AServerOfFewConnectionsIsAWarning) {
  UseServer({{"max_connections", "10"}});
  const Finding finding = Find("connection limit");
  EXPECT_EQ(finding.level, Level::kWarning);
  EXPECT_THAT(finding.detail, HasSubstr("of 7 connections of the server"));
}

TEST_F(PostgresDiagnosisTest, TimeoutsBelowOurPatienceAreAWarning) {
  BecomeRole(
      NewUser({"SET statement_timeout = '2s'", "SET lock_timeout = '60s'"}));
  const Finding finding = Find("timeouts");
  EXPECT_EQ(finding.level, Level::kWarning);
  EXPECT_THAT(finding.detail, HasSubstr("statement_timeout is 2s"));
  EXPECT_THAT(finding.detail, Not(HasSubstr("lock_timeout")));
  EXPECT_THAT(finding.advice, HasSubstr("SET statement_timeout = 0"));
}

TEST_F(PostgresDiagnosisTest, WhatACrashMayTakeIsAWarning) {
  EXPECT_THAT(Find("durability").detail, HasSubstr("fsync is off"));
  BecomeRole(NewUser({"SET synchronous_commit = off"}));
  const Finding finding = Find("durability");
  EXPECT_EQ(finding.level, Level::kWarning);
  EXPECT_THAT(finding.detail, HasSubstr("synchronous_commit is off: a crash "
                                        "may take the last moments' commits"));
}

// --- What is ours there

TEST_F(PostgresDiagnosisTest, ASchemaThatIsMissingIsAProblem) {
  options_.schema = "none \"here\"";
  const Finding finding = Find("schema");
  EXPECT_EQ(finding.level, Level::kProblem);
  EXPECT_THAT(finding.advice, HasSubstr("windlass migrate up"));
  EXPECT_EQ(Find("permissions").level, Level::kOk);

  BecomeRole(NewRole());
  const Finding rights = Find("permissions");
  EXPECT_EQ(rights.level, Level::kProblem);
  EXPECT_THAT(rights.advice, HasSubstr("GRANT CREATE ON DATABASE test_"));
}

TEST_F(PostgresDiagnosisTest, AnOlderSchemaIsAProblem) {
  Sql("DELETE FROM windlass.migration"
      " WHERE version = (SELECT max(version) FROM windlass.migration)");
  const Finding finding = Find("schema");
  EXPECT_EQ(finding.level, Level::kProblem);
  EXPECT_THAT(finding.advice, HasSubstr("windlass migrate up"));
}

TEST_F(PostgresDiagnosisTest, ANewerSchemaIsAProblem) {
  Sql("INSERT INTO windlass.migration VALUES (999, 'later', now())");
  const Finding finding = Find("schema");
  EXPECT_EQ(finding.level, Level::kProblem);
  EXPECT_THAT(finding.detail, HasSubstr("has version 999, this Windlass"));
  EXPECT_THAT(finding.advice, HasSubstr("newer Windlass"));
}

TEST_F(PostgresDiagnosisTest, TheAdviceOnPermissionsIsAllThatIsNeeded) {
  BecomeRole(NewRole());
  EXPECT_EQ(Find("schema").level, Level::kProblem);
  const Finding lacking = Find("permissions");
  EXPECT_EQ(lacking.level, Level::kProblem);
  EXPECT_THAT(lacking.detail, HasSubstr("lacks USAGE ON SCHEMA windlass"));
  EXPECT_FALSE(OpenPostgresStore(options_).ok());

  const std::string introduction = "as the owner of the schema: ";
  ASSERT_TRUE(lacking.advice.starts_with(introduction)) << lacking.advice;
  Sql(lacking.advice.substr(introduction.size()));
  EXPECT_EQ(Find("permissions").level, Level::kOk)
      << Find("permissions").detail;
  EXPECT_EQ(Find("schema").level, Level::kOk);
  auto store = OpenPostgresStore(options_);
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_TRUE((*store)->Register(ExecutorInfo()).ok());
  EXPECT_TRUE((*store)->Sweep().ok());
}

TEST_F(PostgresDiagnosisTest, MissingRightsAreNamedOneByOne) {
  const std::string role = NewUser();
  Sql("REVOKE UPDATE, DELETE ON windlass.lease FROM " + role);
  Sql("REVOKE USAGE ON SEQUENCE windlass.run_id FROM " + role);
  BecomeRole(role);
  const Finding finding = Find("permissions");
  EXPECT_EQ(finding.level, Level::kProblem);
  EXPECT_EQ(finding.detail,
            "this role lacks UPDATE, DELETE ON TABLE windlass.lease; "
            "USAGE ON SEQUENCE windlass.run_id");
  EXPECT_THAT(finding.advice,
              HasSubstr("GRANT USAGE ON SEQUENCE windlass.run_id TO " + role));
}

// --- What keeps it from being cleaned up

TEST_F(PostgresDiagnosisTest, ALongTransactionIsNamedWithItsEnd) {
  limits_.transaction = Duration::zero();
  EXPECT_EQ(Find("long transactions").level, Level::kOk);
  Session forgotten(options_.url + "?application_name=report");
  forgotten.Run("BEGIN; SELECT 1");
  const std::string pid = absl::StrCat(forgotten.pid());
  const Finding finding = Find("long transactions");
  EXPECT_EQ(finding.level, Level::kWarning);
  EXPECT_THAT(finding.detail,
              HasSubstr("pid " + pid +
                        " of role postgres (report, idle in transaction)"));
  EXPECT_THAT(finding.advice,
              HasSubstr("SELECT pg_terminate_backend(" + pid + ")"));
  limits_.transaction = hours(1);
  EXPECT_EQ(Find("long transactions").level, Level::kOk);
}

TEST_F(PostgresDiagnosisTest, WhoMayNotSeeTransactionsOfOthersIsToldSo) {
  limits_.transaction = Duration::zero();
  Session forgotten(options_.url);
  forgotten.Run("BEGIN; SELECT 1");
  BecomeRole(NewUser());
  EXPECT_THAT(Find("long transactions").detail, HasSubstr("pg_read_all_stats"));
}

TEST_F(PostgresDiagnosisTest, PreparedTransactionsAndSlotsAreNamed) {
  UseServer({{"max_prepared_transactions", "2"}, {"wal_level", "logical"}});
  limits_.transaction = Duration::zero();
  EXPECT_EQ(Find("replication slots").level, Level::kOk);
  Sql("BEGIN; CREATE TABLE t (); PREPARE TRANSACTION 'it''s'");
  const Finding prepared = Find("long transactions");
  EXPECT_EQ(prepared.level, Level::kWarning);
  EXPECT_THAT(prepared.advice, HasSubstr("ROLLBACK PREPARED 'it''s'"));
  Sql("ROLLBACK PREPARED 'it''s'");

  Sql("SELECT pg_create_logical_replication_slot('left_over', 'pgoutput')");
  const Finding slot = Find("replication slots");
  EXPECT_EQ(slot.level, Level::kWarning);
  EXPECT_THAT(slot.detail, HasSubstr("left_over is not read"));
  EXPECT_THAT(slot.advice,
              HasSubstr("SELECT pg_drop_replication_slot('left_over')"));
  Sql("SELECT pg_drop_replication_slot('left_over')");
}

TEST_F(PostgresDiagnosisTest, DeadRowsAreAWarning) {
  limits_.dead_rows = 10;
  // Fewer than autovacuum looks for.
  Sql("INSERT INTO windlass.limit_line SELECT i, 0 FROM generate_series(1, 30)"
      " AS each (i)");
  Sql("DELETE FROM windlass.limit_line");
  Sql("ANALYZE windlass.limit_line");
  const Finding finding = Find("vacuum");
  EXPECT_EQ(finding.level, Level::kWarning);
  EXPECT_THAT(finding.detail, HasSubstr("30 dead rows in windlass.limit_line"));
  EXPECT_THAT(finding.advice, HasSubstr("VACUUM windlass.limit_line"));
}

TEST_F(PostgresDiagnosisTest, ATableWithoutAutovacuumIsAWarning) {
  Sql("ALTER TABLE windlass.ready SET (autovacuum_enabled = off)");
  EXPECT_THAT(Find("vacuum").detail,
              HasSubstr("autovacuum is off for windlass.ready"));
}

TEST_F(PostgresDiagnosisTest, AServerWithoutAutovacuumIsAWarning) {
  UseServer({{"autovacuum", "off"}});
  const Finding finding = Find("vacuum");
  EXPECT_EQ(finding.level, Level::kWarning);
  EXPECT_EQ(finding.detail, "autovacuum is off");
}

// --- Questions that are not answered

TEST_F(PostgresDiagnosisTest, AQuestionThatWaitsForALockIsGivenUp) {
  Session locking(options_.url);
  locking.Run("BEGIN; LOCK TABLE windlass.run IN ACCESS EXCLUSIVE MODE");
  // Long enough for those that wait for nothing.
  limits_.question = seconds(4);
  const Finding finding = Find("size");
  EXPECT_EQ(finding.level, Level::kWarning);
  EXPECT_THAT(finding.detail, HasSubstr("not answered"));
}

TEST_F(PostgresDiagnosisTest, WhatThereIsNoTimeForIsSaid) {
  limits_.everything = Duration::zero();
  const auto findings = Look();
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].level, Level::kWarning);
  EXPECT_THAT(findings[0].detail,
              HasSubstr("not looked at: connection, server"));
}

}  // namespace
}  // namespace windlass

#include "support/postgres_server.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>

#include "base/subprocess.h"
#include "support/postgres_database.h"

namespace windlass::testing {
namespace {

bool Runs(pid_t pid) { return kill(pid, 0) == 0 || errno != ESRCH; }

TEST(PostgresServerTest, KillAndRestartKeepWhatWasCommitted) {
  auto server = PostgresServer::Start();
  ASSERT_TRUE(server.ok()) << server.status();
  const std::string url = (*server)->url();
  ASSERT_TRUE(RunSql(url, "create table kept as select 42 n").ok());

  const pid_t first = (*server)->pid().value();
  ASSERT_TRUE((*server)->Kill().ok());
  EXPECT_FALSE((*server)->pid().has_value());
  EXPECT_FALSE(Runs(first));
  EXPECT_TRUE(absl::IsUnavailable(RunSql(url, "select 1").status()));

  ASSERT_TRUE((*server)->Restart().ok());
  EXPECT_EQ((*server)->url(), url);
  auto rows = RunSql((*server)->socket_url(), "select n from kept");
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_EQ(*rows, SqlRows{{"42"}});
}

TEST(PostgresServerTest, TakesSettingsAndSaysWhatIsWrongWithThem) {
  auto server = PostgresServer::Start({{"max_connections", "7"}});
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_EQ(*RunSql((*server)->url(), "show max_connections"), SqlRows{{"7"}});

  auto refused = PostgresServer::Start({{"max_connections", "none"}});
  EXPECT_NE(refused.status().message().find("max_connections"),
            std::string::npos)
      << refused.status();
}

TEST(PostgresServerTest, LeavesNothingBehind) {
  auto server = PostgresServer::Start();
  ASSERT_TRUE(server.ok()) << server.status();
  const pid_t pid = (*server)->pid().value();
  auto folder = RunSql((*server)->url(), "show data_directory");
  ASSERT_TRUE(folder.ok()) << folder.status();
  server->reset();
  struct stat info;
  EXPECT_NE(stat((*folder)[0][0].c_str(), &info), 0);
  EXPECT_FALSE(Runs(pid));
}

TEST(PostgresDatabaseTest, IsEmptyOfItsOwnAndDroppedWhileInUse) {
  auto one = PostgresDatabase::Create();
  auto other = PostgresDatabase::Create();
  ASSERT_TRUE(one.ok()) << one.status();
  ASSERT_TRUE(other.ok()) << other.status();
  ASSERT_TRUE(RunSql((*one)->url(), "create table only_here ()").ok());
  EXPECT_EQ(*RunSql((*other)->url(), "select to_regclass('only_here')"),
            SqlRows{{""}});
  const std::string url = (*one)->url();
  one->reset();
  EXPECT_TRUE(absl::IsUnavailable(RunSql(url, "select 1").status()));
}

}  // namespace
}  // namespace windlass::testing

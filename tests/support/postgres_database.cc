#include "support/postgres_database.h"

#include <libpq-fe.h>

#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/random.h"
#include "support/postgres_server.h"

namespace windlass::testing {
namespace {

// Set by ctest: the state folder of postgres_fixture.py.
constexpr char kFixtureVariable[] = "WINDLASS_TEST_POSTGRES";
constexpr std::size_t kLongestUrl = 4096;

using Connection = std::unique_ptr<PGconn, decltype(&PQfinish)>;
using Answer = std::unique_ptr<PGresult, decltype(&PQclear)>;

// A server's url names the database `postgres` last.
std::string UrlOf(const std::string& server_url, const std::string& database) {
  return absl::StrCat(server_url.substr(0, server_url.rfind('/') + 1),
                      database);
}

}  // namespace

absl::StatusOr<std::string> SharedPostgresUrl() {
  const char* fixture = std::getenv(kFixtureVariable);
  if (fixture != nullptr) {
    return ReadFile(absl::StrCat(fixture, "/url"), kLongestUrl);
  }
  static const auto server = PostgresServer::Start();
  if (!server.ok()) return server.status();
  return (*server)->url();
}

PostgresDatabase::PostgresDatabase(std::string server_url, std::string name)
    : server_url_(std::move(server_url)),
      name_(std::move(name)),
      url_(UrlOf(server_url_, name_)) {}

absl::StatusOr<std::unique_ptr<PostgresDatabase>> PostgresDatabase::Create() {
  absl::StatusOr<std::string> server_url = SharedPostgresUrl();
  if (!server_url.ok()) return server_url.status();
  return CreateOn(*server_url);
}

absl::StatusOr<std::unique_ptr<PostgresDatabase>> PostgresDatabase::CreateOn(
    const std::string& server_url) {
  const std::string name = absl::StrCat("test_", RandomToken(8));
  // Copying files takes a fifth of the time of the default, the log.
  auto made = RunSql(server_url, absl::StrCat("create database ", name,
                                              " template template0"
                                              " strategy file_copy"));
  if (!made.ok()) return made.status();
  return std::unique_ptr<PostgresDatabase>(
      new PostgresDatabase(server_url, name));
}

PostgresDatabase::~PostgresDatabase() {
  RunSql(server_url_,
         absl::StrCat("drop database if exists ", name_, " with (force)"))
      .IgnoreError();
}

absl::StatusOr<SqlRows> RunSql(const std::string& url, const std::string& sql) {
  Connection connection(PQconnectdb(url.c_str()), PQfinish);
  if (PQstatus(connection.get()) != CONNECTION_OK) {
    return absl::UnavailableError(PQerrorMessage(connection.get()));
  }
  Answer answer(PQexec(connection.get(), sql.c_str()), PQclear);
  const ExecStatusType status = PQresultStatus(answer.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
    return absl::InternalError(PQerrorMessage(connection.get()));
  }
  SqlRows rows(static_cast<std::size_t>(PQntuples(answer.get())));
  for (int row = 0; row < PQntuples(answer.get()); ++row) {
    for (int column = 0; column < PQnfields(answer.get()); ++column) {
      rows[static_cast<std::size_t>(row)].emplace_back(
          PQgetvalue(answer.get(), row, column));
    }
  }
  return rows;
}

}  // namespace windlass::testing

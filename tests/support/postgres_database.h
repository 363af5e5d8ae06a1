// An empty PostgreSQL database for one test, on a server shared by many.
//
//   auto database = PostgresDatabase::Create();
//   ASSERT_TRUE(database.ok()) << database.status();
//   OpenPostgresStore({.url = (*database)->url()});
//
// Under ctest the server is the one of the fixture `postgres`, which every test
// with "Postgres" in its name requires (tests/CMakeLists.txt). In a test binary
// started by hand it is one of the process's own, started at first use.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace windlass::testing {

class PostgresDatabase {
 public:
  // On the shared server.
  static absl::StatusOr<std::unique_ptr<PostgresDatabase>> Create();
  // On the server that `server_url` leads to.
  static absl::StatusOr<std::unique_ptr<PostgresDatabase>> CreateOn(
      const std::string& server_url);

  // Drops it; whoever is still connected is cut off. Does nothing when the
  // server is gone.
  ~PostgresDatabase();
  PostgresDatabase(const PostgresDatabase&) = delete;
  PostgresDatabase& operator=(const PostgresDatabase&) = delete;

  const std::string& url() const { return url_; }

 private:
  PostgresDatabase(std::string server_url, std::string name);

  const std::string server_url_;
  const std::string name_;
  const std::string url_;
};

// The database `postgres` of the shared server. Leave it empty.
absl::StatusOr<std::string> SharedPostgresUrl();

// Runs SQL on a connection of its own and returns the last statement's rows;
// nulls are empty strings. Unavailable when the server cannot be reached.
using SqlRows = std::vector<std::vector<std::string>>;
absl::StatusOr<SqlRows> RunSql(const std::string& url, const std::string& sql);

}  // namespace windlass::testing

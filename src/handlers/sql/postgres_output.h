// Tables that become rows of a table on a PostgreSQL server.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/postgres/client.h"
#include "handlers/duckdb/database.h"
#include "handlers/params.h"
#include "windlass/json.h"

namespace windlass {

struct PostgresTarget {
  std::string url;
  std::string table;  // "name" or "schema.name", as it is, without quotes.
  enum class Mode : std::uint8_t { kAppend, kReplace, kUpsert };
  Mode mode = Mode::kAppend;
  // kUpsert: the columns of a unique index; what has the same is updated.
  std::vector<std::string> key;
};

// What is wrong with {postgres, table, mode, key, query} at `path`.
void CheckPostgresOutput(const std::string& path, const Json& output,
                         ParamStage stage, ParamProblems& problems);
PostgresTarget PostgresTargetOf(const Json& output);

// Rows in a file that PostgreSQL reads.
struct PostgresRows {
  std::string path;
  std::vector<std::string> columns;
  std::int64_t count = 0;
};
// Of what `source`, a query or quoted name, gives with `params` bound. Lists,
// structs and maps become JSON.
absl::StatusOr<PostgresRows> WriteForPostgres(duckdb::Database& database,
                                              const std::string& source,
                                              const JsonObject& params,
                                              std::string path);

// A transaction for each server; those whose Commit() is not called have
// changed nothing. Not thread-safe.
class PostgresWriter {
 public:
  explicit PostgresWriter(std::stop_token stop) : stop_(std::move(stop)) {}

  // Facts about what was written: table, mode, rows.
  absl::StatusOr<JsonObject> Write(const PostgresTarget& target,
                                   const PostgresRows& rows);
  absl::Status Commit();

 private:
  absl::StatusOr<postgres::Client*> ClientOf(const std::string& url);

  const std::stop_token stop_;
  std::map<std::string, std::unique_ptr<postgres::Client>> clients_;  // By URL.
  int written_ = 0;
};

}  // namespace windlass

// One attempt of a task of type `sql`. Params have been checked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "handlers/duckdb/database.h"
#include "handlers/sql/outputs.h"
#include "handlers/sql/session.h"
#include "windlass/events.h"
#include "windlass/handler.h"

namespace windlass {

class SqlJob {
 public:
  explicit SqlJob(SqlSession& session);

  absl::StatusOr<Content> Run(const std::string& sql);

  // Of the result and the outputs that were made.
  const DataVolume& volume() const { return volume_; }

 private:
  absl::Status Prepare();
  absl::StatusOr<Content> RunStatements(const std::string& sql);
  absl::StatusOr<Content> RunLast(const std::string& sql, int count);
  // The rows of the only statement, if they are few and there at once.
  absl::StatusOr<std::optional<Content>> RowsAtOnce(const std::string& sql);
  // What the last statement leaves: rows, or a table in the result store.
  absl::StatusOr<Content> Last(const std::string& statement);
  absl::StatusOr<Content> Rows(const std::string& statement,
                               const JsonObject& params);
  // Nothing beyond `limit` rows.
  absl::StatusOr<std::optional<Content>> RowsUpTo(std::int64_t limit,
                                                  duckdb::QueryResult& result);
  absl::StatusOr<Content> RowsOrTable(const std::string& query);
  absl::StatusOr<Content> Table(const std::string& source,
                                const JsonObject& params, TableFormat format);
  // In two steps, so that no output appears unless all could be written.
  absl::Status WriteOutputs();
  absl::Status WriteOutput(const SqlOutput& output);
  absl::StatusOr<JsonObject> Publish();

  SqlSession& session_;
  TaskContext& task_;
  const JsonObject values_;  // Of $name.
  const std::int64_t maximum_rows_;
  const std::string result_;  // "auto", "rows" or a format.
  const std::vector<SqlOutput> outputs_;
  DataVolume volume_;
  std::vector<TableFile> files_;    // Of outputs_, not yet published.
  std::vector<PostgresRows> rows_;  // Of outputs_ on servers, likewise.
};

}  // namespace windlass

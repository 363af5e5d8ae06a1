// One attempt of a task of type `sql`. Params have been checked.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "handlers/duckdb/database.h"
#include "handlers/duckdb/database_pool.h"
#include "handlers/sql/inputs.h"
#include "handlers/sql/outputs.h"
#include "windlass/handler.h"

namespace windlass {

class SqlJob {
 public:
  struct Parts {
    const Places* places = nullptr;
    InputReader* inputs = nullptr;
    duckdb::DatabasePool* databases = nullptr;
    duckdb::DatabaseOptions database;  // With the attempt's folder.
  };
  // All borrowed.
  SqlJob(TaskContext& task, Parts parts);
  ~SqlJob();

  absl::StatusOr<Content> Run(const std::string& sql);

 private:
  absl::Status Prepare();
  absl::Status AddInputs(std::vector<std::string>& files,
                         std::vector<std::string>& views);
  absl::StatusOr<Content> RunStatements(const std::string& sql);
  // What the last statement leaves: rows, or a table in the result store.
  absl::StatusOr<Content> Last(const std::string& statement);
  absl::StatusOr<Content> Rows(const std::string& statement,
                               const JsonObject& params);
  absl::StatusOr<Content> RowsOrTable(const std::string& query);
  absl::StatusOr<Content> Table(const std::string& source,
                                const JsonObject& params, TableFormat format);
  // In two steps, so that no output appears unless all could be written.
  absl::Status WriteOutputs();
  absl::StatusOr<JsonObject> PublishOutputs();

  TaskContext& task_;
  const Parts parts_;
  const JsonObject values_;  // Of $name.
  const std::int64_t maximum_rows_;
  const std::string result_;  // "auto", "rows" or a format.
  const std::vector<SqlOutput> outputs_;
  std::unique_ptr<duckdb::Database> database_;
  std::vector<TableFile> files_;  // Of outputs_, not yet published.
};

}  // namespace windlass

// What stands under `outputs` of a task: tables that become files, or rows of a
// table on a PostgreSQL server.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "handlers/duckdb/database.h"
#include "handlers/file/new_file.h"
#include "handlers/params.h"
#include "handlers/sql/formats.h"
#include "handlers/sql/postgres_output.h"
#include "windlass/handler.h"

namespace windlass {

// A result of more rows is a table in the result store, unless its task says
// otherwise (max_rows).
inline constexpr std::int64_t kDefaultMaximumRows = 10'000;

struct SqlOutput {
  std::string name;   // Of the table, unless there is a query.
  std::string query;  // "", or what to write instead.
  std::string path;
  TableFormat format = TableFormat::kParquet;
  Existing existing = Existing::kReplace;
  std::optional<PostgresTarget> postgres;  // Instead of path and format.
};

// What is wrong with params.outputs.
void CheckSqlOutputs(const Json& outputs, ParamStage stage,
                     ParamProblems& problems);

// Of params that passed.
std::vector<SqlOutput> SqlOutputsOf(const Json& params);

// [{"name", "type"}]
JsonArray DescribeColumns(const duckdb::QueryResult& result);

// A table in a file of its own in the attempt's folder.
struct TableFile {
  std::string path;
  std::int64_t rows = 0;
};
// Writes what `source`, a query or quoted name, gives, with `params` bound.
// `more_options` are COPY's, beyond those of the format.
absl::StatusOr<TableFile> WriteTable(duckdb::Database& database,
                                     const std::string& source,
                                     const JsonObject& params,
                                     TableFormat format, std::string path,
                                     std::string_view more_options = "");

// Writes the table to the result store; metadata has its rows.
absl::StatusOr<ResultEnvelope> StoreTable(TaskContext& task,
                                          const TableFile& file,
                                          TableFormat format);

// Refuses files that may not be where they want to, and two that would be one.
absl::Status FindPlaces(const Places& places,
                        const std::vector<SqlOutput>& outputs);

// The file that an output becomes when it is published.
absl::StatusOr<NewFile> CreateOutput(const Places& places,
                                     const SqlOutput& output);

// Gives each output that is a file the one in the same position of `files`,
// under its name in one step, whole and durable. Facts about each, with its
// rows, by the output's name. Cancelled when the task should stop first.
absl::StatusOr<JsonObject> PublishTables(TaskContext& task,
                                         const Places& places,
                                         const std::vector<SqlOutput>& outputs,
                                         const std::vector<TableFile>& files);

}  // namespace windlass

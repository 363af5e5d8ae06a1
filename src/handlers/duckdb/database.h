// A DuckDB database in memory, for one attempt. The home of duckdb.h.
//
// Errors of DuckDB are Status values that IsDatabaseError() knows, with
// DuckDB's own message:
//   InvalidArgument      the SQL is wrong: syntax, names, types, parameters
//   OutOfRange           the data is: a text that is no number, a constraint
//   PermissionDenied     a file, setting or extension that is locked
//   ResourceExhausted    the memory limit, or the quota of the spill folder
//   Unavailable          reading or writing failed
//   Cancelled            Interrupt()
//   Internal             the database can no longer be used
#pragma once

#include <duckdb.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "handlers/duckdb/column_type.h"
#include "windlass/json.h"

namespace windlass::duckdb {

struct DatabaseOptions {
  // Of tables, sorts, joins and aggregates; what does not fit spills.
  std::int64_t memory_bytes = std::int64_t{1} << 30;
  int threads = 1;
  // An existing folder, where spilled data goes and SQL may write.
  std::string folder;
  // How much may be spilled.
  std::int64_t spill_bytes = std::int64_t{16} << 30;
};

// What a statement answered. Not thread-safe. Must not outlive its database.
class QueryResult {
 public:
  explicit QueryResult(duckdb_result result);
  ~QueryResult();
  QueryResult(QueryResult&& other) noexcept;
  QueryResult& operator=(QueryResult&&) = delete;

  struct Column {
    std::string name;
    ColumnType type;
  };
  // Empty for a statement that returns no rows.
  const std::vector<Column>& columns() const { return columns_; }
  // Rows that an INSERT, UPDATE or DELETE touched, or a CREATE TABLE AS or COPY
  // wrote. Call it once.
  std::int64_t rows_changed();

  // The next rows, as objects by column; empty at the end. InvalidArgument
  // names columns whose type JSON cannot express.
  absl::StatusOr<JsonArray> NextRows();

  // All rows not read yet, as DuckDB has them: a chunk, which is valid during
  // the call, and how many rows are in it. Ends with the first error.
  absl::Status ForEachChunk(
      absl::FunctionRef<absl::Status(duckdb_data_chunk, idx_t)> visit);

 private:
  duckdb_result result_;
  bool owned_ = true;
  std::vector<Column> columns_;
};

// Used by one thread, but for Interrupt() and Progress().
class Database {
 public:
  // Takes about 10 ms; DatabasePool does it ahead.
  static absl::StatusOr<std::unique_ptr<Database>> Open(int threads);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Before anything else is executed.
  absl::Status Configure(const DatabaseOptions& options);

  // From here on SQL can read `files` alone, write in the database's folder
  // alone, load nothing, change no setting, attach no other database, and not
  // make SQL of data (UnsafeWord()). What tries to is PermissionDenied.
  absl::Status Lock(const std::vector<std::string>& files);
  // Before Configure(): nothing can be read or written at all.
  absl::Status LockAway();

  // For tasks one after another in one locked database: each has a connection
  // of its own, with what is temporary, and before it executes anything but
  // queries a catalog of its own. Both go with EndTask(), so that nothing of
  // one task reaches another. After an error of these the database is to be
  // closed.
  absl::Status BeginTask();
  absl::Status OwnCatalog();
  absl::Status EndTask();

  // From here on Progress() knows how far statements are. As much work as a
  // small query.
  absl::Status CountProgress();

  // Every statement of `sql`, with `params` bound to $name. The answer is the
  // last one's. InvalidArgument when a name has no value. A value that is an
  // object, or a list of values that are not alike, is bound as JSON text.
  absl::StatusOr<QueryResult> Execute(const std::string& sql,
                                      const JsonObject& params = {});
  // The same of a COPY that is ours. Whoever may write one could write what
  // they may read, their inputs.
  absl::StatusOr<QueryResult> Copy(const std::string& sql,
                                   const JsonObject& params);
  // CREATE TEMP TABLE `name` AS `query`, which is one query; how many rows
  // there are. An error tells of the query alone.
  absl::StatusOr<std::int64_t> CreateTempTable(const std::string& name,
                                               const std::string& query,
                                               const JsonObject& params);
  // The answer of the one query of `sql` if it is there within a few
  // milliseconds: one that is kept in memory, which is cheaper than a table but
  // cannot spill. Otherwise, when it failed, and for what is no query: nothing,
  // and Execute() begins anew.
  absl::StatusOr<std::optional<QueryResult>> TryQuery(const std::string& sql,
                                                      const JsonObject& params);
  // The first value of the first row; null when there is none.
  absl::StatusOr<Json> Value(const std::string& sql);

  // Of DatabaseOptions.
  const std::string& folder() const { return folder_; }

  // How many statements `sql` holds; InvalidArgument when it cannot be parsed.
  absl::StatusOr<int> CountStatements(const std::string& sql);
  // Whether the one statement of `sql` is a query that can stand in a CREATE
  // TABLE AS or COPY, as SELECT, FROM, WITH and VALUES can and DESCRIBE cannot.
  absl::StatusOr<bool> IsQuery(const std::string& sql);

  // Makes a function known to SQL; it stays the caller's.
  absl::Status Register(duckdb_table_function function);

  // Makes what is executing return Cancelled soon; without effect on what has
  // not begun. From any thread.
  void Interrupt();
  // From 0 to 1, how much of its input the statement has read; negative when
  // that is unknown, as it is before CountProgress(). From any thread.
  double Progress() const;

 private:
  Database() = default;

  absl::Status CheckWords(const std::string& sql) const;
  absl::Status CheckIsOne(const std::string& sql);
  using StatementCheck =
      absl::FunctionRef<absl::Status(duckdb_prepared_statement)>;
  absl::StatusOr<QueryResult> ExecuteEach(const std::string& sql,
                                          const JsonObject& params,
                                          StatementCheck check);
  // Of one statement that is known not to be one CheckKind() refuses.
  absl::StatusOr<QueryResult> ExecuteText(const std::string& sql);

  duckdb_database database_ = nullptr;
  duckdb_connection first_ = nullptr;
  duckdb_connection connection_ = nullptr;  // first_, or that of a task.
  std::string catalog_;                     // Of a task.
  int threads_ = 1;
  std::string folder_;
  bool locked_ = false;
  bool counts_progress_ = true;  // Of connection_.
};

bool IsDatabaseError(const absl::Status& status);

// Whether more was to be spilled than allowed.
bool IsSpillQuotaError(const absl::Status& status);

}  // namespace windlass::duckdb

// What every attempt that reads tables with DuckDB has: a folder, the files it
// may touch, and a database of its own that reaches nothing but its inputs.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/http/http_client.h"
#include "handlers/duckdb/database.h"
#include "handlers/duckdb/database_pool.h"
#include "handlers/duckdb/query_watch.h"
#include "handlers/duckdb/warm_databases.h"
#include "handlers/file/places.h"
#include "handlers/sql/inputs.h"
#include "handlers/sql/sql.h"
#include "windlass/handler.h"

namespace windlass {

// With the machine's share where options say 0.
SqlHandlerOptions WithDefaults(SqlHandlerOptions options);

// For inputs that are URLs.
HttpOptions HttpOptionsOf(const SqlHandlerOptions& options);

// How many threads DuckDB has for a task: what the task asks for, otherwise
// `share`.
int ThreadsFor(const ResourceSpec& resources, int share);

// Errors of DuckDB and PostgreSQL have types of their own: SqlError, DataError,
// OutOfMemory, SpillQuotaExceeded.
Outcome SqlFailure(const absl::Status& status);

// Of one attempt; not thread-safe.
class SqlSession {
 public:
  // All borrowed.
  struct Parts {
    const SqlHandlerOptions* options = nullptr;  // WithDefaults().
    HttpClient* http = nullptr;
    duckdb::DatabasePool* databases = nullptr;
    duckdb::WarmDatabases* warm = nullptr;
    duckdb::QueryWatcher* watcher = nullptr;
  };
  static absl::StatusOr<std::unique_ptr<SqlSession>> Open(TaskContext& task,
                                                          const Parts& parts);
  ~SqlSession();
  SqlSession(const SqlSession&) = delete;
  SqlSession& operator=(const SqlSession&) = delete;

  // Reads the inputs, a view each in a database that is open afterwards. Takes
  // `memory` and `threads` from the task's params. Call it once.
  absl::Status ReadInputs(const JsonObject& inputs);

  // Of the inputs, those that have none: lists without items.
  const std::vector<std::string>& without_columns() const {
    return without_columns_;
  }
  // Whether a query may be done at once: there is little to read.
  bool may_be_quick() const;
  // An error of the database with the paths of files as its user knows them.
  absl::Status InTermsOfTheTask(const absl::Status& status) const;

  // After ReadInputs().
  duckdb::Database& database() {
    return fresh_ != nullptr ? *fresh_ : *warm_.database;
  }
  // Interrupts the database when the attempt should stop, and tells progress,
  // as long as it lives.
  duckdb::QueryWatch Watch();

  // Seen while it was watched, at most at a time.
  std::int64_t spilled_bytes() const { return spilled_; }

  TaskContext& task() { return task_; }
  const Places& places() const { return places_; }
  // Of the attempt's own; the database may write there. Made when it is first
  // asked for: many need none.
  absl::StatusOr<std::string> Folder();

 private:
  SqlSession(TaskContext& task, Parts parts, duckdb::WarmDatabase warm,
             Places places)
      : task_(task),
        parts_(parts),
        warm_(std::move(warm)),
        places_(std::move(places)) {}

  static duckdb::DatabaseOptions OptionsOfDatabase(const TaskContext& task,
                                                   const Parts& parts);
  absl::Status OpenFresh(const std::vector<std::string>& files);
  bool IsMine(const std::string& file) const;
  void NoteInput(const std::string& file);
  void NoteSpilled();

  TaskContext& task_;
  const Parts parts_;
  // Has the attempt's folder in its own, and is used unless there are files
  // that are not in it, not even by a link.
  duckdb::WarmDatabase warm_;
  std::string folder_;  // "" until it is made.
  const Places places_;
  std::vector<LinkedFile> links_;
  std::vector<std::string> without_columns_;
  std::uintmax_t input_bytes_ = 0;
  std::unique_ptr<duckdb::Database> fresh_;
  std::atomic<std::int64_t> spilled_ = 0;
};

}  // namespace windlass

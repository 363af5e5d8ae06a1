// Tables on their way between the result store, where they are Parquet, and a
// function's process, which maps them as frames (handlers/duckdb/frame.h).
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "handlers/duckdb/database_pool.h"
#include "handlers/duckdb/query_watch.h"
#include "windlass/handler.h"
#include "windlass/json.h"
#include "windlass/result.h"

namespace windlass {

class ResultIo;

// Of one attempt; not thread-safe. Errors are those of SqlFailure().
class PythonTables {
 public:
  struct Parts {
    ResultIo* results = nullptr;  // May be null: nothing can be read then.
    duckdb::DatabasePool* databases = nullptr;
    duckdb::QueryWatcher* watcher = nullptr;
    int threads = 1;
  };
  // All borrowed.
  PythonTables(TaskContext& task, Parts parts) : task_(task), parts_(parts) {}

  // Writes what the envelope names to files of the attempt's scratch folder:
  // {"$windlass": "table", ...}, which windlass._frame reads.
  absl::StatusOr<Json> ForFunction(const Json& envelope);

  // Whether what a function returned is a table in files.
  static bool IsFrame(const Json& value);

  // Writes such a table to the result store. InvalidArgument or DataLoss when
  // it is not what windlass._frame writes.
  absl::StatusOr<ResultEnvelope> FromFunction(const Json& value);

 private:
  absl::StatusOr<ResultEnvelope> Store(duckdb::Database& database,
                                       const Json& value,
                                       const std::string& folder);

  TaskContext& task_;
  const Parts parts_;
};

}  // namespace windlass

// Whether SQL can be parsed, asked before a run starts.
#pragma once

#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "base/mutex.h"
#include "handlers/duckdb/database.h"

namespace windlass {

// Thread-safe. Opens a database with the first question.
class SqlSyntax {
 public:
  // By a database that executes nothing. OK as well where there is no DuckDB:
  // workflows are checked there too, and by the executor later.
  absl::Status Check(const std::string& sql) const;

 private:
  mutable Mutex mutex_;
  mutable std::unique_ptr<duckdb::Database> parser_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace windlass

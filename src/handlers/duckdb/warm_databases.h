// Databases that serve one task after another.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "handlers/duckdb/database.h"
#include "handlers/duckdb/database_pool.h"

namespace windlass::duckdb {

// One task's at a time; what it is good for.
struct WarmDatabase {
  std::unique_ptr<Database> database;
  DatabaseOptions options;
  std::string parent;  // Of its folder.
  int tasks = 0;       // Before.
};

// Opening a database takes many times as long as a small query. Here one is
// locked once, to a folder of its own, and then each task has a connection and
// a catalog in it (Database::BeginTask()). Thread-safe.
class WarmDatabases {
 public:
  // Opens new ones by `fresh`, which is borrowed, and closes them by it.
  explicit WarmDatabases(DatabasePool& fresh) : fresh_(fresh) {}
  ~WarmDatabases();
  WarmDatabases(const WarmDatabases&) = delete;
  WarmDatabases& operator=(const WarmDatabases&) = delete;

  // One that reads and writes below its folder() alone, which is in `parent`,
  // with the memory, threads and quota of `options`.
  absl::StatusOr<WarmDatabase> Take(DatabaseOptions options,
                                    const std::string& parent);
  // When the task has removed what it left in the folder.
  void Return(WarmDatabase warm);
  // When it could not: nobody gets it.
  void Close(WarmDatabase warm);

 private:
  // Idle ones beyond this are closed.
  static constexpr std::size_t kMostIdle = 16;
  // Then a database is closed, whatever has gathered in it.
  static constexpr int kMostTasks = 1000;

  absl::StatusOr<WarmDatabase> Open(DatabaseOptions options,
                                    const std::string& parent);
  // Its database is null where none is idle.
  WarmDatabase TakeIdle(const DatabaseOptions& options,
                        const std::string& parent);

  DatabasePool& fresh_;
  Mutex mutex_;
  std::vector<WarmDatabase> idle_ ABSL_GUARDED_BY(mutex_);  // The oldest first.
};

}  // namespace windlass::duckdb

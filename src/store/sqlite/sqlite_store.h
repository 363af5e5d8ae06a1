// The store in one SQLite file, for one machine.
//
// Several threads and several processes may use the same file at the same
// time. Beside it live SQLite's own PATH-wal and PATH-shm, and PATH-bell, which
// whoever makes work available touches and idle executors watch.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "model/run_end.h"
#include "store/sql/workflow_parser.h"
#include "windlass/clock.h"
#include "windlass/store.h"

namespace windlass {

struct SqliteStoreOptions {
  enum class Synchronous {
    // A submit, a cancel, a retry survive a power cut. A result survives the
    // death of every process; a power cut may take the last moments' results,
    // whose tasks then run again.
    kNormal,
    // Everything survives a power cut: one fsync per transaction.
    kFull,
  };

  // Created, with its folder, if it does not exist.
  std::string path;
  Synchronous synchronous = Synchronous::kNormal;
  // Null: the system's. Must outlive the store. All processes that share the
  // file should have the same idea of the time.
  const Clock* clock = nullptr;
  // A task may lose its executor this often; the next time fails it.
  int max_crashes = 3;
  // For runs that another process submitted. Empty: ParseWorkflow().
  sql::WorkflowParser parser;
  // Of what this store has ended; see there.
  OnRunsEnded on_runs_ended = nullptr;
};

// FailedPrecondition when a newer Windlass wrote the file, or another program.
absl::StatusOr<std::unique_ptr<Store>> OpenSqliteStore(
    SqliteStoreOptions options);

}  // namespace windlass

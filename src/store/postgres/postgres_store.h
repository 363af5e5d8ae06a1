// The store in a PostgreSQL database, for any number of machines.
//
// PostgreSQL 13 or newer. All that is Windlass's is in one schema. Works
// through a pooler in transaction mode (PgBouncer); then wake-ups need
// `listen_url`, or executors poll.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "model/run_end.h"
#include "store/sql/workflow_parser.h"
#include "windlass/clock.h"
#include "windlass/store.h"

namespace windlass {

struct PostgresStoreOptions {
  // libpq's: postgres://user:password@host:port/database?sslmode=require
  std::string url;
  // Where to LISTEN, when `url` goes through a pooler. Empty: `url`.
  std::string listen_url;
  std::string schema = "windlass";
  // Whether to create the schema or bring it up to date. Otherwise an older one
  // is FailedPrecondition.
  bool migrate = true;
  // A task may lose its executor this often; the next time fails it.
  int max_crashes = 3;
  // For tests. Null: the server's, which all processes share.
  const Clock* clock = nullptr;
  // For runs that another process submitted. Empty: ParseWorkflow().
  sql::WorkflowParser parser;
  // Of what this store has ended; see there.
  OnRunsEnded on_runs_ended = nullptr;
};

// Options from one URL, as users write it: libpq's, which may also have the
// parameters windlass_schema and windlass_listen_url (percent-encoded). Those
// are ours and taken out.
absl::StatusOr<PostgresStoreOptions> ParsePostgresUrl(const std::string& url);

// FailedPrecondition when a newer Windlass made the schema; Unavailable when
// the server cannot be reached.
absl::StatusOr<std::unique_ptr<Store>> OpenPostgresStore(
    PostgresStoreOptions options);

}  // namespace windlass

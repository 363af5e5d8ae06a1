// A run's tasks as people see them, put together from the definition, the live
// rows and the history.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "store/sql/connection.h"
#include "store/sql/definitions.h"
#include "windlass/store.h"

namespace windlass::sql {

// What a run's own row says of its tasks.
struct RunSnapshot {
  RunId id;
  std::shared_ptr<const Definition> definition;
  RunState state = RunState::kRunning;  // kPaused too.
  bool paused = false;
  RunProgress progress;
};

// NotFound without such a run.
absl::StatusOr<RunSnapshot> ReadSnapshot(Connection& connection,
                                         Definitions& definitions, RunId id);

absl::StatusOr<std::vector<TaskRecord>> ReadTaskRecords(Connection& connection,
                                                        const RunSnapshot& run);

// NotFound for a node the definition does not have and an instance that is not
// known (yet).
absl::StatusOr<TaskRecord> ReadTaskRecord(Connection& connection,
                                          const RunSnapshot& run, TaskKey key);

// From the columns kind, media_type, size, sha256, encoding, value, uri,
// metadata.
absl::StatusOr<ResultEnvelope> ReadEnvelope(const Rows& rows, int column);

}  // namespace windlass::sql

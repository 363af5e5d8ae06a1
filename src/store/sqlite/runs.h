// Unfinished runs as the writer knows them: read once, changed in memory,
// written back when their transaction ends.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "model/run_progress.h"
#include "store/sqlite/connection.h"
#include "store/sqlite/definitions.h"
#include "windlass/lease.h"

namespace windlass::sqlite {

struct LiveRun {
  LiveRun(std::shared_ptr<const Definition> pinned, RunProgress where)
      : definition(std::move(pinned)), progress(std::move(where)) {}

  RunId id() const { return info->id; }
  const TaskSpec& spec(int node) const { return definition->spec(node); }
  // Where its claimable tasks go at present.
  Place place(int node) const {
    Place place = definition->place(node);
    if (paused) place.lane = -place.lane;
    return place;
  }

  std::shared_ptr<const Definition> definition;
  // Shared with leases, which outlive the transaction.
  std::shared_ptr<const RunInfo> info;
  RunProgress progress;
  RunState state = RunState::kRunning;  // Never kPaused.
  bool paused = false;
  std::optional<Timestamp> started_at;
  std::optional<Timestamp> finished_at;
  std::string reason;
  bool dirty = false;  // Must be written before the transaction ends.
};

// What a run was submitted with; many runs may share one.
struct RunInput {
  Json params;
  JsonObject labels;
  std::string base_dir;
};

// Reads what of a run never changes but for its `attempt`. Null when there is
// no such run.
absl::StatusOr<std::shared_ptr<const RunInfo>> ReadRunInfo(
    Connection& connection, Definitions& definitions, RunId id);

// Not thread-safe: belongs to whoever holds the writing connection.
class Runs {
 public:
  explicit Runs(Definitions& definitions) : definitions_(definitions) {}

  // Null when there is no such run, or when reading failed: then the
  // connection has the error. The pointer is good for this transaction.
  LiveRun* Get(Connection& connection, RunId id);

  // Marks it to be written at the end of the transaction.
  void Touch(LiveRun& run) {
    if (run.dirty) return;
    run.dirty = true;
    dirty_.push_back(&run);
  }

  // Writes what was touched.
  void Save(Connection& connection);

  // Between transactions: drops what has ended, and everything when it has
  // become too much to keep.
  void Trim();

  // Everything may have changed, or what changed was rolled back.
  void Forget();

 private:
  absl::StatusOr<std::unique_ptr<LiveRun>> Load(Connection& connection,
                                                RunId id);

  Definitions& definitions_;
  absl::flat_hash_map<RunId, std::unique_ptr<LiveRun>, std::hash<RunId>> runs_;
  std::vector<LiveRun*> dirty_;
  std::vector<RunId> ended_;
  std::size_t nodes_ = 0;  // Of all runs kept.
  std::int64_t input_id_ = 0;
  std::optional<RunInput> input_;  // The last one read.
};

}  // namespace windlass::sqlite

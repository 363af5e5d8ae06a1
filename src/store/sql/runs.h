// Unfinished runs as the writer knows them: read once, changed in memory,
// written back when their transaction ends.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "model/run_progress.h"
#include "store/sql/connection.h"
#include "store/sql/definitions.h"
#include "store/sql/writers.h"
#include "windlass/lease.h"

namespace windlass::sql {

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
  // The earliest claim of what is running now, where it came with the run.
  std::optional<Timestamp> first_claim;
  bool locked = false;  // Else only what never changes may be relied on.
  bool dirty = false;   // Must be written before the transaction ends.
  // More than that it has ended, how, and when it started.
  bool dirty_otherwise = false;
};

// What a run was submitted with; many runs may share one.
struct RunInput {
  Json params;
  JsonObject labels;
  std::string base_dir;
};

// DataLoss when it is missing or damaged.
absl::StatusOr<std::shared_ptr<const RunInput>> ReadRunInput(
    Connection& connection, std::int64_t id);

// Reads what of a run never changes but for its `attempt`. Null when there is
// no such run.
absl::StatusOr<std::shared_ptr<const RunInfo>> ReadRunInfo(
    Connection& connection, Definitions& definitions, RunId id);

// RunInfo that is likely to be needed again, and inputs. Thread-safe.
class RunInfos {
 public:
  // Keeps so many runs, up to twice as many.
  explicit RunInfos(std::size_t runs) : generation_(runs) {}

  std::shared_ptr<const RunInfo> Find(RunId id, int attempt) const;
  void Add(std::shared_ptr<const RunInfo> info);

  std::shared_ptr<const RunInput> FindInput(std::int64_t id) const;
  void AddInput(std::int64_t id, std::shared_ptr<const RunInput> input);

  // What was added may have been rolled back, and its numbers be used again.
  void Forget();

 private:
  const std::size_t generation_;
  mutable Mutex mutex_;
  // Two generations: what was not asked for while one filled is forgotten.
  using Map = absl::flat_hash_map<RunId, std::shared_ptr<const RunInfo>,
                                  std::hash<RunId>>;
  mutable Map young_ ABSL_GUARDED_BY(mutex_);
  Map old_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::int64_t, std::shared_ptr<const RunInput>> inputs_
      ABSL_GUARDED_BY(mutex_);
};

// What is known of a run that has been submitted and not retried since.
struct FreshRun {
  RunId id;
  std::int64_t definition = 0;
  std::int64_t input = 0;
  Timestamp created_at;
};

struct RunRow;

// Not thread-safe: belongs to whoever holds the writing connection.
class Runs {
 public:
  // With one writer numbers of inputs may be used again: `infos` keeps none
  // then.
  Runs(Writers writers, Definitions& definitions, RunInfos& infos)
      : writers_(writers), definitions_(definitions), infos_(infos) {}

  // Locks the run. Null when there is no such run, or when reading failed: then
  // the connection has the error. The pointer is good for this transaction.
  LiveRun* Get(Connection& connection, RunId id);

  // Locks these runs at once, so that Get() need not ask for each.
  void Fetch(Connection& connection, std::vector<RunId> ids);

  // Like Fetch() and Get() without locking: only what never changes of a run
  // may be relied on.
  void FetchUnlocked(Connection& connection, std::vector<RunId> ids);
  LiveRun* Peek(Connection& connection, RunId id);
  // What runs were submitted with, as select_inputs.sql has it.
  void LearnInputs(Connection& connection, Rows rows);
  // Like Peek() without reading the run. Its progress must not be relied on
  // either.
  LiveRun* PeekFresh(Connection& connection, const FreshRun& fresh);

  // What was locked since the last call may have been waited for: what was
  // looked up before is out of date. Returns whether anything was.
  bool TakeLocked() { return std::exchange(locked_some_, false); }

  // Marks it to be written at the end of the transaction: how far it is, when
  // it started and ended.
  void Touch(LiveRun& run) {
    if (run.dirty) return;
    run.dirty = true;
    dirty_.push_back(&run);
  }
  // The rest too: attempt, reason, whether it is paused.
  void TouchAll(LiveRun& run) {
    run.dirty_otherwise = true;
    Touch(run);
  }

  // Writes what was touched.
  void Save(Connection& connection);

  // Between transactions: drops what has ended, and everything when it has
  // become too much to keep.
  void Trim();

  // Everything may have changed, or what changed was rolled back.
  void Forget();

 private:
  enum class Locking : std::uint8_t { kLock, kLook };
  LiveRun* Load(Connection& connection, RunId id, Locking locking);
  void FetchAll(Connection& connection, std::vector<RunId> ids,
                Locking locking);
  absl::StatusOr<LiveRun*> Keep(Connection& connection, RunRow row,
                                Locking locking);
  absl::StatusOr<std::shared_ptr<const RunInfo>> Info(
      Connection& connection, const RunRow& row, const Definition& definition);
  absl::StatusOr<std::shared_ptr<const RunInput>> Input(Connection& connection,
                                                        std::int64_t id);
  std::shared_ptr<const RunInput> KnownInput(std::int64_t id) const;
  void KeepInput(std::int64_t id, std::shared_ptr<const RunInput> input);
  // When what runs of these was claimed, for runs that it must be known of.
  void FetchFirstClaims(Connection& connection);

  const Writers writers_;
  Definitions& definitions_;
  RunInfos& infos_;
  bool locked_some_ = false;
  absl::flat_hash_map<RunId, std::unique_ptr<LiveRun>, std::hash<RunId>> runs_;
  std::vector<LiveRun*> dirty_;
  std::vector<RunId> ended_;
  std::vector<std::int64_t> unclear_starts_;
  std::size_t nodes_ = 0;  // Of all runs kept.
  absl::flat_hash_map<std::int64_t, std::shared_ptr<const RunInput>> inputs_;
};

}  // namespace windlass::sql

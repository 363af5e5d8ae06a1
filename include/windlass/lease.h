// The hand-over between a store and an executor: leases out, attempt ends in.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "windlass/ids.h"
#include "windlass/json.h"
#include "windlass/result.h"
#include "windlass/states.h"
#include "windlass/time.h"
#include "windlass/workflow.h"

namespace windlass {

// What every attempt of one run needs to know. Immutable and shared.
struct RunInfo {
  RunId id;
  std::shared_ptr<const Workflow> workflow;
  Json params;
  std::string base_dir;  // What relative paths of the workflow are relative to.
  int attempt = 1;       // Grows with every retry of the run.
  Timestamp created_at;
  RunId root;                   // The outermost run; itself for most.
  std::optional<RunId> parent;  // Of a sub-workflow.
  JsonObject labels;
};

// The exclusive right to execute one attempt. It ends when it is finished,
// when the task is cancelled, or when its executor is declared dead; a write
// with an ended lease's token changes nothing.
struct Lease {
  std::shared_ptr<const RunInfo> run;
  TaskKey task;
  LeaseToken token;
  int attempt = 1;
  int failures = 0;    // Earlier attempts that count for the retry policy.
  Timestamp ready_at;  // Since when it could be claimed, by the store's clock.
  Timestamp claimed_at;  // By the store's clock.
  // schedule_to_close of the task, by the store's clock.
  std::optional<Timestamp> close_deadline;
  // The run has ended but for this task, as: only for on_exit.
  std::optional<RunState> run_outcome;

  const TaskSpec& spec() const {
    return run->workflow->tasks[static_cast<std::size_t>(task.node)];
  }
};

// The keys of a task's `concurrency`, `rate_limit` and `circuit_breaker`,
// evaluated. Absent where the task has none.
struct PermitKeys {
  std::optional<std::string> concurrency;
  std::optional<std::string> rate;
  std::optional<std::string> circuit;
  // All instances of the mapped task have these. When one must wait, those that
  // nobody has claimed yet wait with it, without being claimed to find out.
  bool of_all_instances = false;
};

// What a parked task waits for.
struct WakeCondition {
  enum class Kind : std::uint8_t {
    kRunEnded,
    kCacheKeyFree,
    kPermit,
    kCallback,
  };
  Kind kind = Kind::kRunEnded;
  RunId run;              // kRunEnded
  std::string cache_key;  // kCacheKeyFree
  PermitKeys keys;        // kPermit
  // kCallback: it wakes after this long in any case.
  Duration timeout{0};
};

// A finished lease. Only the fields its outcome names are read.
struct AttemptEnd {
  RunId run;
  TaskKey task;
  LeaseToken token;
  AttemptOutcome outcome = AttemptOutcome::kSucceeded;

  ResultEnvelope result;           // kSucceeded
  std::optional<TaskError> error;  // kFailed, kTimedOut; kSkipped: the reason
  int item_count = 0;              // kExpanded
  ResultEnvelope items;            // kExpanded: the list, inline or by uri
  WakeCondition wake;              // kParked
  Duration delay{0};               // kDeferred

  Duration run_time{0};  // Measured on the executor's steady clock.
  // kReleased, kCancelled: false when no handler ran, so that there was no
  // attempt: the next one has the same number, no history remembers this one.
  // kDeferred: false when it was not the handler that asked for it.
  bool started = true;
  // kSucceeded: also keep the result under this key; see
  // TaskStore::BeginCached().
  std::string cache_key;
  // kSucceeded: the result came from the cache, of this task.
  std::string cached_from;
};

}  // namespace windlass

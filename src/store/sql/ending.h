// How leases and tasks end, as rows: the fence, the history, dead letters.
#pragma once

#include <optional>
#include <string_view>

#include "model/lifecycle.h"
#include "store/sql/transaction.h"

namespace windlass::sql {

// A lease that has just ended.
struct EndedLease {
  TaskKey task;
  LeaseToken token;
  ExecutorId executor;
  Ticket ticket;
  Timestamp claimed_at;
  bool stopping = false;
};

// Ends the lease and what it held (keys it computed, permits). nullopt when the
// task has no lease with this token: whoever asks may change nothing.
std::optional<EndedLease> TakeLease(Transaction& tx, LiveRun& run, TaskKey task,
                                    LeaseToken token);

// Whether the task is leased with this token and not being cancelled.
bool IsCurrent(Transaction& tx, RunId run, TaskKey task, LeaseToken token);

// The executor no longer needs to be told to stop this attempt.
void AcknowledgeCancel(Transaction& tx, LeaseToken token);

// Why and how a task reached its final state. Pointers may be null.
struct TaskEnding {
  TaskState state = TaskState::kSucceeded;
  int attempt = 0;
  // The attempt that ended it, if one did.
  const EndedLease* lease = nullptr;
  AttemptOutcome outcome = AttemptOutcome::kSucceeded;
  const ResultEnvelope* result = nullptr;
  const TaskError* error = nullptr;
  std::optional<Duration> run_time;
  std::string_view cached_from;
};

void RecordTaskEnd(Transaction& tx, const LiveRun& run, TaskKey task,
                   const TaskEnding& ending);

// An attempt that others follow.
void RecordAttempt(Transaction& tx, const LiveRun& run, const EndedLease& lease,
                   AttemptOutcome outcome, const TaskError* error);

void RecordDeadLetter(Transaction& tx, const LiveRun& run, TaskKey task,
                      int attempts, const TaskError& error);

// Forgets how the tasks [first, last] of a node ended; their attempts stay in
// the history.
void ForgetTaskEnds(Transaction& tx, const LiveRun& run, std::int32_t node,
                    std::int32_t first, std::int32_t last);
// The same for a mapped node itself and for its failed and cancelled instances.
void ForgetBadInstances(Transaction& tx, const LiveRun& run, std::int32_t node);

}  // namespace windlass::sql

// Tasks that wait: for an executor (ready), for a time (scheduled), or for
// another run or task (parked). A task has at most one such row.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "model/lifecycle.h"
#include "store/sql/transaction.h"

namespace windlass::sql {

// From the columns attempt, failures, crashes, scheduled_at.
Ticket ReadTicket(const Rows& rows, int column);

// Released tasks: to be claimed now, or after their `delay`.
void ReleaseTasks(Transaction& tx, LiveRun& run,
                  const std::vector<Release>& tasks);

// Whether what is claimable or leased of a task can share a row with that of
// other runs.
bool MayShareRow(const TaskSpec& spec);

// Makes rows of the released tasks that nobody has taken directly.
void FlushFresh(Transaction& tx);

// Tasks that are to be claimed (again). `ticket` is that of the next attempt.
void PutReady(Transaction& tx, LiveRun& run, TaskKey task,
              const Ticket& ticket);
// Where the run has told to put it, though it need not be locked.
// `count` instances, of which `task` is the last.
void PutReadyAt(Transaction& tx, LiveRun& run, const Place& place, TaskKey task,
                const Ticket& ticket, std::int32_t count = 1);
void PutScheduled(Transaction& tx, LiveRun& run, TaskKey task,
                  const Ticket& ticket, Timestamp due_at);
// Ready at once if what it waits for has happened already.
void PutParked(Transaction& tx, LiveRun& run, TaskKey task,
               const Ticket& ticket, const WakeCondition& wake);

void WakeAfterRun(Transaction& tx, RunId ended);
void WakeAfterKey(Transaction& tx, std::string_view cache_key);

// The earlier of two times that may be absent.
std::optional<Timestamp> Earlier(std::optional<Timestamp> a,
                                 std::optional<Timestamp> b);

// Makes what has become due ready, and settles permits. Returns when the next
// is due.
std::optional<Timestamp> PromoteDue(Transaction& tx);

// A waiting task, or `count` waiting instances from `first`.
struct WaitingTasks {
  std::int32_t first = -1;
  std::int32_t count = 1;
  Ticket ticket;
};

// Removes all waiting tasks of a node; returns what they were.
std::vector<WaitingTasks> TakeWaiting(Transaction& tx, LiveRun& run,
                                      std::int32_t node);

// Moves the run's claimable tasks to where claims look, or do not, as
// `run.paused` says.
void MoveReady(Transaction& tx, LiveRun& run);

}  // namespace windlass::sql

#include "store/sql/waiting.h"

#include <algorithm>
#include <set>
#include <utility>

#include "sql_query.h"
#include "store/sql/callbacks.h"
#include "store/sql/permits.h"
#include "store/sql/ready_rows.h"

namespace windlass::sql {
namespace {

struct WaitingRow {
  RunId run;
  TaskKey task;
  Ticket ticket;
  Timestamp at;
};

// Collected first: what is done with them changes the table they are read from.
std::vector<WaitingRow> ReadRows(Rows rows) {
  std::vector<WaitingRow> waiting;
  while (rows.Next()) {
    WaitingRow row;
    row.run = RunId{rows.Int(0)};
    row.task = TaskKey{rows.Int32(1), rows.Int32(2)};
    row.ticket = ReadTicket(rows, 3);
    waiting.push_back(row);
  }
  return waiting;
}

void AddTimer(Transaction& tx, LiveRun& run, Timestamp due, std::int32_t node,
              std::int32_t first, std::int32_t count, TimerKind kind) {
  tx.db.Write(Query::kInsertTimer, due, run.id(), node, first,
              first + count - 1, static_cast<int>(kind));
  tx.rare.Added(Rare::kTimer);
}

void AddCloseTimer(Transaction& tx, LiveRun& run, std::int32_t node,
                   std::int32_t first, std::int32_t count,
                   const Ticket& ticket) {
  if (auto deadline = CloseDeadline(run.spec(node), ticket)) {
    AddTimer(tx, run, *deadline, node, first, count,
             TimerKind::kScheduleToClose);
  }
}

// The row of tasks that become claimable now, and the timers that go with it.
ReadyRow MakeReady(Transaction& tx, LiveRun& run, const Place& place,
                   std::int32_t node, std::int32_t first, std::int32_t count,
                   const Ticket& ticket) {
  ReadyRow row;
  row.lane = place.lane;
  row.rank = place.rank;
  row.run = run.id();
  row.node = node;
  row.idx = first + count - 1;
  row.count = count;
  row.ticket = ticket;
  row.ready_at = tx.now();
  tx.ring = true;
  const TaskSpec& spec = run.spec(node);
  if (spec.schedule_to_start_timeout) {
    AddTimer(tx, run, tx.now() + *spec.schedule_to_start_timeout, node, first,
             count, TimerKind::kScheduleToStart);
  }
  AddCloseTimer(tx, run, node, first, count, ticket);
  return row;
}

bool HasHappened(Transaction& tx, const WakeCondition& wake) {
  if (wake.kind == WakeCondition::Kind::kRunEnded) {
    if (LiveRun* run = tx.Run(wake.run)) {
      return run->state != RunState::kRunning;
    }
    return true;
  }
  Rows rows =
      tx.db.Read(Query::kSelectFlight, std::string_view(wake.cache_key));
  return !rows.Next();
}

// What `read` yields, with the runs of it locked.
template <typename Read>
std::vector<WaitingRow> ReadLocked(Transaction& tx, const Read& read) {
  std::vector<WaitingRow> waiting = ReadRows(read());
  if (tx.writers == Writers::kOne || waiting.empty()) return waiting;
  std::set<RunId> runs;
  for (const WaitingRow& row : waiting) runs.insert(row.run);
  tx.runs.Fetch(tx.db, {runs.begin(), runs.end()});
  // Until they were, others could change what was read.
  waiting = ReadRows(read());
  std::erase_if(waiting,
                [&](const WaitingRow& row) { return !runs.contains(row.run); });
  return waiting;
}

void Wake(Transaction& tx, const std::vector<WaitingRow>& parked) {
  for (const WaitingRow& row : parked) {
    tx.db.Write(Query::kDeleteParked, row.run, row.task.node, row.task.index);
    if (LiveRun* run = tx.Run(row.run)) {
      PutReady(tx, *run, row.task, row.ticket);
    }
  }
}

// Returns how many tasks.
std::int64_t AppendWaiting(Rows rows, std::vector<WaitingTasks>& waiting) {
  std::int64_t count = 0;
  while (rows.Next()) {
    WaitingTasks tasks;
    tasks.count = rows.Int32(2);
    tasks.first = rows.Int32(1) - tasks.count + 1;
    tasks.ticket = ReadTicket(rows, 3);
    waiting.push_back(tasks);
    count += tasks.count;
  }
  return count;
}

// Before what is claimable: what is blocked becomes so without a lock on its
// run.
void TakeBlocked(Transaction& tx, const LiveRun& run, std::int32_t node,
                 std::vector<WaitingTasks>& waiting) {
  std::erase_if(tx.permits.waits, [&](const PermitChanges::Wait& wait) {
    if (wait.task.run != run.id() || wait.task.task.node != node) return false;
    waiting.push_back(
        {wait.task.task.index - wait.count + 1, wait.count, wait.ticket});
    return true;
  });
  if (!tx.Any(Rare::kBlocked)) return;
  const std::int64_t blocked = AppendWaiting(
      tx.db.Read(Query::kSelectBlockedOfNode, run.id(), node), waiting);
  tx.tally.Scheduled(run.definition->id, node, -blocked);
  tx.db.Write(Query::kDeleteBlockedOfNode, run.id(), node);
  // Of those that have become claimable just now.
  tx.rare.Forget(Rare::kPermit);
}

}  // namespace

Ticket ReadTicket(const Rows& rows, int column) {
  Ticket ticket;
  ticket.attempt = rows.Int32(column);
  ticket.failures = rows.Int32(column + 1);
  ticket.crashes = rows.Int32(column + 2);
  ticket.scheduled_at = rows.Time(column + 3);
  return ticket;
}

void ReleaseTasks(Transaction& tx, LiveRun& run,
                  const std::vector<Release>& tasks) {
  for (const Release& task : tasks) {
    // Of a mapped task only the task itself is delayed, not every instance.
    const Duration delay = run.spec(task.node).delay;
    if (delay > Duration::zero() && task.first < 0) {
      Ticket ticket;
      ticket.scheduled_at = tx.now();
      PutScheduled(tx, run, TaskKey{task.node, -1}, ticket, tx.now() + delay);
    } else {
      tx.fresh.push_back({&run, task.node, task.first, task.count});
    }
  }
}

bool MayShareRow(const TaskSpec& spec) {
  return !spec.schedule_to_start_timeout && !spec.schedule_to_close_timeout &&
         !spec.concurrency && !spec.rate_limit && !spec.circuit_breaker;
}

void FlushFresh(Transaction& tx) {
  if (tx.fresh.empty()) return;
  Ticket ticket;
  ticket.scheduled_at = tx.now();
  NewReady ready;
  for (const FreshTasks& tasks : tx.fresh) {
    ReadyRow row = MakeReady(tx, *tasks.run, tasks.run->place(tasks.node),
                             tasks.node, tasks.first, tasks.count, ticket);
    if (tasks.first == -1 && MayShareRow(tasks.run->spec(tasks.node))) {
      row.definition = tasks.run->definition->id;
    }
    ready.Add(row);
  }
  ready.Write(tx);
  tx.fresh.clear();
}

void PutReady(Transaction& tx, LiveRun& run, TaskKey task,
              const Ticket& ticket) {
  PutReadyAt(tx, run, run.place(task.node), task, ticket);
}

void PutReadyAt(Transaction& tx, LiveRun& run, const Place& place, TaskKey task,
                const Ticket& ticket, std::int32_t count) {
  PutReadyRow(tx, MakeReady(tx, run, place, task.node, task.index - count + 1,
                            count, ticket));
}

void PutScheduled(Transaction& tx, LiveRun& run, TaskKey task,
                  const Ticket& ticket, Timestamp due_at) {
  tx.db.Write(Query::kInsertScheduled, due_at, run.id(), task.node, task.index,
              ticket.attempt, ticket.failures, ticket.crashes,
              ticket.scheduled_at);
  tx.tally.Scheduled(run.definition->id, task.node, 1);
  // So that whoever sleeps until the next one is due hears of an earlier one.
  tx.ring = true;
  AddCloseTimer(tx, run, task.node, task.index, 1, ticket);
}

void PutParked(Transaction& tx, LiveRun& run, TaskKey task,
               const Ticket& ticket, const WakeCondition& wake) {
  if (wake.kind == WakeCondition::Kind::kPermit) {
    PutBlocked(tx, run, task, ticket, wake.keys);
    return AddCloseTimer(tx, run, task.node, task.index, 1, ticket);
  }
  if (wake.kind == WakeCondition::Kind::kCallback) {
    return PutAwaiting(tx, run, task, ticket, wake.timeout);
  }
  // An attempt that waits for a run of its own is still under way.
  if (wake.kind == WakeCondition::Kind::kRunEnded) {
    KeepPermit(tx, run.id(), task);
  }
  if (HasHappened(tx, wake)) return PutReady(tx, run, task, ticket);
  std::optional<RunId> wake_run;
  std::optional<std::string_view> wake_key;
  if (wake.kind == WakeCondition::Kind::kRunEnded) {
    wake_run = wake.run;
  } else {
    wake_key = wake.cache_key;
  }
  tx.db.Write(Query::kInsertParked, run.id(), task.node, task.index,
              ticket.attempt, ticket.failures, ticket.crashes,
              ticket.scheduled_at, wake_run, wake_key);
  tx.rare.Added(Rare::kParked);
  AddCloseTimer(tx, run, task.node, task.index, 1, ticket);
}

void WakeAfterRun(Transaction& tx, RunId ended) {
  if (!tx.Any(Rare::kParked)) return;
  Wake(tx, ReadLocked(tx, [&] {
         return tx.db.Read(Query::kSelectParkedOnRun, ended);
       }));
}

void WakeAfterKey(Transaction& tx, std::string_view cache_key) {
  if (!tx.Any(Rare::kParked)) return;
  Wake(tx, ReadLocked(tx, [&] {
         return tx.db.Read(Query::kSelectParkedOnKey, cache_key);
       }));
}

std::optional<Timestamp> Earlier(std::optional<Timestamp> a,
                                 std::optional<Timestamp> b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

std::optional<Timestamp> PromoteDue(Transaction& tx) {
  for (;;) {
    std::optional<Timestamp> next;
    std::optional<Timestamp> limits_next;
    if (Rows rows = tx.db.Read(Query::kSelectNextDue); rows.Next()) {
      next = rows.OptionalTime(0);
      limits_next = rows.OptionalTime(1);
    }
    if (!next || *next > tx.now()) {
      return Earlier(next, PromoteLimits(tx, limits_next));
    }
    const auto due =
        ReadLocked(tx, [&] { return tx.db.Read(Query::kSelectDue, tx.now()); });
    for (const WaitingRow& row : due) {
      tx.db.Write(Query::kDeleteScheduled, row.run, row.task.node,
                  row.task.index);
      if (LiveRun* run = tx.Run(row.run)) {
        tx.tally.Scheduled(run->definition->id, row.task.node, -1);
        PutReady(tx, *run, row.task, row.ticket);
      }
    }
  }
}

std::vector<WaitingTasks> TakeWaiting(Transaction& tx, LiveRun& run,
                                      std::int32_t node) {
  std::vector<WaitingTasks> waiting;
  std::erase_if(tx.fresh, [&](const FreshTasks& tasks) {
    if (tasks.run != &run || tasks.node != node) return false;
    Ticket ticket;
    ticket.scheduled_at = tx.now();
    waiting.push_back({tasks.first, tasks.count, ticket});
    return true;
  });
  TakeBlocked(tx, run, node, waiting);
  const Place place = run.place(node);
  SeparateReady(tx, run, place, node);
  const std::int64_t ready =
      AppendWaiting(tx.db.Read(Query::kSelectReadyOfNode, place.lane,
                               place.rank, run.id(), node),
                    waiting);
  tx.tally.Ready(place.lane, -ready);
  const std::int64_t scheduled = AppendWaiting(
      tx.db.Read(Query::kSelectScheduledOfNode, run.id(), node), waiting);
  tx.tally.Scheduled(run.definition->id, node, -scheduled);
  AppendWaiting(tx.db.Read(Query::kSelectParkedOfNode, run.id(), node),
                waiting);
  tx.db.Write(Query::kDeleteReadyOfNode, place.lane, place.rank, run.id(),
              node);
  tx.db.Write(Query::kDeleteScheduledOfNode, run.id(), node);
  tx.db.Write(Query::kDeleteParkedOfNode, run.id(), node);
  for (const WaitingTasks& tasks : waiting) {
    // Ranges hold none.
    if (tasks.count == 1) FreePermit(tx, run.id(), {node, tasks.first});
  }
  return waiting;
}

void MoveReady(Transaction& tx, LiveRun& run) {
  const auto nodes = static_cast<std::int32_t>(run.definition->places.size());
  for (std::int32_t node = 0; node < nodes; ++node) {
    Place place = run.definition->place(node);
    if (!run.paused) place.lane = -place.lane;
    SeparateReady(tx, run, place, node);
  }
  for (const Place& place : run.definition->distinct_places) {
    const std::int64_t to = run.paused ? -place.lane : place.lane;
    // In this order; see TakeBlocked().
    if (tx.Any(Rare::kBlocked)) {
      tx.db.Write(Query::kMoveBlocked, to, -to, place.rank, run.id());
    }
    tx.db.Write(Query::kMoveReady, to, -to, place.rank, run.id());
  }
  if (!run.paused) UnblockRun(tx, run.id());
}

}  // namespace windlass::sql

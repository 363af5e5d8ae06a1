// Sweep(): dead executors, passed deadlines, due schedules.

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "sql_query.h"
#include "store/sql/effects.h"
#include "store/sql/firing.h"
#include "store/sql/look.h"
#include "store/sql/permits.h"
#include "store/sql/recovery.h"
#include "store/sql/registry.h"
#include "store/sql/waiting.h"

namespace windlass::sql {
namespace {

struct Timer {
  Timestamp due_at;
  RunId run;
  std::int32_t node = 0;
  std::int32_t first = 0;
  std::int32_t last = 0;
  TimerKind kind = TimerKind::kRunTimeout;
};

std::vector<Timer> TakeDueTimers(Transaction& tx) {
  std::vector<Timer> timers;
  {
    Rows rows = tx.db.Read(Query::kSelectDueTimers, tx.now());
    while (rows.Next()) {
      timers.push_back({rows.Time(0), RunId{rows.Int(1)}, rows.Int32(2),
                        rows.Int32(3), rows.Int32(4),
                        static_cast<TimerKind>(rows.Int(5))});
    }
  }
  std::vector<RunId> runs;
  for (const Timer& timer : timers) {
    runs.push_back(timer.run);
    tx.db.Write(Query::kDeleteTimer, timer.due_at, timer.run, timer.node,
                timer.first, timer.last, static_cast<int>(timer.kind));
  }
  tx.runs.Fetch(tx.db, runs);
  return timers;
}

// Whether a task that has waited since `ready_at` is over the timer's limit.
// Timers are not removed when a wait ends, so most find that it is not.
bool IsOver(const Timer& timer, const TaskSpec& spec, const Ticket& ticket,
            std::optional<Timestamp> ready_at, Timestamp now) {
  if (timer.kind == TimerKind::kScheduleToStart) {
    return ready_at && spec.schedule_to_start_timeout &&
           *ready_at + *spec.schedule_to_start_timeout <= now;
  }
  const auto deadline = CloseDeadline(spec, ticket);
  return deadline && *deadline <= now;
}

std::vector<WaitingTasks> OverdueReady(Transaction& tx, const LiveRun& run,
                                       const Timer& timer) {
  std::vector<WaitingTasks> overdue;
  const Place place = run.place(timer.node);
  Rows rows = tx.db.Read(Query::kSelectReadyOverlapping, place.lane, place.rank,
                         run.id(), timer.node, timer.first, timer.last);
  while (rows.Next()) {
    WaitingTasks tasks;
    tasks.count = rows.Int32(1);
    tasks.first = rows.Int32(0) - tasks.count + 1;
    tasks.ticket = ReadTicket(rows, 2);
    if (IsOver(timer, run.spec(timer.node), tasks.ticket, rows.Time(6),
               tx.now())) {
      overdue.push_back(tasks);
    }
  }
  return overdue;
}

// Of `query`, over scheduled or parked.
std::vector<WaitingTasks> OverdueOthers(Transaction& tx, const LiveRun& run,
                                        const Timer& timer, Query query) {
  std::vector<WaitingTasks> overdue;
  Rows rows = tx.db.Read(query, run.id(), timer.node);
  while (rows.Next()) {
    WaitingTasks tasks;
    tasks.first = rows.Int32(1);
    tasks.ticket = ReadTicket(rows, 3);
    if (tasks.first >= timer.first && tasks.first <= timer.last &&
        IsOver(timer, run.spec(timer.node), tasks.ticket, std::nullopt,
               tx.now())) {
      overdue.push_back(tasks);
    }
  }
  return overdue;
}

// The failure of one instance may have ended all of them (fail_fast).
bool IsRunning(const LiveRun& run, std::int32_t node) {
  return run.progress.node(node).state == TaskState::kRunning;
}

void Expire(Transaction& tx, LiveRun& run, const Timer& timer,
            const WaitingTasks& tasks, SweepReport& report) {
  const std::string_view type = timer.kind == TimerKind::kScheduleToStart
                                    ? error_type::kScheduleToStartTimeout
                                    : error_type::kScheduleToCloseTimeout;
  for (std::int32_t i = 0; i < tasks.count; ++i) {
    if (!IsRunning(run, timer.node)) return;
    const Decision decision =
        AfterDeadline(run.spec(timer.node), tasks.ticket, type, tx.now());
    EndWaiting(tx, run, TaskKey{timer.node, tasks.first + i}, decision);
    ++report.timers_fired;
  }
}

void FireOnReady(Transaction& tx, LiveRun& run, const Timer& timer,
                 SweepReport& report) {
  for (const WaitingTasks& tasks : OverdueReady(tx, run, timer)) {
    if (!IsRunning(run, timer.node)) return;
    const Place place = run.place(timer.node);
    tx.db.Write(Query::kDeleteReady, place.lane, place.rank, run.id(),
                timer.node, tasks.first + tasks.count - 1);
    tx.tally.Ready(place.lane, -tasks.count);
    Expire(tx, run, timer, tasks, report);
  }
}

void FireOnOthers(Transaction& tx, LiveRun& run, const Timer& timer,
                  Query select, Query remove, SweepReport& report) {
  for (const WaitingTasks& tasks : OverdueOthers(tx, run, timer, select)) {
    if (!IsRunning(run, timer.node)) return;
    tx.db.Write(remove, run.id(), timer.node, tasks.first);
    if (remove != Query::kDeleteParked) {
      tx.tally.Scheduled(run.definition->id, timer.node, -1);
    }
    Expire(tx, run, timer, tasks, report);
  }
}

void FireTaskTimer(Transaction& tx, LiveRun& run, const Timer& timer,
                   SweepReport& report) {
  FireOnReady(tx, run, timer, report);
  if (timer.kind != TimerKind::kScheduleToClose) return;
  FireOnOthers(tx, run, timer, Query::kSelectScheduledOfNode,
               Query::kDeleteScheduled, report);
  FireOnOthers(tx, run, timer, Query::kSelectParkedOfNode, Query::kDeleteParked,
               report);
  if (!tx.Any(Rare::kBlocked)) return;
  FireOnOthers(tx, run, timer, Query::kSelectBlockedOfNode,
               Query::kDeleteBlocked, report);
}

void Fire(Transaction& tx, const Timer& timer, SweepReport& report) {
  LiveRun* run = tx.Run(timer.run);
  if (run == nullptr || run->state != RunState::kRunning) return;
  if (timer.kind != TimerKind::kRunTimeout) {
    return FireTaskTimer(tx, *run, timer, report);
  }
  const auto timeout = run->definition->workflow->timeout;
  if (!timeout || run->progress.outcome() != RunState::kRunning) return;
  CancelRun(tx, *run, RunState::kFailed,
            absl::StrCat("the run took longer than its timeout of ",
                         FormatDuration(*timeout)));
  ++report.timers_fired;
}

absl::Status Recover(Ledger& ledger, ExecutorId executor, SweepReport& report) {
  SweepReport after;
  const auto body = [&](Transaction& tx) {
    after = report;
    SealExecutor(tx, executor);
    // It may have come back to life since.
    if (!IsDead(tx.db, executor, tx.now())) return absl::OkStatus();
    if (EndExecutor(tx, executor, Departure::kDied, &after)) {
      ++after.executors_lost;
    }
    return absl::OkStatus();
  };
  auto status = ledger.Write(Ledger::Durability::kProcess, body);
  if (status.ok()) report = after;
  return status;
}

absl::Status FireTimers(Ledger& ledger, SweepReport& report) {
  bool more = true;
  while (more) {
    SweepReport after;
    const auto body = [&](Transaction& tx) {
      after = report;
      const auto due = TakeDueTimers(tx);
      for (const Timer& timer : due) Fire(tx, timer, after);
      more = !due.empty();
      return absl::OkStatus();
    };
    auto status = ledger.Write(Ledger::Durability::kProcess, body);
    if (!status.ok()) return status;
    report = after;
  }
  return absl::OkStatus();
}

absl::Status TendLimits(Ledger& ledger) {
  return ledger.Write(Ledger::Durability::kProcess, [](Transaction& tx) {
    TendLimits(tx);
    return absl::OkStatus();
  });
}

}  // namespace

absl::StatusOr<SweepReport> Registry::Sweep() {
  auto look = LookAround(ledger_);
  if (!look.ok()) return look.status();
  SweepReport report;
  for (const ExecutorId executor : look->dead) {
    auto status = Recover(ledger_, executor, report);
    if (!status.ok()) return status;
  }
  if (look->timers_due) {
    if (auto status = FireTimers(ledger_, report); !status.ok()) return status;
  }
  if (look->limits_neglected) {
    if (auto status = TendLimits(ledger_); !status.ok()) return status;
  }
  auto status = FireSchedules(ledger_, *look, report);
  if (!status.ok()) return status;
  if (look->next_schedule)
    report.next_schedule = *look->next_schedule - look->at;
  return report;
}

}  // namespace windlass::sql

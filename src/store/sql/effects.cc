#include "store/sql/effects.h"

#include <limits>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "model/task_name.h"
#include "sql_query.h"
#include "store/sql/callbacks.h"
#include "store/sql/notices.h"
#include "store/sql/permits.h"
#include "store/sql/stored_rows.h"
#include "store/sql/waiting.h"

namespace windlass::sql {
namespace {

constexpr std::int32_t kLastInstance = std::numeric_limits<std::int32_t>::max();

TaskError CancelledBecause(const LiveRun& run) {
  TaskError error;
  error.type = error_type::kCancelled;
  error.message = run.reason.empty()
                      ? "another instance failed and the map is fail_fast"
                      : run.reason;
  error.category = ErrorCategory::kCancelled;
  error.retryable = false;
  return error;
}

struct LeaseName {
  TaskKey task;
  LeaseToken token;
};

std::vector<LeaseName> LeasesOfNode(Transaction& tx, const LiveRun& run,
                                    std::int32_t node) {
  std::vector<LeaseName> leases;
  tx.leases.Separate(tx.db, run.id(), node);
  Rows rows = tx.db.Read(Query::kSelectLeasesOfNode, run.id(), node);
  while (rows.Next()) {
    leases.push_back({TaskKey{node, rows.Int32(0)}, LeaseToken{rows.Int(1)}});
  }
  return leases;
}

std::vector<RunId> ReadRunIds(Rows rows) {
  std::vector<RunId> ids;
  while (rows.Next()) ids.push_back(RunId{rows.Int(0)});
  return ids;
}

void CancelRuns(Transaction& tx, const std::vector<RunId>& runs,
                const std::string& reason) {
  for (const RunId id : runs) {
    if (LiveRun* run = tx.Run(id)) {
      CancelRun(tx, *run, RunState::kCancelled, reason);
    }
  }
}

void CancelSubRuns(Transaction& tx, const LiveRun& run, std::int32_t node,
                   const TaskError& error) {
  if (!tx.Any(Rare::kChildRun)) return;
  CancelRuns(
      tx, ReadRunIds(tx.db.Read(Query::kSelectChildrenOfNode, run.id(), node)),
      error.message);
}

void TellToStop(Transaction& tx, const LiveRun& run, const EndedLease& lease,
                const TaskError& error) {
  const auto type = run.spec(lease.task.node).cancellation.type;
  tx.db.Write(Query::kInsertCancelCommand, lease.executor.value,
              lease.token.value, run.id(), lease.task.node, lease.task.index,
              static_cast<int>(type), std::string_view(error.message));
  tx.rare.Added(Rare::kCancelCommand);
  tx.ring = true;
}

std::optional<ExecutorId> ExecutorOf(Transaction& tx, const LiveRun& run,
                                     const LeaseName& name) {
  const auto lease = tx.leases.Find(tx.db, run.id(), name.task);
  if (!lease || lease->stopping) return std::nullopt;
  return lease->executor;
}

// With kWaitCancellationCompleted the lease stays: the task is final, and its
// run goes on, only when its attempt has stopped.
void CancelLease(Transaction& tx, LiveRun& run, const LeaseName& name,
                 const TaskError& error) {
  if (run.spec(name.task.node).cancellation.type ==
      CancellationSpec::Type::kWaitCancellationCompleted) {
    const auto executor = ExecutorOf(tx, run, name);
    if (!executor) return;
    EndedLease lease;
    lease.task = name.task;
    lease.token = name.token;
    lease.executor = *executor;
    tx.leases.MarkStopping(tx.db, run.id(), name.task);
    TellToStop(tx, run, lease, error);
    return;
  }
  const auto lease = TakeLease(tx, run, name.task, name.token);
  if (!lease) return;
  TaskEnding ending;
  ending.state = TaskState::kCancelled;
  ending.attempt = lease->ticket.attempt;
  ending.lease = &*lease;
  ending.outcome = AttemptOutcome::kCancelled;
  ending.error = &error;
  RecordTaskEnd(tx, run, name.task, ending);
  TellToStop(tx, run, *lease, error);
}

// A mapped node's own row is among the settled ones, and its instances that
// never started share one mark instead of a row each.
void RecordCancelledWhileWaiting(Transaction& tx, const LiveRun& run,
                                 std::int32_t node, const WaitingTasks& tasks,
                                 const TaskError& error) {
  if (tasks.first < 0 && run.spec(node).map) return;
  if (tasks.first >= 0 && tasks.ticket.attempt == 1) return;
  TaskEnding ending;
  ending.state = TaskState::kCancelled;
  ending.attempt = tasks.ticket.attempt - 1;
  ending.error = &error;
  RecordTaskEnd(tx, run, TaskKey{node, tasks.first}, ending);
}

void CancelNode(Transaction& tx, LiveRun& run, std::int32_t node) {
  const TaskError error = CancelledBecause(run);
  for (const WaitingTasks& tasks : TakeWaiting(tx, run, node)) {
    RecordCancelledWhileWaiting(tx, run, node, tasks, error);
  }
  for (const LeaseName& lease : LeasesOfNode(tx, run, node)) {
    CancelLease(tx, run, lease, error);
  }
  CloseCallbacks(tx, run, node);
  if (run.spec(node).map) {
    tx.db.Write(Query::kCloseExpansion, run.id(), node);
  }
  CancelSubRuns(tx, run, node, error);
}

bool HasTaskEnd(Transaction& tx, const LiveRun& run, TaskKey task) {
  Rows rows =
      tx.db.Read(Query::kSelectTaskEndState, run.id(), task.node, task.index);
  return rows.Next();
}

void RecordSettled(Transaction& tx, const LiveRun& run,
                   const Settled& settled) {
  // The claim that would have found a map's items may just have been cancelled.
  if (run.spec(settled.task.node).map && HasTaskEnd(tx, run, settled.task)) {
    return;
  }
  TaskEnding ending;
  ending.state = settled.state;
  ending.error = settled.reason ? &*settled.reason : nullptr;
  RecordTaskEnd(tx, run, settled.task, ending);
}

void EndRun(Transaction& tx, LiveRun& run, RunState state) {
  run.state = state;
  run.finished_at = tx.now();
  if (std::exchange(run.paused, false)) tx.runs.TouchAll(run);
  tx.runs.Touch(run);
  tx.tally.Runs(RunState::kRunning, -1);
  tx.tally.Runs(state, 1);
  if (state == RunState::kFailed && !run.info->parent) NoteRunFailed(tx, run);
  if (tx.ended != nullptr) {
    tx.ended->push_back({run.info, state, tx.now(), run.reason});
  }
  if (tx.Any(Rare::kTimer)) {
    tx.db.Write(Query::kDeleteTimersOfRun, run.id());
  }
  WakeAfterRun(tx, run.id());
}

void WriteCache(Transaction& tx, const LiveRun& run, const AttemptEnd& end) {
  const std::string envelope = FormatJson(ToJson(end.result));
  const std::string source = TaskName(run, end.task);
  tx.db.Write(Query::kUpsertCache, std::string_view(end.cache_key),
              std::string_view(envelope), std::string_view(source), tx.now());
}

void EndForGood(Transaction& tx, LiveRun& run, const EndedLease& lease,
                const AttemptEnd& end, const Decision& decision) {
  TaskEnding ending;
  ending.state = decision.state;
  ending.attempt = lease.ticket.attempt;
  ending.error = decision.error ? &*decision.error : nullptr;
  if (decision.record_attempt) {
    ending.lease = &lease;
    ending.outcome = end.outcome;
    ending.run_time = end.run_time;
  }
  if (decision.state == TaskState::kSucceeded) {
    ending.result = &end.result;
    ending.cached_from = end.cached_from;
    if (!end.cache_key.empty()) WriteCache(tx, run, end);
  }
  RecordTaskEnd(tx, run, lease.task, ending);
  CloseCallback(tx, run, lease.task);
  if (decision.dead_letter && decision.error) {
    RecordDeadLetter(tx, run, lease.task, lease.ticket.attempt,
                     *decision.error);
  }
  tx.runs.Touch(run);
  ApplyEffects(
      tx, run,
      run.progress.TaskEnded(lease.task, decision.state, StoredRows(tx, run)));
}

void Expand(Transaction& tx, LiveRun& run, const EndedLease& lease,
            const AttemptEnd& end) {
  const std::string items = FormatJson(ToJson(end.items));
  tx.db.Write(Query::kInsertExpansion, run.id(), lease.task.node,
              end.item_count, lease.ticket.attempt, lease.executor.value,
              lease.claimed_at, std::string_view(items));
  tx.runs.Touch(run);
  ApplyEffects(tx, run,
               run.progress.Expanded(lease.task.node, end.item_count,
                                     StoredRows(tx, run)));
}

void ResetNode(Transaction& tx, LiveRun& run, std::int32_t node) {
  TakeWaiting(tx, run, node);
  TaskError error = CancelledBecause(run);
  error.message = "the task is to run again";
  for (const LeaseName& name : LeasesOfNode(tx, run, node)) {
    const auto lease = TakeLease(tx, run, name.task, name.token);
    if (!lease) continue;
    RecordAttempt(tx, run, *lease, AttemptOutcome::kCancelled, &error);
    TellToStop(tx, run, *lease, error);
  }
  CloseCallbacks(tx, run, node);
  ForgetTaskEnds(tx, run, node, -1, kLastInstance);
  if (run.spec(node).map) {
    tx.db.Write(Query::kDeleteExpansion, run.id(), node);
  }
}

void ResumeNode(Transaction& tx, const LiveRun& run, std::int32_t node) {
  ForgetBadInstances(tx, run, node);
  tx.db.Write(Query::kReopenExpansion, run.id(), node);
}

bool IsEmpty(const Effects& effects) {
  return effects.released.empty() && effects.settled.empty() &&
         effects.cancelled_nodes.empty() && !effects.ended;
}

// Run-level facts that a restart changes.
void Reopen(Transaction& tx, LiveRun& run) {
  tx.runs.TouchAll(run);
  if (run.state == RunState::kRunning) return;
  tx.tally.Runs(run.state, -1);
  tx.tally.Runs(RunState::kRunning, 1);
  run.state = RunState::kRunning;
  run.finished_at.reset();
  run.reason.clear();
  if (const auto timeout = run.definition->workflow->timeout) {
    tx.db.Write(Query::kInsertTimer, tx.now() + *timeout, run.id(), -1, -1, -1,
                static_cast<int>(TimerKind::kRunTimeout));
    tx.rare.Added(Rare::kTimer);
  }
}

}  // namespace

std::string TaskName(const LiveRun& run, TaskKey task) {
  return absl::StrCat(FormatRunId(run.id()), "/",
                      FormatTaskName(run.spec(task.node).id, task));
}

void ApplyEffects(Transaction& tx, LiveRun& run, const Effects& effects) {
  for (const std::int32_t node : effects.cancelled_nodes) {
    CancelNode(tx, run, node);
  }
  for (const Settled& settled : effects.settled) {
    RecordSettled(tx, run, settled);
  }
  ReleaseTasks(tx, run, effects.released);
  if (effects.ended) EndRun(tx, run, *effects.ended);
}

void EndAttempt(Transaction& tx, LiveRun& run, const EndedLease& lease,
                const AttemptEnd& end, const Decision& decision) {
  if (decision.kind == Decision::Kind::kFinal) {
    return EndForGood(tx, run, lease, end, decision);
  }
  if (decision.kind == Decision::Kind::kExpand) {
    return Expand(tx, run, lease, end);
  }
  if (decision.record_attempt) {
    RecordAttempt(tx, run, lease, end.outcome,
                  decision.error ? &*decision.error : nullptr);
  }
  if (decision.ticket.failures > lease.ticket.failures) {
    RenewCallback(tx, run, lease.task, end);
  }
  if (decision.kind == Decision::Kind::kPark) {
    PutParked(tx, run, lease.task, decision.ticket, end.wake);
  } else if (decision.kind == Decision::Kind::kRetryAt &&
             decision.at > tx.now()) {
    PutScheduled(tx, run, lease.task, decision.ticket, decision.at);
  } else {
    PutReady(tx, run, lease.task, decision.ticket);
  }
}

void EndStopping(Transaction& tx, LiveRun& run, const EndedLease& lease,
                 std::optional<Duration> run_time) {
  const TaskError error = CancelledBecause(run);
  TaskEnding ending;
  ending.state = TaskState::kCancelled;
  ending.attempt = lease.ticket.attempt;
  ending.lease = &lease;
  ending.outcome = AttemptOutcome::kCancelled;
  ending.error = &error;
  ending.run_time = run_time;
  RecordTaskEnd(tx, run, lease.task, ending);
  CloseCallback(tx, run, lease.task);
  tx.runs.Touch(run);
  ApplyEffects(tx, run,
               run.progress.TaskEnded(lease.task, TaskState::kCancelled,
                                      StoredRows(tx, run)));
}

void EndWaiting(Transaction& tx, LiveRun& run, TaskKey task,
                const Decision& decision) {
  FreePermit(tx, run.id(), task);
  TaskEnding ending;
  ending.state = decision.state;
  ending.attempt = decision.ticket.attempt - 1;
  ending.error = decision.error ? &*decision.error : nullptr;
  RecordTaskEnd(tx, run, task, ending);
  CloseCallback(tx, run, task);
  if (decision.dead_letter && decision.error) {
    RecordDeadLetter(tx, run, task, ending.attempt, *decision.error);
  }
  if (decision.error) CancelSubRuns(tx, run, task.node, *decision.error);
  tx.runs.Touch(run);
  ApplyEffects(
      tx, run,
      run.progress.TaskEnded(task, decision.state, StoredRows(tx, run)));
}

void CancelRun(Transaction& tx, LiveRun& run, RunState outcome,
               const std::string& reason) {
  if (run.state != RunState::kRunning) return;
  const Effects effects = run.progress.Cancel(outcome, StoredRows(tx, run));
  if (IsEmpty(effects)) return;
  run.reason = reason;
  tx.runs.TouchAll(run);
  // What is left of the run may start although it was paused: on_exit.
  if (run.paused) {
    run.paused = false;
    MoveReady(tx, run);
  }
  ApplyEffects(tx, run, effects);
  if (!tx.Any(Rare::kChildRun)) return;
  CancelRuns(tx, ReadRunIds(tx.db.Read(Query::kSelectChildren, run.id())),
             reason);
}

void ApplyRestart(Transaction& tx, LiveRun& run,
                  const RunProgress::Restart& restart) {
  for (const std::int32_t node : restart.reset) ResetNode(tx, run, node);
  for (const std::int32_t node : restart.resumed) ResumeNode(tx, run, node);
  Reopen(tx, run);
  ApplyEffects(tx, run, restart.effects);
}

}  // namespace windlass::sql

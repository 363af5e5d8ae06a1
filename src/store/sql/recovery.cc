#include "store/sql/recovery.h"

#include <vector>

#include "sql_query.h"
#include "store/sql/effects.h"
#include "store/sql/notices.h"

namespace windlass::sql {
namespace {

// How the attempt ended, as far as its history is concerned.
AttemptEnd EndFor(const HeldLease& held, Departure departure) {
  AttemptEnd end;
  end.run = held.run;
  end.task = held.task;
  end.token = held.token;
  end.outcome = departure == Departure::kDied ? AttemptOutcome::kFailed
                                              : AttemptOutcome::kReleased;
  return end;
}

void Recover(Transaction& tx, const HeldLease& held, Departure departure,
             SweepReport& report) {
  LiveRun* run = tx.Run(held.run);
  if (run == nullptr) return;
  // What ended before it may have ended this one too (fail_fast).
  const auto lease = TakeLease(tx, *run, held.task, held.token);
  if (!lease) return;
  if (lease->stopping) return EndStopping(tx, *run, *lease, std::nullopt);
  const AttemptEnd end = EndFor(held, departure);
  const TaskSpec& spec = run->spec(held.task.node);
  const Decision decision =
      departure == Departure::kDied
          ? AfterCrash(spec, lease->ticket, tx.now(), tx.limits)
          : AfterAttempt(spec, lease->ticket, end, tx.now(), 0);
  ++(decision.kind == Decision::Kind::kFinal ? report.tasks_failed
                                             : report.tasks_recovered);
  EndAttempt(tx, *run, *lease, end, decision);
}

}  // namespace

void SealExecutor(Transaction& tx, ExecutorId executor) {
  if (tx.writers == Writers::kOne) return;
  Rows rows = tx.db.Read(Query::kSealExecutor, executor.value);
}

bool EndExecutor(Transaction& tx, ExecutorId executor, Departure departure,
                 SweepReport* report) {
  if (tx.db.Execute(Query::kEndExecutor, executor.value, tx.now(),
                    departure == Departure::kDied) == 0) {
    return false;
  }
  SweepReport uncounted;
  const std::vector<HeldLease> leases = ReadLeasesOf(tx.db, executor);
  if (departure == Departure::kDied) {
    NoteExecutorLost(tx, executor, leases.size());
  }
  std::vector<RunId> runs;
  for (const HeldLease& held : leases) runs.push_back(held.run);
  tx.runs.Fetch(tx.db, runs);
  for (const HeldLease& held : leases) {
    Recover(tx, held, departure, report == nullptr ? uncounted : *report);
  }
  // After the leases: ending one may have left a command for another.
  if (tx.Any(Rare::kCancelCommand)) {
    tx.db.Write(Query::kDeleteCancelCommandsOfExecutor, executor.value);
  }
  return true;
}

}  // namespace windlass::sql

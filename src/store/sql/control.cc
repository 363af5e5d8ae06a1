// Cancel, pause, resume, retry; dead letters taken back or thrown away.

#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "sql_query.h"
#include "store/sql/dead_letters.h"
#include "store/sql/effects.h"
#include "store/sql/run_control.h"
#include "store/sql/stored_rows.h"
#include "store/sql/waiting.h"

namespace windlass::sql {
namespace {

absl::StatusOr<LiveRun*> Find(Transaction& tx, RunId id) {
  LiveRun* run = tx.Run(id);
  if (!tx.db.ok()) return tx.db.status();
  if (run != nullptr) return run;
  return absl::NotFoundError(absl::StrCat("there is no run ", FormatRunId(id)));
}

absl::Status HasEnded(const LiveRun& run, std::string_view verb) {
  return absl::FailedPreconditionError(absl::StrCat(
      "run ", FormatRunId(run.id()), " has ", std::string(Name(run.state)),
      " and cannot be ", std::string(verb)));
}

// The run and its sub-runs, which are part of it.
void SetPaused(Transaction& tx, LiveRun& run, bool paused) {
  if (run.state != RunState::kRunning) return;
  if (run.paused != paused) {
    run.paused = paused;
    tx.runs.TouchAll(run);
    MoveReady(tx, run);
  }
  if (!tx.Any(Rare::kChildRun)) return;
  std::vector<RunId> children;
  {
    Rows rows = tx.db.Read(Query::kSelectChildren, run.id());
    while (rows.Next()) children.push_back(RunId{rows.Int(0)});
  }
  for (const RunId id : children) {
    if (LiveRun* child = tx.Run(id)) SetPaused(tx, *child, paused);
  }
}

bool Exists(Transaction& tx, const DeadLetterRecord& letter) {
  Rows rows = tx.db.Read(Query::kSelectDeadLetterExists, letter.id);
  return rows.Next();
}

// False when nothing is to run again: an earlier letter took the task back.
bool RequeueOne(Transaction& tx, const DeadLetterRecord& letter) {
  LiveRun* run = Exists(tx, letter) ? tx.Run(letter.run) : nullptr;
  if (run == nullptr) return false;
  const TaskKey task = letter.task;
  const RunProgress::Restart restart =
      run->progress.Requeue(task, StoredRows(tx, *run));
  if (restart.empty()) return false;
  // An instance goes back alone, but what its map came to no longer holds.
  if (task.index >= 0) {
    ForgetTaskEnds(tx, *run, task.node, task.index, task.index);
    ForgetTaskEnds(tx, *run, task.node, -1, -1);
  }
  ApplyRestart(tx, *run, restart);
  return true;
}

}  // namespace

absl::Status Control::Cancel(RunId id, const std::string& reason) {
  return ledger_.Write(Ledger::Durability::kMachine,
                       [&](Transaction& tx) -> absl::Status {
                         auto run = Find(tx, id);
                         if (!run.ok()) return run.status();
                         if ((*run)->state == RunState::kCancelled)
                           return absl::OkStatus();
                         if ((*run)->state != RunState::kRunning) {
                           return HasEnded(**run, "cancelled");
                         }
                         CancelRun(tx, **run, RunState::kCancelled,
                                   reason.empty() ? "cancelled" : reason);
                         return absl::OkStatus();
                       });
}

absl::Status Control::Pause(RunId id) {
  return ledger_.Write(Ledger::Durability::kMachine,
                       [&](Transaction& tx) -> absl::Status {
                         auto run = Find(tx, id);
                         if (!run.ok()) return run.status();
                         if ((*run)->state != RunState::kRunning) {
                           return HasEnded(**run, "paused");
                         }
                         SetPaused(tx, **run, true);
                         return absl::OkStatus();
                       });
}

absl::Status Control::Resume(RunId id) {
  return ledger_.Write(Ledger::Durability::kMachine,
                       [&](Transaction& tx) -> absl::Status {
                         auto run = Find(tx, id);
                         if (!run.ok()) return run.status();
                         if ((*run)->state != RunState::kRunning) {
                           return HasEnded(**run, "resumed");
                         }
                         SetPaused(tx, **run, false);
                         tx.ring = true;
                         return absl::OkStatus();
                       });
}

absl::Status Control::Retry(RunId id, RetryScope scope) {
  return ledger_.Write(
      Ledger::Durability::kMachine, [&](Transaction& tx) -> absl::Status {
        auto found = Find(tx, id);
        if (!found.ok()) return found.status();
        LiveRun& run = **found;
        const std::string name = FormatRunId(id);
        if (run.state == RunState::kRunning) {
          return absl::FailedPreconditionError(absl::StrCat(
              "run ", name, " has not ended; cancel it first or wait"));
        }
        const RunProgress::Restart restart =
            run.progress.RetryTasks(scope, StoredRows(tx, run));
        if (restart.empty()) {
          return absl::FailedPreconditionError(
              absl::StrCat("run ", name, " has no failed tasks to retry"));
        }
        auto info = std::make_shared<RunInfo>(*run.info);
        ++info->attempt;
        run.info = std::move(info);
        ApplyRestart(tx, run, restart);
        return absl::OkStatus();
      });
}

absl::StatusOr<int> Control::Requeue(const DeadLetterFilter& filter) {
  int count = 0;
  const auto body = [&](Transaction& tx) -> absl::Status {
    count = 0;
    auto letters = ReadDeadLetters(tx.db, tx.definitions, filter);
    if (!letters.ok()) return letters.status();
    for (const DeadLetterRecord& letter : *letters) {
      if (RequeueOne(tx, letter)) ++count;
    }
    return absl::OkStatus();
  };
  if (auto status = ledger_.Write(Ledger::Durability::kMachine, body);
      !status.ok()) {
    return status;
  }
  return count;
}

absl::StatusOr<int> Control::Discard(const DeadLetterFilter& filter) {
  int count = 0;
  const auto body = [&](Transaction& tx) -> absl::Status {
    count = 0;
    auto letters = ReadDeadLetters(tx.db, tx.definitions, filter);
    if (!letters.ok()) return letters.status();
    for (const DeadLetterRecord& letter : *letters) {
      count +=
          static_cast<int>(tx.db.Execute(Query::kDeleteDeadLetter, letter.id));
    }
    return absl::OkStatus();
  };
  if (auto status = ledger_.Write(Ledger::Durability::kMachine, body);
      !status.ok()) {
    return status;
  }
  return count;
}

}  // namespace windlass::sql

// Carries out what the model decided: about one task (Decision) and about the
// rest of its run (Effects).
#pragma once

#include <string>

#include "model/lifecycle.h"
#include "store/sql/ending.h"
#include "store/sql/transaction.h"

namespace windlass::sql {

// After every call of the run's progress.
void ApplyEffects(Transaction& tx, LiveRun& run, const Effects& effects);

// The lease's attempt ended as `end` says; `decision` is what becomes of the
// task.
void EndAttempt(Transaction& tx, LiveRun& run, const EndedLease& lease,
                const AttemptEnd& end, const Decision& decision);

// The attempt of a cancelled task has stopped: its run waited for that.
void EndStopping(Transaction& tx, LiveRun& run, const EndedLease& lease,
                 std::optional<Duration> run_time);

// A task ended for good while it waited.
void EndWaiting(Transaction& tx, LiveRun& run, TaskKey task,
                const Decision& decision);

// Ends the run and its sub-runs: kCancelled, or kFailed for one that timed out.
// No effect on a run that has ended.
void CancelRun(Transaction& tx, LiveRun& run, RunState outcome,
               const std::string& reason);

// Lets tasks run again: forgets what `restart` names, carries out its effects.
void ApplyRestart(Transaction& tx, LiveRun& run,
                  const RunProgress::Restart& restart);

// "r42/report" or "r42/report[7]".
std::string TaskName(const LiveRun& run, TaskKey task);

}  // namespace windlass::sql

// Permits of limits: whose they are, who waits for them, and who is let go when
// some are free.
//
// A task that was let go is claimable, and its permit is reserved; one that
// turns out not to be claimed (its queue is paused, nobody takes such tasks)
// has to wait again. Permits are given and taken back at the end of a
// transaction, all at once, because limiters are locked in one order and after
// all runs.
#pragma once

#include "store/sql/transaction.h"

namespace windlass::sql {

// The task needs no permit any more, if it has one: its lease has ended, or it
// does not wait any longer.
void FreePermit(Transaction& tx, RunId run, TaskKey task);

// What the end of the task's attempt says of the service that it called. To be
// called after FreePermit().
void NoteEnd(Transaction& tx, PermitChanges::Note note);

// The task is still under way although its lease has ended.
void KeepPermit(Transaction& tx, RunId run, TaskKey task);

// The task is to wait for a permit, or to be let go with it.
void PutBlocked(Transaction& tx, const LiveRun& run, TaskKey task,
                const Ticket& ticket, const PermitKeys& keys);

// Those who wait in this run, or in this queue, may be let go now.
void UnblockRun(Transaction& tx, RunId run);
void UnblockQueue(Transaction& tx, std::string_view queue);

// False when there is no circuit of this key.
bool ResetCircuit(Transaction& tx, std::string_view key);

// Carries out what the transaction did to permits. Runs may not be locked
// afterwards. Costs nothing when that is nothing.
void SettlePermits(Transaction& tx);

// Lets go whom rates let go by now, and settles. Returns when the next is due.
std::optional<Timestamp> PromoteLimits(Transaction& tx,
                                       std::optional<Timestamp> next_due);

// A task that was let go is claimed within this, or its permit is better used
// by another.
constexpr Duration kReservation = std::chrono::seconds(10);

// What a sweep looks after: permits of tasks that nobody claimed, waiters whom
// a transaction forgot that was rolled back, limiters nobody uses.
void TendLimits(Transaction& tx);

}  // namespace windlass::sql

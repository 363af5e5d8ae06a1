#include "store/sql/claim.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

#include "store/sql/waiting.h"

namespace windlass::sql {
namespace {

constexpr std::int32_t kFewRows = 8;
// More than live in one process; those that are gone need not be remembered.
constexpr std::size_t kMostExecutors = 1'000;

bool Allows(const std::vector<std::string>& names, std::string_view name) {
  return names.empty() ||
         std::find(names.begin(), names.end(), name) != names.end();
}

std::int32_t FewRows(std::int32_t tasks) {
  return std::min(tasks, std::max(kFewRows, tasks / kFewRows));
}

std::vector<RunId> Family(Transaction& tx, RunId root) {
  std::vector<RunId> runs{root};
  if (!tx.Any(Rare::kChildRun)) return runs;
  Rows rows = tx.db.Read(Query::kSelectFamily, root);
  while (rows.Next()) runs.push_back(RunId{rows.Int(0)});
  return runs;
}

}  // namespace

bool GuardExecutor(Transaction& tx, ExecutorId executor) {
  // By itself: a statement sees what was committed when it began, and this one
  // may have to wait.
  if (tx.writers == Writers::kMany) {
    Rows rows = tx.db.Read(Query::kGuardExecutor, executor.value);
  }
  Rows rows = tx.db.Read(Query::kSelectExecutorAlive, executor.value);
  return rows.Next();
}

LatestClaim LatestClaims::Of(ExecutorId executor) const {
  const MutexLock lock(mutex_);
  const auto found = by_executor_.find(executor.value);
  return found == by_executor_.end() ? LatestClaim() : found->second;
}

void LatestClaims::Note(ExecutorId executor, LatestClaim claim) {
  const MutexLock lock(mutex_);
  if (by_executor_.size() > kMostExecutors) by_executor_.clear();
  by_executor_[executor.value] = std::move(claim);
}

void Claim::Announce(Transaction& tx, const ClaimRequest& request,
                     const LatestClaim& latest) {
  if (tx.writers == Writers::kOne) return;
  tx.db.Announce(Query::kGuardExecutor, request.executor.value);
  tx.db.Announce(Query::kSelectExecutorAlive, request.executor.value);
  tx.db.Announce(Query::kSelectNextDue);
  tx.db.Announce(Query::kSelectLanes);
  // Rows that need not be locked cost more than asking later.
  const bool took_little = latest.tasks <= static_cast<std::size_t>(kFewRows);
  if (!took_little || latest.lanes.empty() || request.root) return;
  if (latest.marks.Usable(std::chrono::steady_clock::now())) return;
  tx.db.Announce(Query::kLockReady, Ints{latest.lanes}, kFewRows);
  tx.ids.AnnounceToken(tx.db);
  tx.db.Announce(Query::kSelectInputsOfReady, Ints{latest.lanes}, kFewRows);
}

Claim::Claim(Transaction& tx, const ClaimRequest& request,
             const LatestClaim& latest, std::vector<Lease>& leases)
    : tx_(tx), request_(request), leases_(leases), marks_(latest.marks) {
  Rows rows = tx.db.Read(Query::kSelectLanes);
  while (rows.Next()) {
    if (Accepts(rows.Text(1), rows.Text(2), rows.Bool(3))) {
      lanes_.push_back(rows.Int(0));
    }
  }
}

bool Claim::Accepts(std::string_view queue, std::string_view type,
                    bool queue_paused) const {
  return !queue_paused && Allows(request_.queues, queue) &&
         Allows(request_.types, type);
}

bool Claim::Accepts(const LiveRun& run, std::int32_t node) const {
  if (run.paused) return false;
  if (request_.root && run.info->root != *request_.root) return false;
  const std::int64_t lane = run.definition->place(node).lane;
  return std::find(lanes_.begin(), lanes_.end(), lane) != lanes_.end();
}

std::int32_t Claim::Room() const {
  return request_.limit - static_cast<std::int32_t>(leases_.size());
}

void Claim::AddLease(const LiveRun& run, TaskKey task, const Ticket& ticket,
                     Timestamp ready_at) {
  Lease& lease = leases_.emplace_back();
  lease.run = run.info;
  lease.task = task;
  lease.attempt = ticket.attempt;
  lease.failures = ticket.failures;
  lease.ready_at = ready_at;
  lease.claimed_at = tx_.now();
  lease.close_deadline = CloseDeadline(run.spec(task.node), ticket);
  if (run.definition->workflow->on_exit_index == task.node) {
    lease.run_outcome = run.progress.outcome();
  }
  tx_.tally.Leased(run.definition->id, task.node, 1);
  Taken taken{leases_.size() - 1, std::nullopt, ticket};
  if (MayShareRow(run.spec(task.node))) taken.definition = run.definition->id;
  // Without a deadline that counts from it, it says nothing, and would only
  // tell apart what can share a row.
  if (!lease.close_deadline) taken.ticket.scheduled_at = tx_.now();
  taken_.push_back(taken);
}

// Neighbours in a series get consecutive tokens, so that these leases can share
// a row.
void Claim::Grant() {
  std::sort(taken_.begin(), taken_.end(), [&](const Taken& a, const Taken& b) {
    const Lease& first = leases_[a.lease];
    const Lease& second = leases_[b.lease];
    return std::pair(Series::Of(first.run->id, first.task),
                     PositionOf(first.run->id, first.task)) <
           std::pair(Series::Of(second.run->id, second.task),
                     PositionOf(second.run->id, second.task));
  });
  for (const Taken& taken : taken_) {
    Lease& lease = leases_[taken.lease];
    lease.token = tx_.ids.NextToken(tx_.db);
    LeaseRow row;
    row.token = lease.token;
    row.executor = request_.executor;
    row.ticket = taken.ticket;
    row.claimed_at = lease.claimed_at;
    tx_.leases.Insert(lease.run->id, lease.task, taken.definition, row);
  }
  taken_.clear();
}

// An executor gets one task on its last chance at a time, so that a task that
// kills its executors is blamed alone and not with those beside it.
bool Claim::AllowsLastChance(const Ticket& ticket) {
  if (ticket.crashes == 0 || ticket.crashes < tx_.limits.max_crashes) {
    return true;
  }
  if (!last_chance_taken_) {
    Rows rows = tx_.db.Read(Query::kSelectLastChanceOfExecutor,
                            request_.executor.value, tx_.limits.max_crashes);
    last_chance_taken_ = rows.Next();
  }
  return !std::exchange(*last_chance_taken_, true);
}

// What is claimable belongs to a run that is neither paused nor over, or it
// would not be here; the run need not be locked for that, nor, where the row
// says what it was submitted with, be read.
const LiveRun* Claim::RunOf(const ReadyRow& row, RunId run) {
  if (!row.definition || !row.input) return tx_.runs.Peek(tx_.db, run);
  return tx_.runs.PeekFresh(
      tx_.db, {run, *row.definition, *row.input, row.ticket.scheduled_at});
}

void Claim::LeaseFront(const ReadyRow& row, std::int32_t count) {
  if (row.runs > 1) {
    for (std::int32_t i = 0; i < count; ++i) {
      const LiveRun* run = RunOf(row, RunId{row.first_run().value + i});
      if (run == nullptr) return;
      AddLease(*run, TaskKey{row.node, row.idx}, row.ticket, row.ready_at);
    }
    return;
  }
  const LiveRun* run = RunOf(row, row.run);
  if (run == nullptr) return;
  for (std::int32_t i = 0; i < count; ++i) {
    AddLease(*run, TaskKey{row.node, row.first() + i}, row.ticket,
             row.ready_at);
  }
}

bool Claim::Take(const ReadyRow& row) {
  const std::int32_t taken = std::min(row.tasks(), Room());
  LeaseFront(row, taken);
  tx_.tally.Ready(row.lane, -taken);
  if (taken == row.tasks()) return true;
  const bool of_runs = row.runs > 1;
  tx_.db.Write(Query::kShrinkReady, row.lane, row.rank, row.run, row.node,
               row.idx, of_runs ? row.count : row.count - taken,
               of_runs ? row.runs - taken : row.runs);
  return false;
}

void Claim::TakeFresh() {
  if (tx_.fresh.empty() || Room() <= 0) return;
  std::stable_sort(tx_.fresh.begin(), tx_.fresh.end(),
                   [](const FreshTasks& a, const FreshTasks& b) {
                     return a.run->spec(a.node).priority >
                            b.run->spec(b.node).priority;
                   });
  Ticket ticket;
  ticket.scheduled_at = tx_.now();
  for (FreshTasks& tasks : tx_.fresh) {
    if (!Accepts(*tasks.run, tasks.node)) continue;
    const std::int32_t taken = std::min(tasks.count, Room());
    for (std::int32_t i = 0; i < taken; ++i) {
      AddLease(*tasks.run, TaskKey{tasks.node, tasks.first + i}, ticket,
               tx_.now());
    }
    tasks.first += taken;
    tasks.count -= taken;
  }
  std::erase_if(tx_.fresh,
                [](const FreshTasks& tasks) { return tasks.count == 0; });
}

void Claim::TakeReady() {
  if (Room() <= 0 || lanes_.empty()) return;
  if (request_.root) {
    FromFamily();
  } else {
    FromLanes();
  }
}

void Claim::FromLanes() {
  if (tx_.writers == Writers::kMany) {
    // A row may stand for hundreds of tasks, and what is locked is kept from
    // others: few are enough, mostly.
    const std::int32_t few =
        AskedAlready(kFewRows) ? kFewRows : FewRows(Room());
    if (TakeFrom(few) < few) return;
  }
  if (Room() > 0) TakeFrom(Room());
}

bool Claim::AskedAlready(std::int32_t rows) const {
  return tx_.db.HasAnswer(Query::kLockReady, Ints{lanes_}, rows);
}

// Returns how many rows were taken wholly, or left for others.
std::int32_t Claim::TakeFrom(std::int32_t rows) {
  std::int32_t passed = 0;
  if (tx_.db.HasAnswer(Query::kSelectInputsOfReady, Ints{lanes_}, rows)) {
    tx_.runs.LearnInputs(
        tx_.db, tx_.db.Read(Query::kSelectInputsOfReady, Ints{lanes_}, rows));
  }
  if (!AskedAlready(rows)) tx_.ids.AnnounceToken(tx_.db);
  ReadyScan scan(tx_, lanes_, rows, marks_);
  used_marks_ |= scan.began_at_marks();
  tx_.runs.FetchUnlocked(tx_.db, scan.Runs(Room()));
  while (Room() > 0 && scan.Head() != nullptr) {
    if (!AllowsLastChance(scan.Head()->ticket)) {
      scan.Keep();
      ++passed;
      continue;
    }
    if (!Take(*scan.Head())) break;
    scan.Pass();
    ++passed;
  }
  return passed;
}

bool Claim::LookedEverywhere(std::optional<Timestamp>& next_due) {
  if (!used_marks_) return true;
  const auto again = marks_.UsableFor(std::chrono::steady_clock::now());
  next_due = Earlier(next_due, tx_.now() + again);
  return false;
}

std::vector<ReadyRow> Claim::ReadyOfFamily() {
  std::vector<ReadyRow> ready;
  for (const RunId id : Family(tx_, *request_.root)) {
    const LiveRun* run = tx_.runs.Peek(tx_.db, id);
    if (run == nullptr || run->paused || run->state != RunState::kRunning) {
      continue;
    }
    for (const Place& place : run->definition->distinct_places) {
      if (std::find(lanes_.begin(), lanes_.end(), place.lane) == lanes_.end()) {
        continue;
      }
      auto rows = ReadReadyRows(tx_.db.Read(Query::kScanReadyOfRun, place.lane,
                                            place.rank, id, Room()));
      ready.insert(ready.end(), rows.begin(), rows.end());
    }
  }
  std::sort(
      ready.begin(), ready.end(),
      [](const ReadyRow& a, const ReadyRow& b) { return a.Key() < b.Key(); });
  return ready;
}

void Claim::FromFamily() {
  for (const ReadyRow& row : ReadyOfFamily()) {
    if (Room() == 0) return;
    if (!AllowsLastChance(row.ticket)) continue;
    if (!Take(row)) return;
    tx_.db.Write(Query::kDeleteReady, row.lane, row.rank, row.run, row.node,
                 row.idx);
  }
}

}  // namespace windlass::sql

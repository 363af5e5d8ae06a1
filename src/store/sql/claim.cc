#include "store/sql/claim.h"

#include <algorithm>
#include <string>
#include <utility>

#include "store/sql/waiting.h"

namespace windlass::sql {
namespace {

bool Allows(const std::vector<std::string>& names, std::string_view name) {
  return names.empty() ||
         std::find(names.begin(), names.end(), name) != names.end();
}

std::vector<RunId> Family(Transaction& tx, RunId root) {
  std::vector<RunId> runs{root};
  if (!tx.Any(Rare::kChildRun)) return runs;
  Rows rows = tx.db.Read(Query::kSelectFamily, root);
  while (rows.Next()) runs.push_back(RunId{rows.Int(0)});
  return runs;
}

}  // namespace

bool IsAlive(Connection& connection, ExecutorId executor) {
  Rows rows = connection.Read(Query::kSelectExecutorAlive, executor.value);
  return rows.Next();
}

void Claim::Announce(Transaction& tx, const ClaimRequest& request) {
  tx.db.Announce(Query::kSelectExecutorAlive, request.executor.value);
  tx.db.Announce(Query::kSelectNextDue);
  tx.db.Announce(Query::kSelectLanes);
}

Claim::Claim(Transaction& tx, const ClaimRequest& request,
             std::vector<Lease>& leases)
    : tx_(tx), request_(request), leases_(leases) {
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

void Claim::AddLease(const LiveRun& run, TaskKey task, const Ticket& ticket) {
  Lease& lease = leases_.emplace_back();
  lease.run = run.info;
  lease.task = task;
  lease.token = tx_.ids.NextToken(tx_.db);
  lease.attempt = ticket.attempt;
  lease.claimed_at = tx_.now();
  lease.close_deadline = CloseDeadline(run.spec(task.node), ticket);
  if (run.definition->workflow->on_exit_index == task.node) {
    lease.run_outcome = run.progress.outcome();
  }
  LeaseRow row;
  row.token = lease.token;
  row.executor = request_.executor;
  row.ticket = ticket;
  row.claimed_at = tx_.now();
  tx_.leases.Insert(tx_.db, run.id(), task, row);
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

void Claim::LeaseFront(const ReadyRow& row, std::int32_t count) {
  // What is claimable belongs to a run that is neither paused nor over, or it
  // would not be here; the run need not be locked for that.
  const LiveRun* run = tx_.runs.Peek(tx_.db, row.run);
  if (run == nullptr) return;
  for (std::int32_t i = 0; i < count; ++i) {
    AddLease(*run, TaskKey{row.node, row.first() + i}, row.ticket);
  }
}

bool Claim::Take(const ReadyRow& row) {
  const std::int32_t taken = std::min(row.count, Room());
  LeaseFront(row, taken);
  if (taken == row.count) return true;
  tx_.db.Write(Query::kShrinkReady, row.lane, row.rank, row.run, row.node,
               row.idx, row.count - taken);
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
      AddLease(*tasks.run, TaskKey{tasks.node, tasks.first + i}, ticket);
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
  tx_.ids.AnnounceToken(tx_.db);
  ReadyScan scan(tx_, lanes_, Room());
  tx_.runs.FetchUnlocked(tx_.db, scan.Runs());
  while (Room() > 0 && scan.Head() != nullptr) {
    if (!AllowsLastChance(scan.Head()->ticket)) {
      scan.Keep();
      continue;
    }
    if (!Take(*scan.Head())) return;
    scan.Pass();
  }
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

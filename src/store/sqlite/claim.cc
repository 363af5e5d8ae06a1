#include "store/sqlite/claim.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "sqlite_queries.h"
#include "store/sqlite/waiting.h"

namespace windlass::sqlite {
namespace {

// A row of `ready`, or what is left of it.
struct ReadyRow {
  std::int64_t lane = 0;
  int rank = -1;
  RunId run;
  std::int32_t node = 0;
  std::int32_t idx = 0;
  std::int32_t count = 0;
  Ticket ticket;

  auto Key() const { return std::tuple(rank, run.value, node, idx); }
};

std::vector<ReadyRow> ReadReady(std::int64_t lane, Rows rows) {
  std::vector<ReadyRow> ready;
  while (rows.Next()) {
    ReadyRow row;
    row.lane = lane;
    row.rank = rows.Int32(0);
    row.run = RunId{rows.Int(1)};
    row.node = rows.Int32(2);
    row.idx = rows.Int32(3);
    row.count = rows.Int32(4);
    row.ticket = ReadTicket(rows, 5);
    ready.push_back(row);
  }
  return ready;
}

// What a request accepts, and which queues are open.
class Filter {
 public:
  Filter(Transaction& tx, const ClaimRequest& request) : request_(request) {
    Rows rows = tx.db.Query(queries::kSelectPausedQueues);
    while (rows.Next()) paused_.emplace_back(rows.Text(0));
  }

  bool Accepts(std::string_view queue, std::string_view type) const {
    return Allows(request_.queues, queue) && Allows(request_.types, type) &&
           !Contains(paused_, queue);
  }
  bool Accepts(const LiveRun& run, std::int32_t node) const {
    if (run.paused) return false;
    if (request_.root && run.info->root != *request_.root) return false;
    const TaskSpec& spec = run.spec(node);
    return Accepts(spec.queue, spec.type);
  }

 private:
  static bool Contains(const std::vector<std::string>& names,
                       std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  }
  static bool Allows(const std::vector<std::string>& names,
                     std::string_view name) {
    return names.empty() || Contains(names, name);
  }

  const ClaimRequest& request_;
  std::vector<std::string> paused_;
};

std::vector<std::int64_t> OpenLanes(Transaction& tx, const Filter& filter) {
  std::vector<std::int64_t> lanes;
  Rows rows = tx.db.Query(queries::kSelectLanes);
  while (rows.Next()) {
    if (filter.Accepts(rows.Text(1), rows.Text(2))) {
      lanes.push_back(rows.Int(0));
    }
  }
  return lanes;
}

void AddLease(Transaction& tx, LiveRun& run, TaskKey task, const Ticket& ticket,
              ExecutorId executor, std::vector<Lease>& leases) {
  Lease& lease = leases.emplace_back();
  lease.run = run.info;
  lease.task = task;
  lease.token = tx.sequence.NextToken(tx.db);
  lease.attempt = ticket.attempt;
  lease.claimed_at = tx.now;
  lease.close_deadline = CloseDeadline(run.spec(task.node), ticket);
  if (run.definition->workflow->on_exit_index == task.node) {
    lease.run_outcome = run.progress.outcome();
  }
  tx.db.Execute(queries::kInsertLease, run.id(), task.node, task.index,
                lease.token.value, executor.value, ticket.attempt,
                ticket.failures, ticket.crashes, ticket.scheduled_at, tx.now);
}

// Leases on the first `count` tasks of the row.
void LeaseFront(Transaction& tx, const ReadyRow& row, std::int32_t count,
                ExecutorId executor, std::vector<Lease>& leases) {
  LiveRun* run = tx.Run(row.run);
  if (run == nullptr) return;
  const std::int32_t first = row.idx - row.count + 1;
  for (std::int32_t i = 0; i < count; ++i) {
    AddLease(tx, *run, TaskKey{row.node, first + i}, row.ticket, executor,
             leases);
  }
}

void Shrink(Transaction& tx, const ReadyRow& row, std::int32_t taken) {
  tx.db.Execute(queries::kShrinkReady, row.lane, row.rank, row.run, row.node,
                row.idx, row.count - taken);
}

// A lane's tasks in order, read a few at a time.
class LaneCursor {
 public:
  LaneCursor(Transaction& tx, std::int64_t lane, std::size_t chunk)
      : tx_(tx), lane_(lane), chunk_(chunk) {
    Fill();
  }

  // Null at the end.
  const ReadyRow* Head() const {
    return next_ < rows_.size() ? &rows_[next_] : nullptr;
  }
  // The head was taken.
  void Pass() {
    if (kept_some_) DeleteHead();
    Advance();
  }
  // The head stays in the table.
  void Keep() {
    if (!kept_some_) DeletePassed();
    kept_some_ = true;
    Advance();
  }

  // Everything passed leaves the table at once: it is the lane's beginning, as
  // long as nothing of it is kept.
  void DeletePassed() {
    if (!passed_ || kept_some_) return;
    tx_.db.Execute(queries::kDeleteReadyUpTo, lane_, passed_->rank,
                   passed_->run, passed_->node, passed_->idx);
  }

 private:
  void Advance() {
    passed_ = rows_[next_++];
    if (next_ == rows_.size() && rows_.size() == chunk_) Fill();
  }
  void DeleteHead() {
    const ReadyRow& row = *Head();
    tx_.db.Execute(queries::kDeleteReady, lane_, row.rank, row.run, row.node,
                   row.idx);
  }
  void Fill() {
    const ReadyRow from = passed_.value_or(ReadyRow{});
    rows_ =
        ReadReady(lane_, tx_.db.Query(queries::kScanReady, lane_, from.rank,
                                      from.run, from.node, from.idx, chunk_));
    next_ = 0;
  }

  Transaction& tx_;
  const std::int64_t lane_;
  const std::size_t chunk_;
  std::vector<ReadyRow> rows_;
  std::size_t next_ = 0;
  std::optional<ReadyRow> passed_;
  bool kept_some_ = false;
};

// Tasks that the next crash of their executor will fail for good. An executor
// gets one of them at a time, so that a task that kills its executors is blamed
// alone and not with those that happened to be beside it.
class LastChances {
 public:
  LastChances(Transaction& tx, ExecutorId executor)
      : tx_(tx), executor_(executor) {}

  bool Allow(const Ticket& ticket) {
    if (ticket.crashes == 0 || ticket.crashes < tx_.limits.max_crashes) {
      return true;
    }
    if (!taken_) {
      Rows rows = tx_.db.Query(queries::kSelectLastChanceOfExecutor,
                               executor_.value, tx_.limits.max_crashes);
      taken_ = rows.Next();
    }
    return !std::exchange(*taken_, true);
  }

 private:
  Transaction& tx_;
  const ExecutorId executor_;
  std::optional<bool> taken_;  // Unknown until it matters.
};

std::int32_t Room(const ClaimRequest& request,
                  const std::vector<Lease>& leases) {
  return request.limit - static_cast<std::int32_t>(leases.size());
}

void ClaimFromLanes(Transaction& tx, const ClaimRequest& request,
                    const Filter& filter, std::vector<Lease>& leases) {
  const auto lanes = OpenLanes(tx, filter);
  if (lanes.empty()) return;
  const auto room = static_cast<std::size_t>(Room(request, leases));
  const std::size_t chunk = std::max<std::size_t>(8, room / lanes.size() + 1);
  std::vector<LaneCursor> cursors;
  cursors.reserve(lanes.size());
  for (const std::int64_t lane : lanes) {
    cursors.emplace_back(tx, lane, std::min(chunk, room));
  }
  LastChances last_chances(tx, request.executor);
  while (Room(request, leases) > 0) {
    LaneCursor* best = nullptr;
    for (LaneCursor& cursor : cursors) {
      if (cursor.Head() == nullptr) continue;
      if (best == nullptr || cursor.Head()->Key() < best->Head()->Key()) {
        best = &cursor;
      }
    }
    if (best == nullptr) break;
    const ReadyRow& row = *best->Head();
    if (!last_chances.Allow(row.ticket)) {
      best->Keep();
      continue;
    }
    const std::int32_t taken = std::min(row.count, Room(request, leases));
    LeaseFront(tx, row, taken, request.executor, leases);
    if (taken < row.count) {
      Shrink(tx, row, taken);
      break;
    }
    best->Pass();
  }
  for (LaneCursor& cursor : cursors) cursor.DeletePassed();
}

std::vector<RunId> Family(Transaction& tx, RunId root) {
  std::vector<RunId> runs{root};
  if (!tx.Any(Rare::kChildRun)) return runs;
  Rows rows = tx.db.Query(queries::kSelectFamily, root);
  while (rows.Next()) runs.push_back(RunId{rows.Int(0)});
  return runs;
}

void ClaimFromFamily(Transaction& tx, const ClaimRequest& request,
                     const Filter& filter, std::vector<Lease>& leases) {
  const std::vector<std::int64_t> lanes = OpenLanes(tx, filter);
  std::vector<ReadyRow> ready;
  for (const RunId id : Family(tx, *request.root)) {
    const LiveRun* run = tx.Run(id);
    if (run == nullptr || run->paused || run->state != RunState::kRunning) {
      continue;
    }
    for (const Place& place : run->definition->distinct_places) {
      if (std::find(lanes.begin(), lanes.end(), place.lane) == lanes.end()) {
        continue;
      }
      auto rows = ReadReady(place.lane,
                            tx.db.Query(queries::kScanReadyOfRun, place.lane,
                                        place.rank, id, Room(request, leases)));
      ready.insert(ready.end(), rows.begin(), rows.end());
    }
  }
  std::sort(
      ready.begin(), ready.end(),
      [](const ReadyRow& a, const ReadyRow& b) { return a.Key() < b.Key(); });
  LastChances last_chances(tx, request.executor);
  for (const ReadyRow& row : ready) {
    const std::int32_t taken = std::min(row.count, Room(request, leases));
    if (taken == 0) break;
    if (!last_chances.Allow(row.ticket)) continue;
    LeaseFront(tx, row, taken, request.executor, leases);
    if (taken < row.count) {
      Shrink(tx, row, taken);
    } else {
      tx.db.Execute(queries::kDeleteReady, row.lane, row.rank, row.run,
                    row.node, row.idx);
    }
  }
}

}  // namespace

bool IsAlive(Connection& connection, ExecutorId executor) {
  Rows rows = connection.Query(queries::kSelectExecutorAlive, executor.value);
  return rows.Next();
}

void ClaimFresh(Transaction& tx, const ClaimRequest& request,
                std::vector<Lease>& leases) {
  if (tx.fresh.empty()) return;
  const Filter filter(tx, request);
  std::stable_sort(tx.fresh.begin(), tx.fresh.end(),
                   [](const FreshTasks& a, const FreshTasks& b) {
                     return a.run->spec(a.node).priority >
                            b.run->spec(b.node).priority;
                   });
  Ticket ticket;
  ticket.scheduled_at = tx.now;
  for (FreshTasks& tasks : tx.fresh) {
    if (!filter.Accepts(*tasks.run, tasks.node)) continue;
    const std::int32_t taken = std::min(tasks.count, Room(request, leases));
    for (std::int32_t i = 0; i < taken; ++i) {
      AddLease(tx, *tasks.run, TaskKey{tasks.node, tasks.first + i}, ticket,
               request.executor, leases);
    }
    tasks.first += taken;
    tasks.count -= taken;
  }
  std::erase_if(tx.fresh,
                [](const FreshTasks& tasks) { return tasks.count == 0; });
}

void ClaimReady(Transaction& tx, const ClaimRequest& request,
                std::vector<Lease>& leases) {
  if (Room(request, leases) <= 0) return;
  const Filter filter(tx, request);
  if (request.root) {
    ClaimFromFamily(tx, request, filter, leases);
  } else {
    ClaimFromLanes(tx, request, filter, leases);
  }
}

}  // namespace windlass::sqlite

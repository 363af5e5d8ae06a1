#include "store/sql/leases.h"

#include <algorithm>
#include <tuple>

#include "store/sql/waiting.h"

namespace windlass::sql {
namespace {

constexpr std::size_t kFewLeases = 16;

// From the columns of select_lease.sql.
LeaseRow ReadLease(const Rows& rows, int column) {
  LeaseRow lease;
  lease.token = LeaseToken{rows.Int(column)};
  lease.executor = ExecutorId{rows.Int(column + 1)};
  lease.ticket = ReadTicket(rows, column + 2);
  lease.claimed_at = rows.Time(column + 6);
  lease.stopping = rows.Bool(column + 7);
  return lease;
}

bool SameTicket(const Ticket& a, const Ticket& b) {
  return a.attempt == b.attempt && a.failures == b.failures &&
         a.crashes == b.crashes && a.scheduled_at == b.scheduled_at;
}

}  // namespace

std::vector<HeldLease> ReadLeasesOf(Connection& connection,
                                    ExecutorId executor) {
  std::vector<HeldLease> leases;
  {
    Rows rows = connection.Read(Query::kSelectLeasesOfExecutor, executor.value);
    while (rows.Next()) {
      leases.push_back({RunId{rows.Int(0)},
                        TaskKey{rows.Int32(1), rows.Int32(2)},
                        LeaseToken{rows.Int(3)}});
    }
  }
  Rows rows =
      connection.Read(Query::kSelectLeaseRangesOfExecutor, executor.value);
  while (rows.Next()) {
    const std::int64_t last = rows.Int(1);
    for (std::int64_t back = rows.Int(2) - 1; back >= 0; --back) {
      leases.push_back({RunId{last - back}, TaskKey{rows.Int32(0), -1},
                        LeaseToken{rows.Int(3) - back}});
    }
  }
  return leases;
}

bool Leases::Range::Covers(RunId run) const {
  return run.value >= first && run.value <= last;
}

bool Leases::Range::Has(RunId run) const {
  return Covers(run) && (removed.empty() ||
                         !removed[static_cast<std::size_t>(run.value - first)]);
}

void Leases::Range::Remove(RunId run) {
  removed.resize(static_cast<std::size_t>(last - first + 1));
  removed[static_cast<std::size_t>(run.value - first)] = true;
}

LeaseRow Leases::Range::Of(RunId run) const {
  LeaseRow lease = last_lease;
  lease.token.value -= last - run.value;
  return lease;
}

bool Leases::New::Follows(const New& before) const {
  return key.task == before.key.task && key.task.index == -1 &&
         key.run.value == before.key.run.value + 1 &&
         lease.token.value == before.lease.token.value + 1 && definition &&
         definition == before.definition &&
         lease.executor == before.lease.executor &&
         lease.claimed_at == before.lease.claimed_at &&
         // A task that may be on its last chance is looked for by itself.
         lease.ticket.crashes == 0 &&
         SameTicket(lease.ticket, before.lease.ticket);
}

void Leases::Announce(Connection& connection,
                      std::span<const AttemptEnd> ends) {
  announced_.reserve(ends.size());
  for (const AttemptEnd& end : ends) announced_.push_back({end.run, end.task});
  std::sort(announced_.begin(), announced_.end(),
            [](const Key& a, const Key& b) {
              return std::tuple(a.task.node, a.task.index, a.run.value) <
                     std::tuple(b.task.node, b.task.index, b.run.value);
            });
  for (const Key& key : announced_) {
    if (key.task.index != -1) continue;
    if (!segments_.nodes.empty() && segments_.nodes.back() == key.task.node &&
        segments_.lasts.back() + 1 == key.run.value) {
      ++segments_.lasts.back();
      continue;
    }
    segments_.nodes.push_back(key.task.node);
    segments_.firsts.push_back(key.run.value);
    segments_.lasts.push_back(key.run.value);
  }
  connection.Announce(Query::kLockLeaseRanges, Ints{segments_.nodes},
                      Ints{segments_.firsts}, Ints{segments_.lasts});
  // Looking for a few in vain is cheaper than asking once more.
  if (announced_.size() > kFewLeases) return;
  singles_ = TasksOf(announced_);
  connection.Announce(Query::kSelectLeasesOfTasks, Ints{singles_.runs},
                      Ints{singles_.nodes}, Ints{singles_.indexes});
}

void Leases::Fetch(Connection& connection) {
  {
    Rows rows = connection.Read(Query::kLockLeaseRanges, Ints{segments_.nodes},
                                Ints{segments_.firsts}, Ints{segments_.lasts});
    while (rows.Next()) {
      ranges_.try_emplace({rows.Int32(0), rows.Int(1)}, ReadRange(rows));
    }
  }
  if (!singles_.runs.empty()) return FetchSingles(connection);
  std::vector<Key> singles;
  for (const Key& key : announced_) {
    if (key.task.index != -1 || KnownRange(key.run, key.task.node) == nullptr) {
      singles.push_back(key);
    }
  }
  if (singles.empty()) return;
  singles_ = TasksOf(singles);
  FetchSingles(connection);
}

Leases::TaskList Leases::TasksOf(std::span<const Key> keys) {
  TaskList list;
  for (const Key& key : keys) {
    list.runs.push_back(key.run.value);
    list.nodes.push_back(key.task.node);
    list.indexes.push_back(key.task.index);
  }
  return list;
}

void Leases::FetchSingles(Connection& connection) {
  Rows rows = connection.Read(Query::kSelectLeasesOfTasks, Ints{singles_.runs},
                              Ints{singles_.nodes}, Ints{singles_.indexes});
  while (rows.Next()) {
    const Key key{RunId{rows.Int(0)}, TaskKey{rows.Int32(1), rows.Int32(2)}};
    fetched_[key] = ReadLease(rows, 3);
  }
}

std::optional<LeaseRow> Leases::Find(Connection& connection, RunId run,
                                     TaskKey task) {
  const auto found = fetched_.find(Key{run, task});
  if (found != fetched_.end()) return found->second;
  if (const Range* range = FindRange(connection, run, task)) {
    return range->Of(run);
  }
  Rows rows = connection.Read(Query::kSelectLease, run, task.node, task.index);
  if (!rows.Next()) return std::nullopt;
  return ReadLease(rows, 0);
}

Leases::Range* Leases::KnownRange(RunId run, std::int32_t node) {
  const auto found = ranges_.lower_bound({node, run.value});
  if (found == ranges_.end() || found->first.first != node ||
      !found->second.Has(run)) {
    return nullptr;
  }
  return &found->second;
}

bool Leases::HasOwnRow(RunId run, TaskKey task) const {
  const auto found = fetched_.find(Key{run, task});
  return found != fetched_.end() && found->second.has_value();
}

// Others may cut a range while it is not ours: a run they do not concern is in
// one row before and in another after that. A row that covers it must therefore
// be looked for until none is there, or one is locked and still covers it.
Leases::Range* Leases::FindRange(Connection& connection, RunId run,
                                 TaskKey task) {
  if (task.index != -1 || HasOwnRow(run, task)) return nullptr;
  if (Range* known = KnownRange(run, task.node)) return known;
  for (;;) {
    Range range;
    {
      Rows rows = connection.Read(Query::kSelectLeaseRange, task.node, run);
      if (!rows.Next()) return nullptr;
      range = ReadRange(rows);
    }
    if (!range.Covers(run)) return nullptr;
    // Known, and the run was taken out of it.
    const std::pair key(task.node, range.last);
    if (ranges_.contains(key)) return nullptr;
    if (writers_ == Writers::kMany) {
      Rows rows =
          connection.Read(Query::kLockLeaseRange, task.node, range.last);
      if (!rows.Next()) {
        if (connection.ok()) continue;
        return nullptr;
      }
      range = ReadRange(rows);
    }
    if (!range.Covers(run)) continue;
    return &ranges_.emplace(key, std::move(range)).first->second;
  }
}

// From the columns of lock_lease_ranges.sql.
Leases::Range Leases::ReadRange(const Rows& rows) {
  Range range;
  range.last = rows.Int(1);
  range.first = range.last - rows.Int(2) + 1;
  range.last_lease.token = LeaseToken{rows.Int(3)};
  range.last_lease.executor = ExecutorId{rows.Int(4)};
  range.last_lease.ticket = ReadTicket(rows, 5);
  range.last_lease.claimed_at = rows.Time(9);
  return range;
}

void Leases::Insert(RunId run, TaskKey task,
                    std::optional<std::int64_t> definition,
                    const LeaseRow& lease) {
  new_.push_back({{run, task}, definition, lease});
  if (!fetched_.empty()) fetched_.erase(Key{run, task});
}

void Leases::Remove(Connection& connection, RunId run, TaskKey task) {
  if (Range* range = FindRange(connection, run, task)) {
    range->Remove(run);
  } else {
    connection.Write(Query::kDeleteLease, run, task.node, task.index);
  }
  if (!fetched_.empty()) fetched_[Key{run, task}] = std::nullopt;
}

void Leases::MarkStopping(Connection& connection, RunId run, TaskKey task) {
  Separate(connection, run, task.node);
  connection.Write(Query::kMarkStopping, run, task.node, task.index);
  const auto found = fetched_.find(Key{run, task});
  if (found != fetched_.end() && found->second) found->second->stopping = true;
}

void Leases::Separate(Connection& connection, RunId run, std::int32_t node) {
  const TaskKey task{node, -1};
  Range* range = FindRange(connection, run, task);
  if (range == nullptr) return;
  range->Remove(run);
  InsertSingle(connection, {run, task}, range->Of(run));
}

void Leases::Save(Connection& connection) {
  for (const auto& [key, range] : ranges_) {
    if (!range.removed.empty()) SaveRange(connection, key.first, range);
  }
  SaveNew(connection);
  Forget();
}

// What is left at the end keeps the row.
void Leases::SaveRange(Connection& connection, std::int32_t node,
                       const Range& range) {
  bool kept = false;
  Range piece;
  piece.last_lease = range.last_lease;
  for (std::int64_t run = range.last; run >= range.first;) {
    if (!range.Has(RunId{run})) {
      --run;
      continue;
    }
    piece.last = run;
    while (run >= range.first && range.Has(RunId{run})) --run;
    piece.first = run + 1;
    if (piece.last == range.last) {
      kept = true;
      connection.Write(Query::kShrinkLeaseRange, node, piece.last,
                       piece.last - piece.first + 1);
    } else {
      piece.last_lease = range.Of(RunId{piece.last});
      InsertRange(connection, node, piece);
    }
  }
  if (!kept) connection.Write(Query::kDeleteLeaseRange, node, range.last);
}

void Leases::SaveNew(Connection& connection) {
  // By task, and runs in order: those that may share a row are neighbours.
  std::sort(new_.begin(), new_.end(), [](const New& a, const New& b) {
    return std::tuple(a.key.task.node, a.key.task.index, a.key.run.value) <
           std::tuple(b.key.task.node, b.key.task.index, b.key.run.value);
  });
  for (std::size_t i = 0; i < new_.size();) {
    std::size_t end = i + 1;
    while (end < new_.size() && new_[end].Follows(new_[end - 1]) &&
           end - i < static_cast<std::size_t>(kMostRunsInRow)) {
      ++end;
    }
    if (end - i == 1) {
      InsertSingle(connection, new_[i].key, new_[i].lease);
    } else {
      Range range;
      range.first = new_[i].key.run.value;
      range.last = new_[end - 1].key.run.value;
      range.last_lease = new_[end - 1].lease;
      InsertRange(connection, new_[i].key.task.node, range);
    }
    i = end;
  }
}

void Leases::InsertRange(Connection& connection, std::int32_t node,
                         const Range& range) {
  const LeaseRow& lease = range.last_lease;
  connection.Write(Query::kInsertLeaseRange, node, range.last,
                   range.last - range.first + 1, lease.token.value,
                   lease.executor.value, lease.ticket.attempt,
                   lease.ticket.failures, lease.ticket.crashes,
                   lease.ticket.scheduled_at, lease.claimed_at);
}

void Leases::InsertSingle(Connection& connection, const Key& key,
                          const LeaseRow& lease) {
  connection.Write(Query::kInsertLease, key.run, key.task.node, key.task.index,
                   lease.token.value, lease.executor.value,
                   lease.ticket.attempt, lease.ticket.failures,
                   lease.ticket.crashes, lease.ticket.scheduled_at,
                   lease.claimed_at);
}

void Leases::Forget() {
  announced_.clear();
  segments_ = Segments();
  singles_ = TaskList();
  fetched_.clear();
  ranges_.clear();
  new_.clear();
}

}  // namespace windlass::sql

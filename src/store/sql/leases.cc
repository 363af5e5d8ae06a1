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
    const Series series{rows.Int(0), rows.Int32(1)};
    const std::int64_t last = rows.Int(2);
    for (std::int64_t back = rows.Int(3) - 1; back >= 0; --back) {
      leases.push_back({series.RunAt(last - back), series.TaskAt(last - back),
                        LeaseToken{rows.Int(4) - back}});
    }
  }
  return leases;
}

bool Leases::Range::Covers(std::int64_t position) const {
  return position >= first && position <= last;
}

bool Leases::Range::Has(std::int64_t position) const {
  return Covers(position) &&
         (removed.empty() ||
          !removed[static_cast<std::size_t>(position - first)]);
}

void Leases::Range::Remove(std::int64_t position) {
  removed.resize(static_cast<std::size_t>(count()));
  removed[static_cast<std::size_t>(position - first)] = true;
}

LeaseRow Leases::Range::Of(std::int64_t position) const {
  LeaseRow lease = last_lease;
  lease.token.value -= last - position;
  return lease;
}

bool Leases::New::Follows(const New& before) const {
  const auto [series, position] = key.Order();
  const auto [series_before, position_before] = before.key.Order();
  return series == series_before && position == position_before + 1 &&
         lease.token.value == before.lease.token.value + 1 && definition &&
         definition == before.definition &&
         lease.executor == before.lease.executor &&
         lease.claimed_at == before.lease.claimed_at &&
         // A task that may be on its last chance is looked for by itself.
         lease.ticket.crashes == 0 &&
         SameTicket(lease.ticket, before.lease.ticket);
}

void Leases::Segments::Add(const Key& key) {
  const auto [series, position] = key.Order();
  if (!nodes.empty() && of_runs.back() == series.of_run &&
      nodes.back() == series.node && lasts.back() + 1 == position) {
    ++lasts.back();
    return;
  }
  of_runs.push_back(series.of_run);
  nodes.push_back(series.node);
  firsts.push_back(position);
  lasts.push_back(position);
}

void Leases::Announce(Connection& connection,
                      std::span<const AttemptEnd> ends) {
  announced_.reserve(ends.size());
  for (const AttemptEnd& end : ends) announced_.push_back({end.run, end.task});
  std::sort(announced_.begin(), announced_.end(),
            [](const Key& a, const Key& b) { return a.Order() < b.Order(); });
  for (const Key& key : announced_) segments_.Add(key);
  connection.Announce(Query::kLockLeaseRanges, Ints{segments_.of_runs},
                      Ints{segments_.nodes}, Ints{segments_.firsts},
                      Ints{segments_.lasts});
  // Looking for a few in vain is cheaper than asking once more.
  if (announced_.size() > kFewLeases) return;
  singles_ = TasksOf(announced_);
  connection.Announce(Query::kSelectLeasesOfTasks, Ints{singles_.runs},
                      Ints{singles_.nodes}, Ints{singles_.indexes});
}

void Leases::Fetch(Connection& connection) {
  {
    Rows rows = connection.Read(Query::kLockLeaseRanges,
                                Ints{segments_.of_runs}, Ints{segments_.nodes},
                                Ints{segments_.firsts}, Ints{segments_.lasts});
    while (rows.Next()) Keep(ReadRange(rows));
  }
  if (!singles_.runs.empty()) return FetchSingles(connection);
  std::vector<Key> singles;
  for (const Key& key : announced_) {
    if (KnownRange(key.run, key.task) == nullptr) singles.push_back(key);
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
    return range->Of(PositionOf(run, task));
  }
  Rows rows = connection.Read(Query::kSelectLease, run, task.node, task.index);
  if (!rows.Next()) return std::nullopt;
  return ReadLease(rows, 0);
}

Leases::Range& Leases::Keep(Range&& range) {
  const std::pair key(range.series, range.last);
  return ranges_.try_emplace(key, std::move(range)).first->second;
}

Leases::Range* Leases::KnownRange(RunId run, TaskKey task) {
  const Series series = Series::Of(run, task);
  const std::int64_t position = PositionOf(run, task);
  const auto found = ranges_.lower_bound({series, position});
  if (found == ranges_.end() || found->first.first != series ||
      !found->second.Has(position)) {
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
  if (HasOwnRow(run, task)) return nullptr;
  if (Range* known = KnownRange(run, task)) return known;
  const Series series = Series::Of(run, task);
  const std::int64_t position = PositionOf(run, task);
  for (;;) {
    Range range;
    {
      Rows rows = connection.Read(Query::kSelectLeaseRange, series.of_run,
                                  series.node, position);
      if (!rows.Next()) return nullptr;
      range = ReadRange(rows);
    }
    if (!range.Covers(position)) return nullptr;
    // Known, and the task was taken out of it.
    if (ranges_.contains({series, range.last})) return nullptr;
    if (writers_ == Writers::kMany) {
      Rows rows = connection.Read(Query::kLockLeaseRange, series.of_run,
                                  series.node, range.last);
      if (!rows.Next()) {
        if (connection.ok()) continue;
        return nullptr;
      }
      range = ReadRange(rows);
    }
    if (range.Covers(position)) return &Keep(std::move(range));
  }
}

// From the columns of lock_lease_ranges.sql.
Leases::Range Leases::ReadRange(const Rows& rows) {
  Range range;
  range.series = {rows.Int(0), rows.Int32(1)};
  range.last = rows.Int(2);
  range.first = range.last - rows.Int(3) + 1;
  range.last_lease.token = LeaseToken{rows.Int(4)};
  range.last_lease.executor = ExecutorId{rows.Int(5)};
  range.last_lease.ticket = ReadTicket(rows, 6);
  range.last_lease.claimed_at = rows.Time(10);
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
    range->Remove(PositionOf(run, task));
  } else {
    connection.Write(Query::kDeleteLease, run, task.node, task.index);
  }
  if (!fetched_.empty()) fetched_[Key{run, task}] = std::nullopt;
}

void Leases::MarkStopping(Connection& connection, RunId run, TaskKey task) {
  SeparateOne(connection, run, task);
  connection.Write(Query::kMarkStopping, run, task.node, task.index);
  const auto found = fetched_.find(Key{run, task});
  if (found != fetched_.end() && found->second) found->second->stopping = true;
}

void Leases::SeparateOne(Connection& connection, RunId run, TaskKey task) {
  Range* range = FindRange(connection, run, task);
  if (range == nullptr) return;
  const std::int64_t position = PositionOf(run, task);
  range->Remove(position);
  InsertSingle(connection, {run, task}, range->Of(position));
}

void Leases::SeparateAll(Connection& connection, Range& range) {
  for (std::int64_t at = range.first; at <= range.last; ++at) {
    if (!range.Has(at)) continue;
    range.Remove(at);
    InsertSingle(connection, {range.series.RunAt(at), range.series.TaskAt(at)},
                 range.Of(at));
  }
}

// Nobody else changes them while the run is ours.
std::vector<Leases::Range*> Leases::Instances(Connection& connection, RunId run,
                                              std::int32_t node) {
  std::vector<Range*> ranges;
  Rows rows = connection.Read(Query::kSelectLeaseRangesOfNode, run, node);
  while (rows.Next()) ranges.push_back(&Keep(ReadRange(rows)));
  return ranges;
}

void Leases::Separate(Connection& connection, RunId run, std::int32_t node) {
  SeparateOne(connection, run, TaskKey{node, -1});
  for (Range* range : Instances(connection, run, node)) {
    SeparateAll(connection, *range);
  }
}

std::int32_t Leases::CountRunning(Connection& connection, RunId run,
                                  std::int32_t node) {
  std::int64_t running = 0;
  for (const Range* range : Instances(connection, run, node)) {
    running += range->count() -
               std::count(range->removed.begin(), range->removed.end(), true);
  }
  Rows rows = connection.Read(Query::kCountRunningOfNode, run, node);
  if (rows.Next()) running += rows.Int(0);
  return static_cast<std::int32_t>(running);
}

void Leases::Save(Connection& connection) {
  for (const auto& [key, range] : ranges_) {
    if (!range.removed.empty()) SaveRange(connection, range);
  }
  SaveNew(connection);
  Forget();
}

// What is left at the end keeps the row.
void Leases::SaveRange(Connection& connection, const Range& range) {
  bool kept = false;
  Range piece;
  piece.series = range.series;
  for (std::int64_t at = range.last; at >= range.first;) {
    if (!range.Has(at)) {
      --at;
      continue;
    }
    piece.last = at;
    while (at >= range.first && range.Has(at)) --at;
    piece.first = at + 1;
    if (piece.last == range.last) {
      kept = true;
      connection.Write(Query::kShrinkLeaseRange, range.series.of_run,
                       range.series.node, piece.last, piece.count());
    } else {
      piece.last_lease = range.Of(piece.last);
      InsertRange(connection, piece);
    }
  }
  if (kept) return;
  connection.Write(Query::kDeleteLeaseRange, range.series.of_run,
                   range.series.node, range.last);
}

void Leases::SaveNew(Connection& connection) {
  std::sort(new_.begin(), new_.end(), [](const New& a, const New& b) {
    return a.key.Order() < b.key.Order();
  });
  for (std::size_t i = 0; i < new_.size();) {
    std::size_t end = i + 1;
    while (end < new_.size() && new_[end].Follows(new_[end - 1]) &&
           end - i < static_cast<std::size_t>(kMostInRow)) {
      ++end;
    }
    if (end - i == 1) {
      InsertSingle(connection, new_[i].key, new_[i].lease);
    } else {
      Range range;
      std::tie(range.series, range.first) = new_[i].key.Order();
      range.last = range.first + static_cast<std::int64_t>(end - i) - 1;
      range.last_lease = new_[end - 1].lease;
      InsertRange(connection, range);
    }
    i = end;
  }
}

void Leases::InsertRange(Connection& connection, const Range& range) {
  const LeaseRow& lease = range.last_lease;
  connection.Write(
      Query::kInsertLeaseRange, range.series.of_run, range.series.node,
      range.last, range.count(), lease.token.value, lease.executor.value,
      lease.ticket.attempt, lease.ticket.failures, lease.ticket.crashes,
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

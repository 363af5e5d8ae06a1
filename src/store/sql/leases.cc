#include "store/sql/leases.h"

#include "store/sql/waiting.h"

namespace windlass::sql {
namespace {

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

}  // namespace

void Leases::Announce(Connection& connection,
                      std::span<const AttemptEnd> ends) {
  for (const AttemptEnd& end : ends) {
    fetched_.emplace(Key{end.run, end.task}, std::nullopt);
    runs_.push_back(end.run.value);
    nodes_.push_back(end.task.node);
    indexes_.push_back(end.task.index);
  }
  connection.Announce(Query::kSelectLeasesOfTasks, Ints{runs_}, Ints{nodes_},
                      Ints{indexes_});
}

void Leases::Fetch(Connection& connection) {
  Rows rows = connection.Read(Query::kSelectLeasesOfTasks, Ints{runs_},
                              Ints{nodes_}, Ints{indexes_});
  while (rows.Next()) {
    const Key key{RunId{rows.Int(0)}, TaskKey{rows.Int32(1), rows.Int32(2)}};
    fetched_[key] = ReadLease(rows, 3);
  }
}

std::optional<LeaseRow> Leases::Find(Connection& connection, RunId run,
                                     TaskKey task) {
  if (const auto found = fetched_.find(Key{run, task});
      found != fetched_.end()) {
    return found->second;
  }
  Rows rows = connection.Read(Query::kSelectLease, run, task.node, task.index);
  if (!rows.Next()) return std::nullopt;
  return ReadLease(rows, 0);
}

void Leases::Insert(Connection& connection, RunId run, TaskKey task,
                    const LeaseRow& lease) {
  connection.Write(
      Query::kInsertLease, run, task.node, task.index, lease.token.value,
      lease.executor.value, lease.ticket.attempt, lease.ticket.failures,
      lease.ticket.crashes, lease.ticket.scheduled_at, lease.claimed_at);
  if (!fetched_.empty()) fetched_.erase(Key{run, task});
}

void Leases::Remove(Connection& connection, RunId run, TaskKey task) {
  connection.Write(Query::kDeleteLease, run, task.node, task.index);
  if (!fetched_.empty()) fetched_[Key{run, task}] = std::nullopt;
}

void Leases::MarkStopping(Connection& connection, RunId run, TaskKey task) {
  connection.Write(Query::kMarkStopping, run, task.node, task.index);
  const auto found = fetched_.find(Key{run, task});
  if (found != fetched_.end() && found->second) found->second->stopping = true;
}

}  // namespace windlass::sql

#include "store/sql/attempt_logs.h"

#include <string_view>

#include "sql_query.h"
#include "store/sql/transaction.h"

namespace windlass::sql {

absl::Status Logs::AppendLogs(std::span<const AttemptLogAppend> appends) {
  const auto body = [&](Transaction& tx) {
    for (const AttemptLogAppend& append : appends) {
      if (append.drop_from < append.drop_before) {
        tx.db.Write(Query::kDeleteLogChunks, append.run, append.task.node,
                    append.task.index, append.attempt, append.place.token.value,
                    append.drop_from, append.drop_before);
      }
      tx.db.Write(Query::kInsertLogChunk, append.run, append.task.node,
                  append.task.index, append.attempt, append.place.token.value,
                  append.place.offset, tx.now(), append.last,
                  std::string_view(append.text));
    }
    return absl::OkStatus();
  };
  return ledger_.Write(Ledger::Durability::kProcess, body);
}

absl::StatusOr<std::vector<AttemptLogEnd>> Logs::ListLogs(RunId run) {
  std::vector<AttemptLogEnd> ends;
  const auto body = [&](Connection& connection, std::optional<Timestamp>) {
    ends.clear();
    Rows rows = connection.Read(Query::kSelectLogs, run);
    while (rows.Next()) {
      AttemptLogEnd end;
      end.task = TaskKey{rows.Int32(0), rows.Int32(1)};
      end.attempt = rows.Int32(2);
      end.place = {LeaseToken{rows.Int(3)}, rows.Int(4)};
      end.last = rows.Bool(5);
      // A row for each lease: the newest is what counts.
      if (!ends.empty() && ends.back().task == end.task &&
          ends.back().attempt == end.attempt) {
        ends.pop_back();
      }
      ends.push_back(end);
    }
    return absl::OkStatus();
  };
  auto status = ledger_.RunSingle(Ledger::Single::kRead, body);
  if (!status.ok()) return status;
  return ends;
}

absl::StatusOr<std::vector<AttemptLogChunk>> Logs::ReadLog(
    RunId run, TaskKey task, int attempt, AttemptLogPlace from, int limit) {
  std::vector<AttemptLogChunk> chunks;
  const auto body = [&](Connection& connection, std::optional<Timestamp>) {
    chunks.clear();
    Rows rows =
        connection.Read(Query::kSelectLogChunks, run, task.node, task.index,
                        attempt, from.token.value, from.offset, limit);
    while (rows.Next()) {
      AttemptLogChunk& chunk = chunks.emplace_back();
      chunk.place = {LeaseToken{rows.Int(0)}, rows.Int(1)};
      chunk.written_at = rows.Time(2);
      chunk.last = rows.Bool(3);
      chunk.text = rows.Text(4);
    }
    return absl::OkStatus();
  };
  auto status = ledger_.RunSingle(Ledger::Single::kRead, body);
  if (!status.ok()) return status;
  return chunks;
}

}  // namespace windlass::sql

// SaveProgress() and LoadSaved(): what a running attempt leaves for people and
// for later attempts.

#include <string>
#include <utility>

#include "sql_query.h"
#include "store/sql/ending.h"
#include "store/sql/row_text.h"
#include "store/sql/tasks.h"

namespace windlass::sql {
namespace {

bool SaveOne(Transaction& tx, const ProgressUpdate& update) {
  if (!IsCurrent(tx, update.run, update.task, update.token)) return false;
  if (update.fraction || update.message || update.heartbeat_details) {
    std::string heartbeat;
    if (update.heartbeat_details) {
      heartbeat = FormatJson(*update.heartbeat_details);
    }
    tx.db.Write(Query::kUpsertTaskProgress, update.run, update.task.node,
                update.task.index, update.token.value, update.fraction,
                update.message, TextOrNull{heartbeat});
    tx.rare.Added(Rare::kTaskProgress);
  }
  for (const auto& [name, result] : update.saved) {
    const std::string envelope = FormatJson(ToJson(result));
    tx.db.Write(Query::kUpsertSaved, update.run, update.task.node,
                update.task.index, std::string_view(name),
                std::string_view(envelope));
    tx.rare.Added(Rare::kSaved);
  }
  return true;
}

}  // namespace

absl::StatusOr<std::vector<bool>> Tasks::SaveProgress(
    std::span<const ProgressUpdate> updates) {
  std::vector<bool> current(updates.size());
  const auto body = [&](Transaction& tx) {
    for (std::size_t i = 0; i < updates.size(); ++i) {
      current[i] = SaveOne(tx, updates[i]);
    }
    return absl::OkStatus();
  };
  if (auto status = ledger_.Write(Ledger::Durability::kProcess, body);
      !status.ok()) {
    return status;
  }
  return current;
}

absl::StatusOr<SavedState> Tasks::LoadSaved(const Lease& lease) {
  SavedState state;
  const auto body = [&](Connection& connection, Timestamp) -> absl::Status {
    state = SavedState();
    const RunId run = lease.run->id;
    Rows heartbeat = connection.Read(Query::kSelectHeartbeat, run,
                                     lease.task.node, lease.task.index);
    if (heartbeat.Next() && !heartbeat.IsNull(0)) {
      auto details = ParseJson(heartbeat.Text(0));
      if (!details.ok()) return details.status();
      state.heartbeat_details = *std::move(details);
    }
    Rows rows = connection.Read(Query::kSelectSaved, run, lease.task.node,
                                lease.task.index);
    while (rows.Next()) {
      auto envelope = ReadEnvelopeText(rows.Text(1));
      if (!envelope.ok()) return envelope.status();
      state.saved.emplace_back(std::string(rows.Text(0)), *std::move(envelope));
    }
    return absl::OkStatus();
  };
  if (auto status = ledger_.Read(body); !status.ok()) return status;
  return state;
}

}  // namespace windlass::sql

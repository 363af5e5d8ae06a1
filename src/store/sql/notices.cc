#include "store/sql/notices.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "model/task_name.h"
#include "sql_query.h"

namespace windlass::sql {
namespace {

// The rest is in the run.
constexpr std::size_t kTasksNamed = 10;

void Insert(Transaction& tx, const JsonObject& body) {
  const std::string text = FormatJson(body);
  tx.db.Write(Query::kInsertNotice, tx.now(), std::string_view(text));
}

JsonObject AboutRun(std::string_view event, const LiveRun& run) {
  return {{"event", event},
          {"run_id", FormatRunId(run.id())},
          {"workflow", run.definition->workflow->name}};
}

JsonArray FailedTasks(const LiveRun& run) {
  JsonArray names;
  const auto nodes =
      static_cast<std::int32_t>(run.definition->workflow->tasks.size());
  for (std::int32_t node = 0; node < nodes; ++node) {
    if (names.size() == kTasksNamed) break;
    if (run.progress.node(node).state == TaskState::kFailed) {
      names.emplace_back(run.spec(node).id);
    }
  }
  return names;
}

absl::StatusOr<Notice> Read(const Rows& rows) {
  Notice notice;
  notice.id = rows.Int(0);
  notice.at = rows.Time(1);
  notice.tries = rows.Int32(2);
  auto body = ParseJson(rows.Text(3));
  if (!body.ok() || !body->is_object()) {
    return absl::DataLossError("damaged notice");
  }
  notice.body = std::move(body->as_object());
  return notice;
}

}  // namespace

void NoteRunFailed(Transaction& tx, const LiveRun& run) {
  JsonObject body = AboutRun(notice_event::kRunFailed, run);
  body["attempt"] = run.info->attempt;
  body["failed_tasks"] = FailedTasks(run);
  if (!run.reason.empty()) body["reason"] = run.reason;
  if (!run.info->labels.empty()) body["labels"] = run.info->labels;
  Insert(tx, body);
}

void NoteDeadLetter(Transaction& tx, const LiveRun& run, TaskKey task,
                    int attempts, const TaskError& error) {
  JsonObject body = AboutRun(notice_event::kDeadLetter, run);
  body["task"] = FormatTaskName(run.spec(task.node).id, task);
  body["attempts"] = attempts;
  body["error"] = {{"type", error.type}, {"message", error.message}};
  Insert(tx, body);
}

void NoteExecutorLost(Transaction& tx, ExecutorId executor, std::size_t tasks) {
  JsonObject body{{"event", notice_event::kExecutorLost}};
  {
    Rows rows = tx.db.Read(Query::kSelectExecutorName, executor.value);
    if (!rows.Next()) return;
    body["executor"] = rows.Text(0);
    body["host"] = rows.Text(1);
    body["pid"] = rows.Int(2);
  }
  body["tasks"] = tasks;
  Insert(tx, body);
}

absl::Status Notices::WantNotices(Duration how_long) {
  return ledger_.Write(Ledger::Durability::kMachine, [&](Transaction& tx) {
    tx.db.Write(Query::kUpsertNoticeReader, tx.now() + how_long);
    return absl::OkStatus();
  });
}

// Cheaper than to take none, and it disturbs nobody who writes.
absl::StatusOr<bool> Notices::AnyDue() {
  bool any = false;
  const auto body = [&](Connection& connection, Timestamp now) {
    Rows rows = connection.Read(Query::kSelectNoticeDue, now);
    any = rows.Next();
    return absl::OkStatus();
  };
  if (auto status = ledger_.Read(body); !status.ok()) return status;
  return any;
}

absl::StatusOr<std::vector<Notice>> Notices::TakeNotices(int limit,
                                                         Duration hold) {
  std::vector<Notice> notices;
  auto due = AnyDue();
  if (!due.ok()) return due.status();
  if (!*due) return notices;
  const auto body = [&](Transaction& tx) -> absl::Status {
    notices.clear();
    Rows rows =
        tx.db.Read(Query::kTakeNotices, tx.now(), tx.now() + hold, limit);
    while (rows.Next()) {
      auto notice = Read(rows);
      if (!notice.ok()) return notice.status();
      notices.push_back(*std::move(notice));
    }
    return absl::OkStatus();
  };
  auto status = ledger_.Write(Ledger::Durability::kProcess, body);
  if (!status.ok()) return status;
  std::sort(notices.begin(), notices.end(),
            [](const Notice& a, const Notice& b) { return a.id < b.id; });
  return notices;
}

absl::Status Notices::DropNotices(std::span<const std::int64_t> ids) {
  return ledger_.Write(Ledger::Durability::kProcess, [&](Transaction& tx) {
    for (const std::int64_t id : ids) tx.db.Write(Query::kDeleteNotice, id);
    return absl::OkStatus();
  });
}

absl::Status Notices::ReturnNotices(std::span<const std::int64_t> ids,
                                    Duration wait) {
  return ledger_.Write(Ledger::Durability::kProcess, [&](Transaction& tx) {
    for (const std::int64_t id : ids) {
      tx.db.Write(Query::kPostponeNotice, id, tx.now() + wait);
    }
    return absl::OkStatus();
  });
}

}  // namespace windlass::sql

#include "store/sql/ending.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "sql_query.h"
#include "store/sql/notices.h"
#include "store/sql/permits.h"
#include "store/sql/waiting.h"

namespace windlass::sql {
namespace {

void NoteStart(Transaction& tx, LiveRun& run, Timestamp claimed_at) {
  if (run.started_at) return;
  // Other tasks of the run may have been claimed earlier and still be running.
  if (run.first_claim) {
    claimed_at = std::min(claimed_at, *run.first_claim);
  } else if (run.definition->start.released.size() > 1) {
    Rows rows = tx.db.Read(Query::kSelectFirstClaim, run.id());
    if (rows.Next() && !rows.IsNull(0)) {
      claimed_at = std::min(claimed_at, rows.Time(0));
    }
  }
  run.started_at = claimed_at;
  tx.runs.Touch(run);
}

void EndFlights(Transaction& tx, LeaseToken token) {
  if (!tx.Any(Rare::kCacheFlight)) return;
  std::vector<std::string> keys;
  {
    Rows rows = tx.db.Read(Query::kSelectFlightsOfToken, token.value);
    while (rows.Next()) keys.emplace_back(rows.Text(0));
  }
  if (keys.empty()) return;
  tx.db.Write(Query::kDeleteFlightsOfToken, token.value);
  // Whoever parked on a key had locked its row, so it is known only now.
  tx.rare.Forget(Rare::kParked);
  for (const std::string& key : keys) WakeAfterKey(tx, key);
}

// A success that left nothing but the fact.
bool IsPlain(const TaskEnding& ending) {
  if (ending.state != TaskState::kSucceeded || ending.lease == nullptr ||
      ending.outcome != AttemptOutcome::kSucceeded || ending.error != nullptr ||
      !ending.cached_from.empty()) {
    return false;
  }
  const ResultEnvelope* const result = ending.result;
  return result == nullptr ||
         (result->kind == ResultEnvelope::Kind::kNone && result->size == 0 &&
          result->media_type.empty() && result->sha256.empty() &&
          result->encoding == "identity" && !result->value &&
          result->uri.empty() && result->metadata.empty());
}

void AddPlainEnd(Transaction& tx, RunId run, TaskKey task,
                 const TaskEnding& ending) {
  PlainEnd end;
  end.run = run;
  end.task = task;
  end.attempt = ending.attempt;
  end.token = ending.lease->token;
  end.executor = ending.lease->executor;
  end.started_at = ending.lease->claimed_at;
  end.finished_at = tx.now();
  if (ending.run_time) end.run_time = ending.run_time->count();
  tx.plain_ends.Add(std::move(end));
}

std::string ErrorText(const TaskError* error, int attempt) {
  return error == nullptr ? std::string() : FormatJson(ToJson(*error, attempt));
}

std::string MetadataText(const ResultEnvelope& result) {
  return result.metadata.empty() ? std::string() : FormatJson(result.metadata);
}

void DropProgress(Transaction& tx, const LiveRun& run, TaskKey task,
                  TaskState state) {
  if (tx.Any(Rare::kTaskProgress)) {
    tx.db.Write(Query::kDeleteTaskProgressOfTask, run.id(), task.node,
                task.index);
  }
  if (state == TaskState::kSucceeded && tx.Any(Rare::kSaved)) {
    tx.db.Write(Query::kDeleteSavedOfTask, run.id(), task.node, task.index);
  }
}

}  // namespace

std::optional<EndedLease> TakeLease(Transaction& tx, LiveRun& run, TaskKey task,
                                    LeaseToken token) {
  const auto row = tx.leases.Find(tx.db, run.id(), task);
  if (!row || row->token != token) return std::nullopt;
  EndedLease lease;
  lease.task = task;
  lease.token = token;
  lease.executor = row->executor;
  lease.ticket = row->ticket;
  lease.claimed_at = row->claimed_at;
  lease.stopping = row->stopping;
  NoteStart(tx, run, lease.claimed_at);
  tx.leases.Remove(tx.db, run.id(), task);
  tx.tally.Leased(run.definition->id, task.node, -1);
  EndFlights(tx, token);
  FreePermit(tx, run.id(), task);
  return lease;
}

bool IsCurrent(Transaction& tx, RunId run, TaskKey task, LeaseToken token) {
  if (tx.Run(run) == nullptr) return false;
  const auto row = tx.leases.Find(tx.db, run, task);
  return row && row->token == token && !row->stopping;
}

void AcknowledgeCancel(Transaction& tx, LeaseToken token) {
  if (!tx.Any(Rare::kCancelCommand)) return;
  tx.db.Write(Query::kDeleteCancelCommand, token.value);
}

void RecordTaskEnd(Transaction& tx, const LiveRun& run, TaskKey task,
                   const TaskEnding& ending) {
  if (IsPlain(ending)) {
    AddPlainEnd(tx, run.id(), task, ending);
    return DropProgress(tx, run, task, ending.state);
  }
  static const ResultEnvelope kNoResult;
  const ResultEnvelope& result =
      ending.result == nullptr ? kNoResult : *ending.result;
  std::optional<std::int64_t> token;
  std::optional<std::int64_t> executor;
  std::optional<int> outcome;
  std::optional<Timestamp> started_at;
  if (ending.lease != nullptr) {
    token = ending.lease->token.value;
    executor = ending.lease->executor.value;
    outcome = static_cast<int>(ending.outcome);
    started_at = ending.lease->claimed_at;
  }
  std::optional<std::int64_t> run_time;
  if (ending.run_time) run_time = ending.run_time->count();
  std::string value_text;
  std::optional<std::string_view> value;
  if (result.value) value = value_text = FormatJson(*result.value);
  const std::string metadata = MetadataText(result);
  const std::string error = ErrorText(ending.error, ending.attempt);
  const std::string_view encoding =
      result.encoding == "identity" ? std::string_view() : result.encoding;
  tx.db.Write(Query::kInsertTaskEnd, run.id(), task.node, task.index,
              static_cast<int>(ending.state), ending.attempt, token, outcome,
              executor, started_at, tx.now(), run_time,
              static_cast<int>(result.kind), TextOrNull{result.media_type},
              result.size, TextOrNull{result.sha256}, TextOrNull{encoding},
              value, TextOrNull{result.uri}, TextOrNull{metadata},
              TextOrNull{error}, TextOrNull{ending.cached_from});
  DropProgress(tx, run, task, ending.state);
}

void RecordAttempt(Transaction& tx, const LiveRun& run, const EndedLease& lease,
                   AttemptOutcome outcome, const TaskError* error) {
  const std::string text = ErrorText(error, lease.ticket.attempt);
  tx.db.Write(Query::kInsertAttempt, run.id(), lease.token.value,
              lease.task.node, lease.task.index, lease.ticket.attempt,
              static_cast<int>(outcome), lease.executor.value, lease.claimed_at,
              tx.now(), TextOrNull{text});
}

void RecordDeadLetter(Transaction& tx, const LiveRun& run, TaskKey task,
                      int attempts, const TaskError& error) {
  const std::string text = ErrorText(&error, attempts);
  tx.db.Write(Query::kInsertDeadLetter, run.id(), task.node, task.index,
              attempts, tx.now(), std::string_view(error.type),
              std::string_view(text));
  tx.rare.Added(Rare::kDeadLetter);
  NoteDeadLetter(tx, run, task, attempts, error);
}

void ForgetTaskEnds(Transaction& tx, const LiveRun& run, std::int32_t node,
                    std::int32_t first, std::int32_t last) {
  SeparatePlainEnds(tx, run.id(), node);
  tx.db.Write(Query::kArchiveAttempts, run.id(), node, first, last);
  tx.db.Write(Query::kDeleteTaskEnds, run.id(), node, first, last);
  if (tx.Any(Rare::kDeadLetter)) {
    tx.db.Write(Query::kDeleteDeadLettersOfNode, run.id(), node, first, last);
  }
}

void ForgetBadInstances(Transaction& tx, const LiveRun& run,
                        std::int32_t node) {
  tx.db.Write(Query::kArchiveBadAttempts, run.id(), node);
  tx.db.Write(Query::kDeleteBadTaskEnds, run.id(), node);
  if (tx.Any(Rare::kDeadLetter)) {
    tx.db.Write(Query::kDeleteDeadLettersOfNode, run.id(), node, -1,
                std::numeric_limits<std::int32_t>::max());
  }
}

}  // namespace windlass::sql

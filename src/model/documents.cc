#include "model/documents.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "base/sha256.h"
#include "model/batch_items.h"
#include "model/schedule.h"
#include "windlass/result.h"

namespace windlass {
namespace {

Json TimeOrNull(const std::optional<Timestamp>& time) {
  if (!time) return nullptr;
  return Json(FormatTimestamp(*time));
}

Json TextOrNull(const std::string& text) {
  if (text.empty()) return nullptr;
  return Json(text);
}

// The time of the last attempt; while it runs there is none yet.
Json DurationMs(const TaskRecord& task) {
  if (task.run_time) return task.run_time->count() / 1000;
  if (task.started_at && task.finished_at) {
    return (*task.finished_at - *task.started_at).count() / 1000;
  }
  return nullptr;
}

// A mapped task's own result is the list of its instances', or of their items'.
// It is shown when every one is there and inline; `windlass result` gives it in
// any case.
constexpr std::size_t kMaximumListBytes = 1 << 20;

bool IsOfItems(const TaskRecord& instance) {
  return instance.result && instance.result->metadata.contains(kBatchItems);
}

std::optional<ResultEnvelope> ListOfInstances(
    std::span<const TaskRecord> instances) {
  JsonArray list;
  std::size_t bytes = 0;
  const bool of_items =
      std::any_of(instances.begin(), instances.end(), IsOfItems);
  for (const TaskRecord& instance : instances) {
    const auto& result = instance.result;
    if (!result || result->kind == ResultEnvelope::Kind::kNone) {
      // How many items it had is not known here.
      if (of_items) return std::nullopt;
      list.push_back(nullptr);
      continue;
    }
    if (result->kind != ResultEnvelope::Kind::kJson || !result->value) {
      return std::nullopt;
    }
    bytes += static_cast<std::size_t>(result->size);
    if (bytes > kMaximumListBytes) return std::nullopt;
    const JsonArray* results = of_items ? result->value->if_array() : nullptr;
    if (results == nullptr) {
      list.push_back(*result->value);
    } else {
      list.insert(list.end(), results->begin(), results->end());
    }
  }
  std::string text = FormatJson(list);
  ResultEnvelope envelope;
  envelope.kind = ResultEnvelope::Kind::kJson;
  envelope.media_type = "application/json";
  envelope.size = static_cast<std::int64_t>(text.size());
  envelope.sha256 = Sha256Hex(text);
  envelope.value = std::move(list);
  return envelope;
}

// The instances that follow a mapped task in the list.
std::span<const TaskRecord> InstancesAfter(const std::vector<TaskRecord>& tasks,
                                           std::size_t parent) {
  auto count = static_cast<std::size_t>(tasks[parent].item_count);
  std::size_t left = tasks.size() - parent - 1;
  return std::span(tasks).subspan(parent + 1, std::min(count, left));
}

template <typename Records, typename Document>
JsonObject ListDocument(std::string_view name, const Records& records,
                        Document document) {
  JsonArray list;
  list.reserve(records.size());
  for (const auto& record : records) list.push_back(document(record));
  JsonObject out;
  out[name] = std::move(list);
  return out;
}

}  // namespace

Json TaskDocument(const TaskRecord& task) {
  JsonObject out;
  out["id"] = task.id;
  out["index"] = task.key.index < 0 ? Json(nullptr) : Json(task.key.index);
  out["type"] = task.type;
  out["state"] = Name(task.state);
  out["attempt"] = task.attempt;
  out["started_at"] = TimeOrNull(task.started_at);
  out["finished_at"] = TimeOrNull(task.finished_at);
  out["duration_ms"] = DurationMs(task);
  out["executor"] = TextOrNull(task.executor);
  out["result"] = task.result ? ToJson(*task.result) : Json(nullptr);
  out["error"] = task.error ? ToJson(*task.error, task.attempt) : Json(nullptr);
  if (task.progress) out["progress"] = *task.progress;
  if (!task.progress_message.empty()) out["message"] = task.progress_message;
  if (task.due_at) out["due_at"] = FormatTimestamp(*task.due_at);
  if (task.waiting_since) {
    out["waiting_since"] = FormatTimestamp(*task.waiting_since);
  }
  if (!task.cached_from.empty()) out["cached_from"] = task.cached_from;
  if (task.item_count >= 0) out["items"] = task.item_count;
  return out;
}

Json RunSummary(const RunRecord& run) {
  JsonObject out;
  out["run_id"] = FormatRunId(run.id);
  out["workflow"] = run.workflow;
  out["state"] = Name(run.state);
  out["params"] = run.params;
  out["created_at"] = FormatTimestamp(run.created_at);
  out["finished_at"] = TimeOrNull(run.finished_at);
  out["attempt"] = run.attempt;
  if (!run.reason.empty()) out["reason"] = run.reason;
  if (run.parent) out["parent"] = FormatRunId(*run.parent);
  if (!run.labels.empty()) out["labels"] = run.labels;
  return out;
}

JsonObject TasksDocument(const std::vector<TaskRecord>& tasks) {
  JsonArray list;
  list.reserve(tasks.size());
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    if (tasks[i].item_count < 0 || tasks[i].state != TaskState::kSucceeded) {
      list.push_back(TaskDocument(tasks[i]));
      continue;
    }
    TaskRecord mapped = tasks[i];
    mapped.result = ListOfInstances(InstancesAfter(tasks, i));
    list.push_back(TaskDocument(mapped));
  }
  return {{"tasks", std::move(list)}};
}

Json AttemptDocument(const AttemptRecord& attempt) {
  JsonObject out;
  out["attempt"] = attempt.attempt;
  out["outcome"] = Name(attempt.outcome);
  out["started_at"] = FormatTimestamp(attempt.started_at);
  out["finished_at"] = FormatTimestamp(attempt.finished_at);
  out["duration_ms"] =
      (attempt.finished_at - attempt.started_at).count() / 1000;
  out["executor"] = attempt.executor;
  out["error"] =
      attempt.error ? ToJson(*attempt.error, attempt.attempt) : Json(nullptr);
  return out;
}

Json AttemptDocument(const AttemptRecord& attempt, const Workflow& workflow) {
  JsonObject out;
  out["task"] = workflow.tasks[static_cast<std::size_t>(attempt.key.node)].id;
  out["index"] =
      attempt.key.index < 0 ? Json(nullptr) : Json(attempt.key.index);
  const Json document = AttemptDocument(attempt);
  for (const auto& member : document.as_object()) {
    out[member.key()] = member.value();
  }
  return out;
}

Json RunDocument(const RunRecord& run, const std::vector<TaskRecord>& tasks,
                 const Workflow& workflow,
                 const std::vector<AttemptRecord>& attempts) {
  JsonArray list;
  for (const AttemptRecord& attempt : attempts) {
    if (attempt.outcome == AttemptOutcome::kSucceeded) continue;
    list.push_back(AttemptDocument(attempt, workflow));
  }
  Json out = RunSummary(run);
  JsonObject all = TasksDocument(tasks);
  out.as_object()["tasks"] = std::move(all.at("tasks"));
  out.as_object()["attempts"] = std::move(list);
  return out;
}

Json DeadLetterDocument(const DeadLetterRecord& letter) {
  JsonObject out;
  out["id"] = std::to_string(letter.id);
  out["run_id"] = FormatRunId(letter.run);
  out["workflow"] = letter.workflow;
  out["task"] = letter.task_id;
  out["index"] =
      letter.task.index < 0 ? Json(nullptr) : Json(letter.task.index);
  out["type"] = letter.type;
  out["attempts"] = letter.attempts;
  out["failed_at"] = FormatTimestamp(letter.failed_at);
  out["error"] = ToJson(letter.error, letter.attempts);
  return out;
}

Json DeadLetterDocument(const DeadLetterRecord& letter,
                        const std::vector<AttemptRecord>& attempts) {
  Json document = DeadLetterDocument(letter);
  JsonArray history;
  for (const AttemptRecord& attempt : attempts) {
    if (attempt.key == letter.task) history.push_back(AttemptDocument(attempt));
  }
  document.as_object()["history"] = std::move(history);
  return document;
}

std::string_view StateName(const ExecutorRecord& executor) {
  if (!executor.alive) return "lost";
  return executor.draining ? "draining" : "running";
}

Json ExecutorDocument(const ExecutorRecord& executor) {
  JsonObject out;
  out["name"] = executor.info.name;
  out["profile"] = executor.info.profile;
  out["state"] = StateName(executor);
  out["slots"] = executor.info.slots;
  out["busy"] = executor.busy_slots;
  out["pid"] = executor.info.pid;
  out["started_at"] = FormatTimestamp(executor.started_at);
  out["last_heartbeat"] = FormatTimestamp(executor.last_heartbeat);
  JsonArray queues;
  for (const std::string& queue : executor.info.queues) {
    queues.push_back(Json(queue));
  }
  out["queues"] = std::move(queues);
  return out;
}

Json QueueDocument(const QueueRecord& queue) {
  JsonObject out;
  out["name"] = queue.name;
  out["paused"] = queue.paused;
  out["ready"] = queue.ready;
  out["running"] = queue.running;
  out["scheduled"] = queue.scheduled;
  out["oldest_ready"] = TimeOrNull(queue.oldest_ready);
  return out;
}

Json ScheduleDocument(const ScheduleRecord& schedule) {
  JsonObject out;
  out["workflow"] = schedule.workflow;
  out["cron"] = schedule.spec.cron;
  out["timezone"] = schedule.spec.timezone;
  out["overlap"] = OverlapName(schedule.spec.overlap);
  out["catch_up"] = schedule.spec.catch_up;
  out["params"] = schedule.params;
  out["state"] = schedule.paused ? "paused" : "active";
  out["next_at"] = TimeOrNull(schedule.next_at);
  out["queued_at"] = TimeOrNull(schedule.queued_at);
  out["last_at"] = TimeOrNull(schedule.last_at);
  out["last_run"] =
      schedule.last_run ? Json(FormatRunId(*schedule.last_run)) : Json(nullptr);
  out["created_at"] = FormatTimestamp(schedule.created_at);
  return out;
}

Json WorkflowDocument(const WorkflowVersion& stored) {
  JsonObject out;
  out["name"] = stored.name;
  out["version"] = stored.version;
  out["digest"] = stored.digest;
  out["description"] = stored.description;
  out["base_dir"] = stored.base_dir;
  out["created_at"] = FormatTimestamp(stored.created_at);
  if (stored.workflow != nullptr) {
    out["definition"] = stored.workflow->document;
  }
  return out;
}

std::string_view FieldOf(const LimitRecord& limit) {
  return limit.kind == LimitRecord::Kind::kRate ? "rate_limit" : "concurrency";
}

Json LimitDocument(const LimitRecord& limit) {
  JsonObject out;
  out["kind"] = FieldOf(limit);
  out["key"] = limit.key;
  out["limit"] = limit.limit;
  if (limit.kind == LimitRecord::Kind::kRate) {
    out["period"] = FormatDuration(limit.period);
  }
  if (limit.burst) out["burst"] = *limit.burst;
  if (limit.adaptive) {
    JsonObject& adaptive = out["adaptive"].emplace_object();
    adaptive["allowed"] = limit.adaptive->allowed;
    adaptive["minimum"] = limit.adaptive->minimum;
    const auto& target = limit.adaptive->target_latency;
    adaptive["target_latency"] =
        target ? Json(FormatDuration(*target)) : Json(nullptr);
  }
  out["in_use"] = limit.in_use;
  out["waiting"] = limit.waiting;
  out["next_at"] = TimeOrNull(limit.next_at);
  return out;
}

std::string_view StateName(CircuitState state) {
  switch (state) {
    case CircuitState::kClosed:
      return "closed";
    case CircuitState::kHalfOpen:
      return "half_open";
    case CircuitState::kOpen:
      return "open";
  }
  return "closed";
}

Json CircuitDocument(const CircuitRecord& circuit) {
  JsonObject out;
  out["key"] = circuit.key;
  out["state"] = StateName(circuit.state);
  out["failures"] = circuit.failures;
  out["failure_threshold"] = circuit.failure_threshold;
  out["open_for"] = FormatDuration(circuit.open_for);
  out["open_until"] = TimeOrNull(circuit.open_until);
  out["probes"] = circuit.probes;
  out["probing"] = circuit.probing;
  out["waiting"] = circuit.waiting;
  return out;
}

Json ProblemDocument(const Problem& problem) {
  JsonObject out;
  out["file"] = problem.file;
  out["line"] = problem.line;
  out["column"] = problem.column;
  out["field"] = problem.field;
  out["message"] = problem.message;
  out["suggestion"] = problem.suggestion;
  return out;
}

JsonObject RunsDocument(const std::vector<RunRecord>& runs) {
  return ListDocument("runs", runs, RunSummary);
}

JsonObject DeadLettersDocument(const std::vector<DeadLetterRecord>& letters) {
  return ListDocument("dead_letters", letters,
                      [](const DeadLetterRecord& letter) {
                        return DeadLetterDocument(letter);
                      });
}

JsonObject ExecutorsDocument(const std::vector<ExecutorRecord>& executors) {
  return ListDocument("executors", executors, ExecutorDocument);
}

JsonObject QueuesDocument(const std::vector<QueueRecord>& queues) {
  return ListDocument("queues", queues, QueueDocument);
}

JsonObject SchedulesDocument(const std::vector<ScheduleRecord>& schedules) {
  return ListDocument("schedules", schedules, ScheduleDocument);
}

JsonObject WorkflowsDocument(const std::vector<WorkflowVersion>& stored) {
  return ListDocument("workflows", stored, WorkflowDocument);
}

JsonObject VersionsDocument(const std::vector<WorkflowVersion>& versions) {
  return ListDocument("versions", versions, WorkflowDocument);
}

JsonObject LimitsDocument(const std::vector<LimitRecord>& limits) {
  return ListDocument("limits", limits, LimitDocument);
}

JsonObject CircuitsDocument(const std::vector<CircuitRecord>& circuits) {
  return ListDocument("circuits", circuits, CircuitDocument);
}

JsonObject AttemptsDocument(const std::vector<AttemptRecord>& attempts,
                            const Workflow& workflow) {
  return ListDocument("attempts", attempts,
                      [&workflow](const AttemptRecord& attempt) {
                        return AttemptDocument(attempt, workflow);
                      });
}

JsonObject ProgressDocument(const RunRecord& run,
                            const RunProgressRecord& progress,
                            const Workflow& workflow, Timestamp now) {
  JsonArray nodes;
  for (std::size_t i = 0; i < progress.nodes.size(); ++i) {
    const NodeProgress& node = progress.nodes[i];
    JsonObject one{{"task", workflow.tasks[i].id}, {"state", Name(node.state)}};
    if (node.items >= 0) {
      one["items"] = node.items;
      one["succeeded"] = node.succeeded;
      one["failed"] = node.failed;
      one["skipped"] = node.skipped;
      one["cancelled"] = node.cancelled;
    }
    nodes.push_back(std::move(one));
  }
  return {{"run", RunSummary(run)},
          {"now", FormatTimestamp(now)},
          {"nodes", std::move(nodes)}};
}

JsonObject SubmittedDocument(const std::vector<SubmittedRun>& runs) {
  if (runs.size() == 1) {
    return {{"run_id", FormatRunId(runs.front().id)},
            {"created", runs.front().created}};
  }
  return ListDocument("run_ids", runs, [](const SubmittedRun& run) {
    return Json(FormatRunId(run.id));
  });
}

}  // namespace windlass

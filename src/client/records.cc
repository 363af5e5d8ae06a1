#include "client/records.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "model/documents.h"
#include "model/schedule.h"
#include "windlass/load.h"

namespace windlass {
namespace {

absl::Status Wrong(std::string_view field, std::string_view expected) {
  return absl::InternalError(
      absl::StrCat("the server's answer: ", std::string(field), ": expected ",
                   std::string(expected)));
}

// Reads the members of one document; keeps the first thing that is wrong. What
// is absent or null is empty.
class Fields {
 public:
  explicit Fields(const Json& document) {
    if (document.is_object()) {
      object_ = &document.get_object();
    } else {
      status_ = Wrong("document", "an object");
    }
  }

  const Json* Find(std::string_view name) const {
    const Json* value =
        object_ == nullptr ? nullptr : object_->if_contains(name);
    return value == nullptr || value->is_null() ? nullptr : value;
  }

  std::string Text(std::string_view name) {
    const Json* value = Find(name);
    if (value == nullptr) return "";
    if (value->is_string()) return std::string(value->get_string());
    Fail(name, "a text");
    return "";
  }

  std::vector<std::string> Texts(std::string_view name) {
    std::vector<std::string> texts;
    const Json* list = Find(name);
    if (list == nullptr) return texts;
    if (!list->is_array()) Fail(name, "a list");
    for (const Json& one : list->is_array() ? list->get_array() : JsonArray()) {
      if (one.is_string()) {
        texts.emplace_back(one.get_string());
      } else {
        Fail(name, "texts");
      }
    }
    return texts;
  }

  std::int64_t Number(std::string_view name, std::int64_t absent = 0) {
    const Json* value = Find(name);
    if (value == nullptr) return absent;
    if (value->is_int64()) return value->get_int64();
    Fail(name, "a whole number");
    return absent;
  }
  int Count(std::string_view name, int absent = 0) {
    return static_cast<int>(Number(name, absent));
  }

  bool Flag(std::string_view name) {
    const Json* value = Find(name);
    if (value == nullptr) return false;
    if (value->is_bool()) return value->get_bool();
    Fail(name, "true or false");
    return false;
  }

  JsonObject Object(std::string_view name) {
    const Json* value = Find(name);
    if (value == nullptr) return {};
    if (value->is_object()) return value->get_object();
    Fail(name, "an object");
    return {};
  }

  std::optional<Timestamp> Time(std::string_view name) {
    if (Find(name) == nullptr) return std::nullopt;
    auto time = ParseTimestamp(Text(name));
    if (time.ok()) return *time;
    Fail(name, "a time");
    return std::nullopt;
  }
  Timestamp SomeTime(std::string_view name) {
    return Time(name).value_or(Timestamp());
  }

  Duration Span(std::string_view name) {
    if (Find(name) == nullptr) return Duration(0);
    auto span = ParseDuration(Text(name));
    if (span.ok()) return *span;
    Fail(name, "a duration");
    return Duration(0);
  }

  std::optional<RunId> Run(std::string_view name) {
    if (Find(name) == nullptr) return std::nullopt;
    auto run = ParseRunId(Text(name));
    if (run.ok()) return *run;
    Fail(name, "the id of a run");
    return std::nullopt;
  }

  // One of an enumeration, by what `parse` makes of its name.
  template <typename Enum>
  Enum Choice(std::string_view name,
              std::optional<Enum> (*parse)(std::string_view)) {
    if (auto value = parse(Text(name))) return *value;
    Fail(name, "one of the names that this version knows");
    return Enum();
  }

  // A document within, by its own reader.
  template <typename Record>
  std::optional<Record> Within(std::string_view name,
                               absl::StatusOr<Record> (*read)(const Json&)) {
    const Json* value = Find(name);
    if (value == nullptr) return std::nullopt;
    auto record = read(*value);
    if (record.ok()) return *std::move(record);
    if (status_.ok()) status_ = record.status();
    return std::nullopt;
  }

  // The key of the task that `name` and "index" tell.
  TaskKey Task(std::string_view name, const Workflow& workflow) {
    TaskKey key;
    key.node = workflow.FindTask(Text(name));
    key.index = Count("index", -1);
    if (key.node < 0) Fail(name, "a task of the workflow");
    return key;
  }

  void Fail(std::string_view name, std::string_view expected) {
    if (status_.ok()) status_ = Wrong(name, expected);
  }

  // The record that was read, unless something was wrong.
  template <typename Record>
  absl::StatusOr<Record> Done(Record record) const {
    if (!status_.ok()) return status_;
    return record;
  }

 private:
  const JsonObject* object_ = nullptr;
  absl::Status status_;
};

std::optional<ScheduleSpec::Overlap> OverlapFromName(std::string_view name) {
  using Overlap = ScheduleSpec::Overlap;
  for (const Overlap one : {Overlap::kSkip, Overlap::kQueue, Overlap::kAllow,
                            Overlap::kCancelRunning}) {
    if (OverlapName(one) == name) return one;
  }
  return std::nullopt;
}

std::optional<CircuitState> CircuitStateFromName(std::string_view name) {
  for (const CircuitState one :
       {CircuitState::kClosed, CircuitState::kHalfOpen, CircuitState::kOpen}) {
    if (StateName(one) == name) return one;
  }
  return std::nullopt;
}

absl::StatusOr<NodeProgress> NodeFromJson(const Json& document) {
  Fields fields(document);
  NodeProgress node;
  node.state = fields.Choice("state", TaskStateFromName);
  node.items = fields.Count("items", -1);
  node.succeeded = fields.Count("succeeded");
  node.failed = fields.Count("failed");
  node.skipped = fields.Count("skipped");
  node.cancelled = fields.Count("cancelled");
  return fields.Done(node);
}

absl::StatusOr<LimitRecord::Adaptation> AdaptationFromJson(
    const Json& document) {
  Fields fields(document);
  LimitRecord::Adaptation adaptation;
  adaptation.allowed = fields.Count("allowed");
  adaptation.minimum = fields.Count("minimum");
  if (fields.Find("target_latency") != nullptr) {
    adaptation.target_latency = fields.Span("target_latency");
  }
  return fields.Done(adaptation);
}

}  // namespace

absl::StatusOr<Json> MemberOf(const Json& document, std::string_view name) {
  const Json* value =
      document.is_object() ? document.get_object().if_contains(name) : nullptr;
  if (value == nullptr) return Wrong(name, "something");
  return *value;
}

absl::StatusOr<RunRecord> RunFromJson(const Json& document) {
  Fields fields(document);
  RunRecord run;
  run.id = fields.Run("run_id").value_or(RunId());
  run.workflow = fields.Text("workflow");
  run.state = fields.Choice("state", RunStateFromName);
  run.params = fields.Object("params");
  run.labels = fields.Object("labels");
  run.created_at = fields.SomeTime("created_at");
  run.finished_at = fields.Time("finished_at");
  run.attempt = fields.Count("attempt", 1);
  run.reason = fields.Text("reason");
  run.parent = fields.Run("parent");
  return fields.Done(std::move(run));
}

absl::StatusOr<TaskRecord> TaskFromJson(const Json& document,
                                        const Workflow& workflow) {
  Fields fields(document);
  TaskRecord task;
  task.key = fields.Task("id", workflow);
  task.id = fields.Text("id");
  task.type = fields.Text("type");
  task.state = fields.Choice("state", TaskStateFromName);
  task.attempt = fields.Count("attempt");
  task.started_at = fields.Time("started_at");
  task.finished_at = fields.Time("finished_at");
  if (fields.Find("duration_ms") != nullptr) {
    task.run_time = std::chrono::milliseconds(fields.Number("duration_ms"));
  }
  task.executor = fields.Text("executor");
  task.result = fields.Within("result", ResultEnvelopeFromJson);
  task.error = fields.Within("error", TaskErrorFromJson);
  if (const Json* progress = fields.Find("progress")) {
    if (progress->is_number()) {
      task.progress = progress->to_number<double>();
    } else {
      fields.Fail("progress", "a number");
    }
  }
  task.progress_message = fields.Text("message");
  task.due_at = fields.Time("due_at");
  task.cached_from = fields.Text("cached_from");
  task.item_count = fields.Count("items", -1);
  return fields.Done(std::move(task));
}

absl::StatusOr<AttemptRecord> AttemptFromJson(const Json& document,
                                              const Workflow& workflow) {
  Fields fields(document);
  AttemptRecord attempt;
  attempt.key = fields.Task("task", workflow);
  attempt.attempt = fields.Count("attempt");
  attempt.outcome = fields.Choice("outcome", AttemptOutcomeFromName);
  attempt.started_at = fields.SomeTime("started_at");
  attempt.finished_at = fields.SomeTime("finished_at");
  attempt.executor = fields.Text("executor");
  attempt.error = fields.Within("error", TaskErrorFromJson);
  return fields.Done(std::move(attempt));
}

absl::StatusOr<RunProgressRecord> ProgressFromJson(const Json& document) {
  auto run = MemberOf(document, "run");
  if (!run.ok()) return run.status();
  auto record = RunFromJson(*run);
  if (!record.ok()) return record.status();
  auto nodes = ListFromJson(document, "nodes", NodeFromJson);
  if (!nodes.ok()) return nodes.status();
  return RunProgressRecord{record->state, *std::move(nodes)};
}

absl::StatusOr<DeadLetterRecord> DeadLetterFromJson(const Json& document) {
  Fields fields(document);
  DeadLetterRecord letter;
  if (!absl::SimpleAtoi(fields.Text("id"), &letter.id)) {
    fields.Fail("id", "a number");
  }
  letter.run = fields.Run("run_id").value_or(RunId());
  letter.workflow = fields.Text("workflow");
  letter.task = {.node = -1, .index = fields.Count("index", -1)};
  letter.task_id = fields.Text("task");
  letter.type = fields.Text("type");
  letter.attempts = fields.Count("attempts");
  letter.failed_at = fields.SomeTime("failed_at");
  letter.error =
      fields.Within("error", TaskErrorFromJson).value_or(TaskError());
  return fields.Done(std::move(letter));
}

absl::StatusOr<ExecutorRecord> ExecutorFromJson(const Json& document) {
  Fields fields(document);
  ExecutorRecord executor;
  executor.info.name = fields.Text("name");
  executor.info.profile = fields.Text("profile");
  executor.info.slots = fields.Count("slots");
  executor.info.pid = fields.Number("pid");
  executor.busy_slots = fields.Count("busy");
  executor.started_at = fields.SomeTime("started_at");
  executor.last_heartbeat = fields.SomeTime("last_heartbeat");
  const std::string state = fields.Text("state");
  executor.alive = state != "lost";
  executor.draining = state == "draining";
  executor.info.queues = fields.Texts("queues");
  return fields.Done(std::move(executor));
}

absl::StatusOr<QueueRecord> QueueFromJson(const Json& document) {
  Fields fields(document);
  QueueRecord queue;
  queue.name = fields.Text("name");
  queue.paused = fields.Flag("paused");
  queue.ready = fields.Number("ready");
  queue.running = fields.Number("running");
  queue.scheduled = fields.Number("scheduled");
  queue.oldest_ready = fields.Time("oldest_ready");
  return fields.Done(std::move(queue));
}

absl::StatusOr<LimitRecord> LimitFromJson(const Json& document) {
  Fields fields(document);
  LimitRecord limit;
  limit.kind = fields.Text("kind") == "rate_limit"
                   ? LimitRecord::Kind::kRate
                   : LimitRecord::Kind::kConcurrency;
  limit.key = fields.Text("key");
  limit.limit = fields.Count("limit");
  limit.period = fields.Span("period");
  if (const int burst = fields.Count("burst"); burst > 0) limit.burst = burst;
  limit.adaptive = fields.Within("adaptive", AdaptationFromJson);
  limit.in_use = fields.Number("in_use");
  limit.waiting = fields.Number("waiting");
  limit.next_at = fields.Time("next_at");
  return fields.Done(std::move(limit));
}

absl::StatusOr<CircuitRecord> CircuitFromJson(const Json& document) {
  Fields fields(document);
  CircuitRecord circuit;
  circuit.key = fields.Text("key");
  circuit.state = fields.Choice("state", CircuitStateFromName);
  circuit.failures = fields.Count("failures");
  circuit.failure_threshold = fields.Count("failure_threshold");
  circuit.open_for = fields.Span("open_for");
  circuit.probes = fields.Count("probes");
  circuit.probing = fields.Number("probing");
  circuit.waiting = fields.Number("waiting");
  circuit.open_until = fields.Time("open_until");
  return fields.Done(std::move(circuit));
}

absl::StatusOr<ScheduleRecord> ScheduleFromJson(const Json& document) {
  Fields fields(document);
  ScheduleRecord schedule;
  schedule.workflow = fields.Text("workflow");
  schedule.spec.cron = fields.Text("cron");
  schedule.spec.timezone = fields.Text("timezone");
  schedule.spec.overlap = fields.Choice("overlap", OverlapFromName);
  schedule.spec.catch_up = fields.Flag("catch_up");
  schedule.params = fields.Object("params");
  schedule.paused = fields.Text("state") == "paused";
  schedule.next_at = fields.Time("next_at");
  schedule.queued_at = fields.Time("queued_at");
  schedule.last_at = fields.Time("last_at");
  schedule.last_run = fields.Run("last_run");
  schedule.created_at = fields.SomeTime("created_at");
  return fields.Done(std::move(schedule));
}

absl::StatusOr<WorkflowVersion> WorkflowFromJson(const Json& document) {
  Fields fields(document);
  WorkflowVersion stored;
  stored.name = fields.Text("name");
  stored.version = fields.Count("version");
  stored.digest = fields.Text("digest");
  stored.description = fields.Text("description");
  stored.base_dir = fields.Text("base_dir");
  stored.created_at = fields.SomeTime("created_at");
  if (auto workflow = fields.Within("definition", DefinitionFromJson)) {
    stored.workflow = *std::move(workflow);
  }
  return fields.Done(std::move(stored));
}

absl::StatusOr<AttemptLogEntry> LogEntryFromJson(const Json& document) {
  Fields fields(document);
  AttemptLogEntry entry;
  entry.task = fields.Text("task");
  entry.attempt = fields.Count("attempt");
  entry.newest = fields.Text("newest");
  entry.complete = fields.Flag("complete");
  return fields.Done(std::move(entry));
}

absl::StatusOr<LogPage> LogPageFromJson(const Json& document) {
  Fields fields(document);
  LogPage page;
  page.next = fields.Text("next");
  const Json* lines = fields.Find("lines");
  if (lines == nullptr || !lines->is_array()) {
    fields.Fail("lines", "a list");
  } else {
    page.lines = lines->get_array();
  }
  return fields.Done(std::move(page));
}

absl::StatusOr<RunCounts> CountsFromJson(const Json& document) {
  auto runs = MemberOf(document, "runs");
  if (!runs.ok()) return runs.status();
  Fields fields(*runs);
  RunCounts counts;
  counts.running = fields.Number("running");
  counts.succeeded = fields.Number("succeeded");
  counts.failed = fields.Number("failed");
  counts.cancelled = fields.Number("cancelled");
  return fields.Done(counts);
}

absl::StatusOr<std::shared_ptr<const Workflow>> DefinitionFromJson(
    const Json& definition) {
  LoadOptions options;
  options.file = "the server's definition";
  LoadedWorkflow loaded = ParseWorkflow(definition, options);
  if (loaded.ok()) return loaded.workflow;
  return absl::InternalError(loaded.problems.empty()
                                 ? "the server's definition does not parse"
                                 : FormatProblem(loaded.problems[0]));
}

}  // namespace windlass

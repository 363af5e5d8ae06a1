#include "client/remote_client.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/mutex.h"
#include "client/records.h"
#include "model/documents.h"
#include "model/task_name.h"

namespace windlass {
namespace {

// The largest pages that the API gives.
constexpr int kRunsPage = 1000;
constexpr int kDeadLettersPage = 10'000;
constexpr int kRunsPerCall = 10'000;

std::string PathOf(RunId run) { return "/runs/" + FormatRunId(run); }

std::string PathOf(RunId run, std::string_view task) {
  return absl::StrCat(PathOf(run), "/tasks/", ApiSegment(task));
}

std::string PathTo(const char* what, const std::string& name) {
  return absl::StrCat("/", what, "/", ApiSegment(name));
}

// It was checked where it was read: the server need not know its types.
JsonArray TypesOf(const Workflow& workflow) {
  JsonArray types;
  for (const TaskSpec& task : workflow.tasks) {
    const Json type(task.type);
    if (std::find(types.begin(), types.end(), type) == types.end()) {
      types.push_back(type);
    }
  }
  return types;
}

JsonObject BodyOf(const Workflow& workflow, const std::string& base_dir) {
  JsonObject body{{"definition", workflow.document},
                  {"allow_types", TypesOf(workflow)}};
  if (!base_dir.empty()) body["base_dir"] = base_dir;
  return body;
}

absl::StatusOr<std::vector<SubmittedRun>> SubmittedFrom(const Json& document) {
  const auto id_of = [](const Json& text) -> absl::StatusOr<SubmittedRun> {
    auto id = ParseRunId(JsonToText(text));
    if (!id.ok()) return id.status();
    return SubmittedRun{*id, true};
  };
  if (MemberOf(document, "run_ids").ok()) {
    return ListFromJson(document, "run_ids", id_of);
  }
  auto text = MemberOf(document, "run_id");
  if (!text.ok()) return text.status();
  auto run = id_of(*text);
  if (!run.ok()) return run.status();
  auto created = MemberOf(document, "created");
  run->created = created.ok() && *created == Json(true);
  return std::vector<SubmittedRun>{*run};
}

JsonObject ChoiceOf(const DeadLetterFilter& filter) {
  JsonObject choice;
  if (filter.ids.empty()) {
    choice["all"] = true;
  } else {
    JsonArray ids;
    for (const std::int64_t id : filter.ids) {
      ids.push_back(Json(std::to_string(id)));
    }
    choice["ids"] = std::move(ids);
  }
  if (!filter.workflow.empty()) choice["workflow"] = filter.workflow;
  if (!filter.error_type.empty()) choice["error_type"] = filter.error_type;
  if (filter.run) choice["run"] = FormatRunId(*filter.run);
  return choice;
}

class ApiClient final : public RemoteClient {
 public:
  explicit ApiClient(const ServerOptions& options) : api_(options) {}

  absl::Status CheckUrl() const { return api_.CheckUrl(); }

  absl::StatusOr<std::unique_ptr<ByteSource>> OpenResult(
      RunId run, std::string_view task) override {
    auto download = api_.Open(PathOf(run, task) + "/result");
    if (!download.ok()) return download.status();
    return std::unique_ptr<ByteSource>(*std::move(download));
  }

  // LogFeed

  absl::StatusOr<std::vector<AttemptLogEntry>> ListLogs(RunId run) override {
    return List(PathOf(run) + "/logs", "logs", LogEntryFromJson);
  }
  absl::StatusOr<LogPage> ReadLog(RunId run, const std::string& task,
                                  int attempt,
                                  const std::string& after) override {
    auto document = api_.Get(
        PathOf(run, task) + "/logs" +
        ApiQuery({{"attempt", std::to_string(attempt)}, {"after", after}}));
    if (!document.ok()) return document.status();
    return LogPageFromJson(*document);
  }

  absl::StatusOr<Timestamp> Now() override {
    auto document = api_.Get("/statistics");
    if (!document.ok()) return document.status();
    return TimeOf(*document);
  }

  // RunControl

  absl::StatusOr<std::vector<SubmittedRun>> Submit(
      std::span<const SubmitRequest> requests) override {
    std::vector<SubmittedRun> all;
    for (const SubmitRequest& request : requests) {
      if (request.parent || request.copies > kRunsPerCall) {
        return absl::InvalidArgumentError(
            absl::StrCat("through a server at most ", kRunsPerCall,
                         " runs are submitted at a time, and no sub-runs"));
      }
      auto runs = SubmitOne(request);
      if (!runs.ok()) return runs.status();
      all.insert(all.end(), runs->begin(), runs->end());
    }
    return all;
  }
  absl::Status Cancel(RunId run, const std::string& reason) override {
    return Do("POST", PathOf(run) + "/cancel", JsonObject{{"reason", reason}});
  }
  absl::Status Pause(RunId run) override {
    return Do("POST", PathOf(run) + "/pause");
  }
  absl::Status Resume(RunId run) override {
    return Do("POST", PathOf(run) + "/resume");
  }
  absl::Status Retry(RunId run, RetryScope scope) override {
    return Do("POST", PathOf(run) + "/retry",
              JsonObject{{"from_failed", scope == RetryScope::kFailedTasks}});
  }
  absl::StatusOr<int> Requeue(const DeadLetterFilter& filter) override {
    return Change(filter, "requeue", "requeued");
  }
  absl::StatusOr<int> Discard(const DeadLetterFilter& filter) override {
    return Change(filter, "discard", "discarded");
  }

  // FleetControl

  absl::Status PauseQueue(const std::string& queue) override {
    return Do("POST", PathTo("queues", queue) + "/pause");
  }
  absl::Status ResumeQueue(const std::string& queue) override {
    return Do("POST", PathTo("queues", queue) + "/resume");
  }
  absl::Status Drain(const std::string& executor_name) override {
    return Do("POST", PathTo("executors", executor_name) + "/drain");
  }
  absl::Status ResetCircuit(const std::string& key) override {
    return Do("POST", PathTo("circuits", key) + "/reset");
  }

  // ScheduleControl

  absl::StatusOr<ScheduleRecord> PutSchedule(
      const ScheduleRequest& request) override {
    JsonObject body = BodyOf(*request.workflow, request.base_dir);
    body["params"] = request.params;
    auto document =
        api_.Send("PUT", PathTo("schedules", request.workflow->name), body);
    if (!document.ok()) return document.status();
    return ScheduleFromJson(*document);
  }
  absl::Status PauseSchedule(const std::string& workflow) override {
    return Do("POST", PathTo("schedules", workflow) + "/pause");
  }
  absl::Status ResumeSchedule(const std::string& workflow) override {
    return Do("POST", PathTo("schedules", workflow) + "/resume");
  }
  absl::Status RemoveSchedule(const std::string& workflow) override {
    return Do("DELETE", PathTo("schedules", workflow));
  }
  absl::StatusOr<std::vector<ScheduleRecord>> ListSchedules() override {
    return List("/schedules", "schedules", ScheduleFromJson);
  }

  // WorkflowControl

  absl::StatusOr<WorkflowVersion> PutWorkflow(
      const PutWorkflowRequest& request) override {
    ApiCaller::Headers headers;
    if (request.expected_version) {
      headers.push_back(
          *request.expected_version == 0
              ? "If-None-Match: *"
              : absl::StrCat("If-Match: \"", *request.expected_version, "\""));
    }
    auto document = api_.Send(
        "PUT", PathTo("workflows", request.workflow->name),
        BodyOf(*request.workflow, request.base_dir), std::move(headers));
    if (!document.ok()) return document.status();
    return WorkflowFromJson(*document);
  }
  absl::StatusOr<WorkflowVersion> GetWorkflow(
      const std::string& name, std::optional<int> version) override {
    auto document = api_.Get(
        PathTo("workflows", name) +
        ApiQuery({{"version", version ? std::to_string(*version) : ""}}));
    if (!document.ok()) return document.status();
    return WorkflowFromJson(*document);
  }
  absl::StatusOr<std::vector<WorkflowVersion>> ListWorkflows(
      const WorkflowFilter& filter) override {
    return Pages("workflows", filter.limit, filter.after,
                 {{"name", filter.name}}, WorkflowFromJson);
  }
  absl::StatusOr<std::vector<WorkflowVersion>> ListWorkflowVersions(
      const std::string& name) override {
    return List(PathTo("workflows", name) + "/versions", "versions",
                WorkflowFromJson);
  }
  absl::Status DeleteWorkflow(const std::string& name) override {
    return Do("DELETE", PathTo("workflows", name));
  }

  // RunQueries

  absl::StatusOr<RunRecord> GetRun(RunId run) override {
    auto progress = api_.Get(PathOf(run) + "/progress");
    if (!progress.ok()) return progress.status();
    auto document = MemberOf(*progress, "run");
    if (!document.ok()) return document.status();
    return RunFromJson(*document);
  }
  absl::StatusOr<std::shared_ptr<const RunInfo>> GetRunInfo(
      RunId run) override {
    auto workflow = WorkflowOf(run);
    if (!workflow.ok()) return workflow.status();
    auto record = GetRun(run);
    if (!record.ok()) return record.status();
    auto info = std::make_shared<RunInfo>();
    info->id = run;
    info->workflow = *std::move(workflow);
    info->params = record->params;
    info->attempt = record->attempt;
    info->created_at = record->created_at;
    info->root = run;
    info->parent = record->parent;
    info->labels = record->labels;
    return info;
  }
  absl::StatusOr<RunProgressRecord> GetProgress(RunId run) override {
    auto document = api_.Get(PathOf(run) + "/progress");
    if (!document.ok()) return document.status();
    return ProgressFromJson(*document);
  }
  absl::StatusOr<std::vector<RunRecord>> ListRuns(
      const RunFilter& filter) override {
    return Pages(
        "runs", filter.limit, filter.before ? FormatRunId(*filter.before) : "",
        {{"state", filter.state ? std::string(Name(*filter.state)) : ""},
         {"workflow", filter.workflow}},
        RunFromJson);
  }
  absl::StatusOr<std::vector<TaskRecord>> ListTasks(RunId run) override {
    auto workflow = WorkflowOf(run);
    if (!workflow.ok()) return workflow.status();
    return List(PathOf(run) + "/tasks", "tasks", [&](const Json& document) {
      return TaskFromJson(document, **workflow);
    });
  }
  absl::StatusOr<TaskRecord> GetTask(RunId run, TaskKey task) override {
    auto workflow = WorkflowOf(run);
    if (!workflow.ok()) return workflow.status();
    auto name = NameOf(**workflow, task);
    if (!name.ok()) return name.status();
    auto document = api_.Get(PathOf(run, *name));
    if (!document.ok()) return document.status();
    return TaskFromJson(*document, **workflow);
  }
  absl::StatusOr<std::vector<std::optional<ResultEnvelope>>>
  ListInstanceResults(RunId run, int node) override {
    auto tasks = ListTasks(run);
    if (!tasks.ok()) return tasks.status();
    std::vector<std::optional<ResultEnvelope>> results;
    for (TaskRecord& task : *tasks) {
      if (task.key.node != node || task.key.index < 0) continue;
      results.push_back(std::move(task.result));
    }
    return results;
  }
  absl::StatusOr<ResultEnvelope> GetItems(RunId run, int node) override {
    auto workflow = WorkflowOf(run);
    if (!workflow.ok()) return workflow.status();
    auto name = NameOf(**workflow, {.node = node});
    if (!name.ok()) return name.status();
    auto document = api_.Get(PathOf(run, *name) + "/items");
    if (!document.ok()) return document.status();
    return ResultEnvelopeFromJson(*document);
  }
  absl::StatusOr<std::vector<AttemptRecord>> ListAttempts(RunId run) override {
    auto workflow = WorkflowOf(run);
    if (!workflow.ok()) return workflow.status();
    return List(PathOf(run) + "/attempts", "attempts",
                [&](const Json& document) {
                  return AttemptFromJson(document, **workflow);
                });
  }

  // FleetQueries

  absl::StatusOr<std::vector<DeadLetterRecord>> ListDeadLetters(
      const DeadLetterFilter& filter) override {
    if (!filter.ids.empty()) return LettersById(filter.ids);
    if (filter.limit > kDeadLettersPage) {
      return absl::InvalidArgumentError(
          absl::StrCat("through a server at most ", kDeadLettersPage,
                       " dead letters are listed at a time"));
    }
    return List(
        "/dead-letters" +
            ApiQuery({{"workflow", filter.workflow},
                      {"run", filter.run ? FormatRunId(*filter.run) : ""},
                      {"error_type", filter.error_type},
                      {"limit", std::to_string(filter.limit)}}),
        "dead_letters", DeadLetterFromJson);
  }
  absl::StatusOr<std::vector<ExecutorRecord>> ListExecutors() override {
    return List("/executors", "executors", ExecutorFromJson);
  }
  absl::StatusOr<std::vector<QueueRecord>> ListQueues() override {
    return List("/queues", "queues", QueueFromJson);
  }
  absl::StatusOr<std::vector<LimitRecord>> ListLimits() override {
    return List("/limits", "limits", LimitFromJson);
  }
  absl::StatusOr<std::vector<AdaptiveLimitRecord>> ListAdaptiveLimits()
      override {
    auto limits = ListLimits();
    if (!limits.ok()) return limits.status();
    std::vector<AdaptiveLimitRecord> adaptive;
    for (LimitRecord& limit : *limits) {
      if (!limit.adaptive) continue;
      adaptive.push_back(
          {std::move(limit.key), limit.adaptive->allowed, limit.limit});
    }
    return adaptive;
  }
  absl::StatusOr<std::vector<CircuitRecord>> ListCircuits() override {
    return List("/circuits", "circuits", CircuitFromJson);
  }
  absl::StatusOr<RunCounts> CountRuns() override {
    auto document = api_.Get("/statistics");
    if (!document.ok()) return document.status();
    return CountsFromJson(*document);
  }

 private:
  static absl::StatusOr<Timestamp> TimeOf(const Json& document) {
    auto now = MemberOf(document, "now");
    if (!now.ok()) return now.status();
    return ParseTimestamp(JsonToText(*now));
  }

  static absl::StatusOr<std::string> NameOf(const Workflow& workflow,
                                            TaskKey task) {
    if (task.node < 0 || task.node >= static_cast<int>(workflow.tasks.size())) {
      return absl::NotFoundError("there is no such task");
    }
    return FormatTaskName(workflow, task);
  }

  absl::Status Do(const char* method, const std::string& path,
                  const Json& body = JsonObject()) {
    return api_.Send(method, path, body).status();
  }

  template <typename Read>
  auto List(const std::string& path, const char* name, Read read)
      -> decltype(ListFromJson(Json(), name, read)) {
    auto document = api_.Get(path);
    if (!document.ok()) return document.status();
    return ListFromJson(*document, name, read);
  }

  // Pages of the list `name` behind `cursor`, until `limit` or the last.
  template <typename Read>
  auto Pages(const char* name, int limit, std::string cursor,
             std::vector<std::pair<std::string, std::string>> query, Read read)
      -> decltype(ListFromJson(Json(), name, read)) {
    decltype(ListFromJson(Json(), name, read)) all;
    all.emplace();
    query.emplace_back("limit", "");
    query.emplace_back("cursor", "");
    while (static_cast<int>(all->size()) < limit) {
      query[query.size() - 2].second = std::to_string(
          std::min(limit - static_cast<int>(all->size()), kRunsPage));
      query.back().second = cursor;
      auto document = api_.Get(absl::StrCat("/", name, ApiQuery(query)));
      if (!document.ok()) return document.status();
      auto page = ListFromJson(*document, name, read);
      if (!page.ok()) return page.status();
      for (auto& one : *page) all->push_back(std::move(one));
      auto next = MemberOf(*document, "next_cursor");
      if (!next.ok()) return next.status();
      if (next->is_null()) break;
      cursor = JsonToText(*next);
    }
    return all;
  }

  absl::StatusOr<std::vector<SubmittedRun>> SubmitOne(
      const SubmitRequest& request) {
    JsonObject body = BodyOf(*request.workflow, request.base_dir);
    body["params"] = request.params;
    if (!request.labels.empty()) body["labels"] = request.labels;
    ApiCaller::Headers headers;
    if (request.idempotency_key) {
      headers.push_back("Idempotency-Key: " + *request.idempotency_key);
    } else {
      body["count"] = request.copies;
    }
    auto document = api_.Send("POST", "/runs", body, std::move(headers));
    if (!document.ok()) return document.status();
    return SubmittedFrom(*document);
  }

  absl::StatusOr<int> Change(const DeadLetterFilter& filter, const char* what,
                             const char* done) {
    auto document = api_.Send("POST", absl::StrCat("/dead-letters/", what),
                              ChoiceOf(filter));
    if (!document.ok()) return document.status();
    auto count = MemberOf(*document, done);
    if (!count.ok()) return count.status();
    if (count->is_int64()) return static_cast<int>(count->get_int64());
    return absl::InternalError("the server's answer has no count");
  }

  absl::StatusOr<std::vector<DeadLetterRecord>> LettersById(
      const std::vector<std::int64_t>& ids) {
    std::vector<DeadLetterRecord> letters;
    for (const std::int64_t id : ids) {
      auto document = api_.Get(absl::StrCat("/dead-letters/", id));
      if (absl::IsNotFound(document.status())) continue;
      if (!document.ok()) return document.status();
      auto letter = DeadLetterFromJson(*document);
      if (!letter.ok()) return letter.status();
      auto workflow = WorkflowOf(letter->run);
      if (!workflow.ok()) return workflow.status();
      letter->task.node = (*workflow)->FindTask(letter->task_id);
      letters.push_back(*std::move(letter));
    }
    return letters;
  }

  // The definition of the run that was asked for last is kept: it is asked for
  // again and again, and does not change.
  absl::StatusOr<std::shared_ptr<const Workflow>> WorkflowOf(RunId run) {
    {
      MutexLock lock(mutex_);
      if (workflow_ != nullptr && workflow_of_ == run) return workflow_;
    }
    auto document = api_.Get(PathOf(run) + "/definition");
    if (!document.ok()) return document.status();
    auto definition = MemberOf(*document, "definition");
    if (!definition.ok()) return definition.status();
    auto workflow = DefinitionFromJson(*definition);
    if (!workflow.ok()) return workflow.status();
    MutexLock lock(mutex_);
    workflow_of_ = run;
    workflow_ = *workflow;
    return *std::move(workflow);
  }

  ApiCaller api_;
  Mutex mutex_;
  RunId workflow_of_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const Workflow> workflow_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

absl::StatusOr<std::unique_ptr<RemoteClient>> MakeRemoteClient(
    const ServerOptions& options) {
  auto client = std::make_unique<ApiClient>(options);
  if (auto status = client->CheckUrl(); !status.ok()) return status;
  return client;
}

}  // namespace windlass

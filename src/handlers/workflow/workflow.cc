#include "handlers/workflow/workflow.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include "base/concat.h"
#include "handlers/failure.h"
#include "handlers/params.h"
#include "handlers/workflow/sub_run.h"
#include "model/template.h"
#include "model/trace.h"

namespace windlass {
namespace {

// Under this name the task remembers its sub-run.
constexpr std::string_view kSaved = "sub_run";

const std::vector<ParamRule>& Rules() {
  static const std::vector<ParamRule> rules = {
      {"file", ParamType::kText},
      {"definition", ParamType::kObject},
      {"params", ParamType::kObject},
  };
  return rules;
}

// secrets.X, callback.url and callback.secret.
bool IsSecret(const std::vector<std::string>& path) {
  if (path.front() == "secrets") return true;
  return path.front() == "callback" && path.size() > 1 &&
         (path[1] == "url" || path[1] == "secret");
}

// Whether an expression in one of the value's texts reads a secret.
bool UsesSecrets(const Json& value) {
  if (value.is_string()) {
    const auto& text = value.get_string();
    auto parsed = Template::Parse({text.data(), text.size()});
    if (!parsed.ok()) return false;  // The definition's own check says so.
    const auto& names = parsed->References();
    return std::any_of(names.begin(), names.end(),
                       [](const auto& name) { return IsSecret(name.path); });
  }
  if (value.is_array()) {
    const JsonArray& array = value.get_array();
    return std::any_of(array.begin(), array.end(), UsesSecrets);
  }
  if (!value.is_object()) return false;
  const JsonObject& object = value.get_object();
  return std::any_of(object.begin(), object.end(), [](const auto& member) {
    return UsesSecrets(member.value());
  });
}

// What a sub-run is made of is stored with it, and secrets must not be.
void CheckSecrets(const Json& params, ParamProblems& problems) {
  for (const char* name : {"definition", "params"}) {
    const Json* value = FindParam(params, name);
    if (value == nullptr || !UsesSecrets(*value)) continue;
    problems.emplace_back(
        name,
        "is stored with the sub-run, so it must not hold "
        "secrets; let the sub-workflow read secrets.X, or wait for a callback, "
        "itself");
  }
}

ParamProblems Check(const Json& params, ParamStage stage) {
  ParamProblems problems = CheckParams(params, Rules(), stage);
  if (stage == ParamStage::kAsWritten && params.is_object()) {
    CheckSecrets(params, problems);
  }
  if (params.is_object() && (FindParam(params, "file") == nullptr) ==
                                (FindParam(params, "definition") == nullptr)) {
    problems.emplace_back("", "expected either file or definition");
  }
  return problems;
}

// Which sub-run a task is at. Every failure that was reported is followed by a
// new one; everything else, a crash included, finds the one there is.
struct SubRunState {
  int run_attempt = 0;
  int generation = 1;
  bool reported = false;
  std::optional<RunId> run;

  Json ToJson() const {
    Json id;
    if (run) id = run->value;
    return JsonObject{{"run_attempt", run_attempt},
                      {"generation", generation},
                      {"reported", reported},
                      {"run", id}};
  }
  static SubRunState FromJson(const Json& json) {
    SubRunState state;
    state.run_attempt = static_cast<int>(IntegerParam(json, "run_attempt", 0));
    state.generation = static_cast<int>(IntegerParam(json, "generation", 1));
    state.reported = FlagParam(json, "reported");
    if (FindParam(json, "run") != nullptr) {
      state.run = RunId{IntegerParam(json, "run", 0)};
    }
    return state;
  }
};

class WorkflowHandler : public TaskHandler {
 public:
  explicit WorkflowHandler(WorkflowHandlerParts parts)
      : parts_(std::move(parts)) {}

  Outcome Execute(TaskContext& task) override {
    ParamProblems problems = Check(task.params(), ParamStage::kEvaluated);
    if (!problems.empty()) return InvalidParams(problems);
    if (task.stop_token().stop_requested()) return Outcome::Cancelled();
    auto outcome = Continue(task);
    return outcome.ok() ? *std::move(outcome)
                        : FailureFromStatus(outcome.status());
  }

  ParamProblems CheckParams(const Json& params) const override {
    return Check(params, ParamStage::kAsWritten);
  }

 private:
  absl::StatusOr<Outcome> Continue(TaskContext& task) {
    auto state = LoadState(task);
    if (!state.ok()) return state.status();
    if (!state->run) return Submit(task, *std::move(state));
    auto run = parts_.queries->GetRun(*state->run);
    if (!run.ok()) return run.status();
    if (!IsFinal(run->state)) return Outcome::WaitForRun(run->id);
    auto outcome = OutcomeOfSubRun(*run, *parts_.queries, *parts_.results);
    if (outcome.ok() && outcome->kind == AttemptOutcome::kFailed) {
      state->reported = true;
      absl::Status saved = task.Save(kSaved, state->ToJson());
      if (!saved.ok()) return saved;
    }
    return outcome;
  }

  static absl::StatusOr<SubRunState> LoadState(TaskContext& task) {
    const int run_attempt = task.lease().run->attempt;
    SubRunState state;
    state.run_attempt = run_attempt;
    auto saved = task.Load(kSaved);
    if (absl::IsNotFound(saved.status())) return state;
    if (!saved.ok()) return saved.status();
    SubRunState before = SubRunState::FromJson(*saved);
    // The whole run was retried: what was there belongs to the past.
    if (before.run_attempt != run_attempt) return state;
    if (!before.reported) return before;
    state.generation = before.generation + 1;
    return state;
  }

  absl::StatusOr<Outcome> Submit(TaskContext& task, SubRunState state) {
    auto depth = CheckDepth(*task.lease().run);
    if (depth) return *std::move(depth);
    std::string base_dir = task.base_dir();
    LoadedWorkflow loaded = LoadFor(task, base_dir);
    if (!loaded.ok()) return Unloadable(loaded);
    const Json* given = FindParam(task.params(), "params");
    auto params = windlass::CheckParams(
        *loaded.workflow, given == nullptr ? Json(JsonObject{}) : *given);
    if (!params.ok()) return params.status();

    SubmitRequest request;
    request.workflow = loaded.workflow;
    request.params = *std::move(params);
    request.base_dir = std::move(base_dir);
    request.idempotency_key = Concat(task.idempotency_key(), "/sub-run/",
                                     state.run_attempt, ".", state.generation);
    request.parent = task.lease().run->id;
    request.parent_task = task.lease().task;
    AddTraceLabels(task.traceparent(), task.tracestate(), request.labels);
    // Before the run exists, so that whoever comes after a crash asks for the
    // same key.
    absl::Status saved = task.Save(kSaved, state.ToJson());
    if (!saved.ok()) return saved;
    auto submitted = parts_.runs->Submit({&request, 1});
    if (!submitted.ok()) return submitted.status();
    state.run = submitted->front().id;
    saved = task.Save(kSaved, state.ToJson());
    if (!saved.ok()) return saved;
    task.Log(LogLevel::kInfo, Concat("started run ", FormatRunId(*state.run),
                                     " of ", loaded.workflow->name));
    return Outcome::WaitForRun(*state.run);
  }

  // `base_dir` becomes the folder of the definition.
  LoadedWorkflow LoadFor(const TaskContext& task, std::string& base_dir) const {
    const Json* document = FindParam(task.params(), "definition");
    if (document != nullptr) return parts_.load_document(*document);
    const std::filesystem::path file =
        std::filesystem::path(base_dir) / TextParam(task.params(), "file");
    base_dir = file.parent_path().string();
    return parts_.load_file(file.string());
  }

  static Outcome Unloadable(const LoadedWorkflow& loaded) {
    ParamProblems problems;
    for (const Problem& problem : loaded.problems) {
      problems.emplace_back("", FormatProblem(problem));
    }
    if (problems.empty()) problems.emplace_back("", "the workflow is empty");
    return InvalidParams(problems);
  }

  // Empty when there is room for one more run inside the others.
  std::optional<Outcome> CheckDepth(const RunInfo& run) const {
    std::optional<RunId> parent = run.parent;
    for (int depth = 2; parent; ++depth) {  // Of this run, as far as seen.
      if (depth >= kMaximumNesting) {
        return Outcome::FinalFailure(
            "NestingTooDeep", Concat("runs are nested ", kMaximumNesting,
                                     " deep; does the workflow ",
                                     run.workflow->name, " run itself?"));
      }
      auto info = parts_.queries->GetRunInfo(*parent);
      if (!info.ok()) return FailureFromStatus(info.status());
      parent = (*info)->parent;
    }
    return std::nullopt;
  }

  const WorkflowHandlerParts parts_;
};

}  // namespace

std::unique_ptr<TaskHandler> MakeWorkflowHandler(WorkflowHandlerParts parts) {
  return std::make_unique<WorkflowHandler>(std::move(parts));
}

}  // namespace windlass

#include "handlers/process/process.h"

#include <utility>

#include "handlers/child.h"
#include "handlers/failure.h"
#include "handlers/params.h"
#include "handlers/process/worker.h"
#include "handlers/process/worker_pool.h"
#include "windlass/events.h"

namespace windlass {
namespace {

const std::vector<ParamRule>& Rules() {
  static const std::vector<ParamRule> rules = {
      {"command", ParamType::kTextList, ParamRule::Presence::kRequired},
      {"args"},
      {"env", ParamType::kTextMap},
      {"cwd", ParamType::kText},
      {"reuse", ParamType::kBoolean},
      {"max_tasks_per_process", ParamType::kInteger},
      {"start_timeout", ParamType::kDuration},
  };
  return rules;
}

ParamProblems Check(const Json& params, ParamStage stage) {
  ParamProblems problems = CheckParams(params, Rules(), stage);
  const Json* command = FindParam(params, "command");
  if (problems.empty() && command->is_array() &&
      (command->get_array().empty() ||
       JsonToText(command->get_array()[0]).empty())) {
    problems.emplace_back("command",
                          "expected a list of program and arguments");
  }
  return problems;
}

// Programs with equal keys can stand in for each other.
std::string KeyOf(const Json& params, const std::string& folder) {
  const Json* env = FindParam(params, "env");
  return FormatJson(JsonArray{*FindParam(params, "command"), folder,
                              env == nullptr ? Json() : *env});
}

class ProcessHandler : public TaskHandler {
 public:
  explicit ProcessHandler(ProcessHandlerOptions options)
      : options_(options), pool_(options.maximum_idle, options.idle_timeout) {}

  Outcome Execute(TaskContext& task) override {
    const Json& params = task.params();
    ParamProblems problems = Check(params, ParamStage::kEvaluated);
    if (!problems.empty()) return InvalidParams(problems);
    auto folder = FolderForChild(task);
    if (!folder.ok()) return FailureFromStatus(folder.status());
    const std::string key = KeyOf(params, *folder);
    const bool reuse =
        FindParam(params, "reuse") == nullptr || FlagParam(params, "reuse");
    std::unique_ptr<Worker> worker = reuse ? pool_.Take(key) : nullptr;
    if (worker == nullptr) {
      auto started = Start(params, *folder);
      if (!started.ok()) return StartFailure(started.status());
      worker = *std::move(started);
      Note(WorkerEvent::kStarted);
    } else {
      Note(WorkerEvent::kReused);
    }
    const Json* args = FindParam(params, "args");
    Outcome outcome = worker->Execute(task, args == nullptr ? Json() : *args);
    const std::int64_t most = IntegerParam(params, "max_tasks_per_process", 0);
    const bool used_up = most > 0 && worker->tasks_executed() >= most;
    if (reuse && !used_up && worker->IsReusable()) {
      pool_.Put(key, std::move(worker));
    } else {
      Note(WorkerEvent::kDiscarded);
    }
    return outcome;
  }

  ParamProblems CheckParams(const Json& params) const override {
    return Check(params, ParamStage::kAsWritten);
  }

 private:
  void Note(WorkerEvent event) const {
    if (options_.events != nullptr) options_.events->OnWorker("process", event);
  }

  absl::StatusOr<std::unique_ptr<Worker>> Start(
      const Json& params, const std::string& folder) const {
    WorkerOptions worker;
    worker.process.argv = TextListParam(params, "command");
    worker.process.working_directory = folder;
    worker.process.environment = EnvironmentForChildren();
    worker.process.guard = options_.guard;
    AddVariables(params, worker.process.environment);
    worker.start_timeout =
        DurationParam(params, "start_timeout", worker.start_timeout);
    return Worker::Start(worker);
  }

  const ProcessHandlerOptions options_;
  WorkerPool pool_;
};

}  // namespace

std::unique_ptr<TaskHandler> MakeProcessHandler(ProcessHandlerOptions options) {
  return std::make_unique<ProcessHandler>(options);
}

}  // namespace windlass

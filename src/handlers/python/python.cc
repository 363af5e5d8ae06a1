#include "handlers/python/python.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "base/concat.h"
#include "base/machine.h"
#include "handlers/child.h"
#include "handlers/duckdb/database_pool.h"
#include "handlers/duckdb/query_watch.h"
#include "handlers/failure.h"
#include "handlers/params.h"
#include "handlers/process/worker.h"
#include "handlers/process/worker_pool.h"
#include "handlers/python/arguments.h"
#include "handlers/python/package.h"
#include "handlers/python/tables.h"
#include "handlers/sql/outputs.h"
#include "handlers/sql/session.h"
#include "windlass/events.h"

namespace windlass {
namespace {

constexpr std::int64_t kDefaultProcesses = 64;
// With a warm worker, which answers within a millisecond or never.
constexpr Duration kPatience = std::chrono::seconds(2);
constexpr std::int64_t kLeastMemory = std::int64_t{16} << 20;

const std::vector<ParamRule>& Rules() {
  static const std::vector<ParamRule> rules = {
      {"script", ParamType::kText},
      {"code", ParamType::kText},
      {"function", ParamType::kText},
      {"args", ParamType::kObject},
      {"interpreter", ParamType::kText},
      {"preload", ParamType::kTextList},
      {"max_rows", ParamType::kInteger},
      {"memory", ParamType::kByteSize},
      {"max_processes", ParamType::kInteger},
      {"env", ParamType::kTextMap},
      {"cwd", ParamType::kText},
      {"start_timeout", ParamType::kDuration},
  };
  return rules;
}

bool IsIdentifier(std::string_view name) {
  return !name.empty() &&
         std::isdigit(static_cast<unsigned char>(name[0])) == 0 &&
         std::all_of(name.begin(), name.end(), [](char c) {
           // Other bytes may be letters of Unicode: Python knows.
           return c == '_' ||
                  std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                  (static_cast<unsigned char>(c) & 0x80) != 0;
         });
}

ParamProblems Check(const Json& params, ParamStage stage) {
  ParamProblems problems = CheckParams(params, Rules(), stage);
  if (!params.is_object()) return problems;
  if ((FindParam(params, "script") == nullptr) ==
      (FindParam(params, "code") == nullptr)) {
    problems.emplace_back("", "expected either script, a file, or code");
  }
  const Json* code = FindParam(params, "code");
  if (code != nullptr && stage == ParamStage::kAsWritten &&
      MayChange(*code, stage)) {
    problems.emplace_back("code",
                          "expressions may not stand in code; give values as "
                          "args");
  }
  const Json* function = FindParam(params, "function");
  if (function != nullptr && function->is_string() &&
      !MayChange(*function, stage) &&
      !IsIdentifier(std::string_view(function->get_string()))) {
    problems.emplace_back("function", "expected the name of a function");
  }
  return problems;
}

// What the kinds of failure are that the worker tells by type.
Outcome WithCategory(Outcome outcome) {
  if (!outcome.error) return outcome;
  const std::string& type = outcome.error->type;
  if (type == "MemoryError" || type == "TooManyProcesses") {
    outcome.error->category = ErrorCategory::kResource;
  } else if (type == "WorkerKilled" || type == "WorkerExited") {
    outcome.error->category = ErrorCategory::kCrash;
  } else if (type == error_type::kInvalidResult) {
    outcome.error->category = ErrorCategory::kValidation;
  }
  return outcome;
}

PythonHandlerOptions WithThreads(PythonHandlerOptions options) {
  if (options.threads == 0) options.threads = MachineProcessors();
  return options;
}

class PythonHandler : public TaskHandler {
 public:
  explicit PythonHandler(PythonHandlerOptions options)
      : options_(WithThreads(std::move(options))),
        databases_(1),
        pool_(options_.maximum_idle, options_.idle_timeout) {}

  Outcome Execute(TaskContext& task) override {
    ParamProblems problems = Check(task.params(), ParamStage::kEvaluated);
    if (!problems.empty()) return InvalidParams(problems);
    auto folder = FolderForChild(task);
    if (!folder.ok()) return FailureFromStatus(folder.status());
    PythonTables tables(task,
                        {.results = options_.results,
                         .databases = &databases_,
                         .watcher = &watcher_,
                         .threads = ThreadsFor(task.lease().spec().resources,
                                               options_.threads)});
    auto request = Request(task, tables);
    if (!request.ok()) return SqlFailure(request.status());
    const std::string key = KeyOf(task.params(), *folder);
    std::unique_ptr<Worker> worker = TakeWarm(key);
    if (worker == nullptr) {
      auto started = Start(task.params(), *folder);
      if (!started.ok()) return StartFailure(started.status());
      worker = *std::move(started);
      Note(WorkerEvent::kStarted);
    } else {
      Note(WorkerEvent::kReused);
    }
    Outcome outcome = worker->Execute(task, *request);
    if (worker->IsReusable()) {
      pool_.Put(key, std::move(worker));
    } else {
      Note(WorkerEvent::kDiscarded);
    }
    return WithCategory(Stored(std::move(outcome), tables));
  }

  ParamProblems CheckParams(const Json& params) const override {
    return Check(params, ParamStage::kAsWritten);
  }

 private:
  std::unique_ptr<Worker> TakeWarm(const std::string& key) {
    while (std::unique_ptr<Worker> worker = pool_.Take(key)) {
      if (worker->Answers(kPatience)) return worker;
      Note(WorkerEvent::kDiscarded);
    }
    return nullptr;
  }

  void Note(WorkerEvent event) const {
    if (options_.events != nullptr) options_.events->OnWorker("python", event);
  }

  // A table that the function left in files becomes a result of the store.
  static Outcome Stored(Outcome outcome, PythonTables& tables) {
    const Json* value = std::get_if<Json>(&outcome.content);
    if (value == nullptr || !PythonTables::IsFrame(*value)) return outcome;
    auto envelope = tables.FromFunction(*value);
    return envelope.ok() ? Outcome::Success(*std::move(envelope))
                         : SqlFailure(envelope.status());
  }

  std::string Interpreter(const Json& params) const {
    return TextParam(params, "interpreter", options_.interpreter);
  }

  // Workers with equal keys can stand in for each other.
  std::string KeyOf(const Json& params, const std::string& folder) const {
    const Json* env = FindParam(params, "env");
    const Json* preload = FindParam(params, "preload");
    return FormatJson(JsonArray{Interpreter(params), folder,
                                env == nullptr ? Json() : *env,
                                preload == nullptr ? Json() : *preload});
  }

  // What windlass._child executes.
  absl::StatusOr<Json> Request(TaskContext& task, PythonTables& tables) const {
    const Json& params = task.params();
    auto scratch = task.ScratchDir();
    if (!scratch.ok()) return scratch.status();
    const Json* args = FindParam(params, "args");
    ArgumentFiles files(task, options_.results, tables, *scratch);
    auto values = files.Write(args == nullptr ? Json(JsonObject()) : *args);
    if (!values.ok()) return values.status();
    JsonObject request;
    request["script"] = nullptr;
    const std::string script = TextParam(params, "script");
    if (!script.empty()) {
      request["script"] =
          (std::filesystem::absolute(task.base_dir()) / script).string();
    }
    request["code"] = TextParam(params, "code");
    request["function"] = TextParam(params, "function", "main");
    request["args"] = *std::move(values);
    request["max_rows"] = IntegerParam(params, "max_rows", kDefaultMaximumRows);
    request["memory"] = MemoryOf(task);
    request["max_processes"] =
        IntegerParam(params, "max_processes", kDefaultProcesses);
    return request;
  }

  std::int64_t MemoryOf(const TaskContext& task) const {
    std::int64_t fallback = task.lease().spec().resources.memory_bytes;
    if (fallback == 0) fallback = options_.memory_bytes;
    if (fallback == 0) fallback = MachineMemory() / 2;
    return std::max(ByteSizeParam(task.params(), "memory", fallback),
                    kLeastMemory);
  }

  absl::StatusOr<std::unique_ptr<Worker>> Start(const Json& params,
                                                const std::string& folder) {
    auto package = package_.Folder();
    if (!package.ok()) return package.status();
    WorkerOptions worker;
    worker.process.argv = {Interpreter(params), "-u", "-m", "windlass._fork"};
    std::vector<std::string> preload = {"pandas"};
    if (FindParam(params, "preload") != nullptr) {
      preload = TextListParam(params, "preload");
    }
    worker.process.argv.insert(worker.process.argv.end(), preload.begin(),
                               preload.end());
    worker.process.working_directory = folder;
    worker.process.environment = EnvironmentForChildren();
    worker.process.guard = options_.guard;
    // Threads do not survive a fork.
    SetVariable(worker.process.environment, "OPENBLAS_NUM_THREADS", "1");
    SetVariable(worker.process.environment, "PYTHONDONTWRITEBYTECODE", "1");
    AddVariables(params, worker.process.environment);
    SetVariable(worker.process.environment, "PYTHONPATH",
                PythonPath(*package, params));
    worker.start_timeout =
        DurationParam(params, "start_timeout", worker.start_timeout);
    return Worker::Start(worker);
  }

  // Ours first: it must be the package of this version.
  static std::string PythonPath(const std::string& package,
                                const Json& params) {
    std::string path = package;
    for (const auto& [name, value] : TextMapParam(params, "env")) {
      if (name == "PYTHONPATH") return Concat(path, ":", value);
    }
    const char* inherited = std::getenv("PYTHONPATH");
    if (inherited != nullptr) path += Concat(":", inherited);
    return path;
  }

  const PythonHandlerOptions options_;
  PythonPackage package_;
  duckdb::DatabasePool databases_;
  duckdb::QueryWatcher watcher_;
  WorkerPool pool_;  // Last: workers go before what they run by.
};

}  // namespace

std::unique_ptr<TaskHandler> MakePythonHandler(PythonHandlerOptions options) {
  return std::make_unique<PythonHandler>(std::move(options));
}

PythonHandlerOptions PythonHandlerOptionsFromEnvironment() {
  PythonHandlerOptions options;
  const char* interpreter = std::getenv("WINDLASS_PYTHON");
  if (interpreter != nullptr) options.interpreter = interpreter;
  return options;
}

}  // namespace windlass

#include "engine/builtin_handlers.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "handlers/file/file.h"
#include "handlers/http/http.h"
#include "handlers/noop/noop.h"
#include "handlers/process/process.h"
#include "handlers/python/python.h"
#include "handlers/shell/shell.h"
#include "handlers/sleep/sleep.h"
#include "handlers/sql/sql.h"
#include "handlers/validate/validate.h"
#include "handlers/workflow/workflow.h"
#include "windlass/clock.h"

namespace windlass {
namespace {

WorkflowHandlerParts SubWorkflowParts(const HandlerRegistry& registry,
                                      const HandlerParts& parts) {
  WorkflowHandlerParts out;
  out.runs = parts.store;
  out.queries = parts.store;
  out.results = parts.results;
  out.load_file = [&registry](const std::string& path) {
    return LoadWorkflow(path, CheckedLoadOptions(registry));
  };
  out.load_document = [&registry](const Json& document) {
    LoadOptions options = CheckedLoadOptions(registry);
    options.file = "definition";
    return ParseWorkflow(document, options);
  };
  return out;
}

std::vector<TaskParamProblem> ParamProblems(const HandlerRegistry& handlers,
                                            const TaskSpec& task) {
  std::vector<TaskParamProblem> problems;
  const TaskHandler* handler = handlers.Find(task.type);
  if (handler == nullptr) return problems;
  for (auto& [field, message] : handler->CheckParams(task.params)) {
    problems.push_back({std::move(field), std::move(message), ""});
  }
  return problems;
}

// 0 where nothing is said.
int ThreadsOf(const ResourceSpec& resources) {
  if (resources.cpu <= 0) return 0;
  return std::max(1, static_cast<int>(resources.cpu));
}

// A registry and what its handlers borrow.
struct CheckingHandlers {
  std::unique_ptr<Clock> clock = MakeSystemClock();
  HandlerRegistry registry;
};

}  // namespace

void AddBuiltinHandlers(HandlerRegistry& registry, const HandlerParts& parts) {
  registry.Add("noop", MakeNoopHandler());
  registry.Add("sleep", MakeSleepHandler(*parts.clock));
  registry.Add("shell", MakeShellHandler({.guard = parts.guard}));
  ProcessHandlerOptions process;
  process.guard = parts.guard;
  process.events = parts.events;
  registry.Add("process", MakeProcessHandler(process));
  registry.Add("file", MakeFileHandler(FileHandlerOptionsFromEnvironment()));
  registry.Add("http",
               MakeHttpHandler({.results = parts.results,
                                .policy = parts.http_policy,
                                .authorities = parts.http_authorities}));
  PythonHandlerOptions python = PythonHandlerOptionsFromEnvironment();
  python.guard = parts.guard;
  python.events = parts.events;
  python.results = parts.results;
  python.memory_bytes = parts.task_defaults.memory_bytes;
  python.threads = ThreadsOf(parts.task_defaults);
  registry.Add("python", MakePythonHandler(std::move(python)));
  SqlHandlerOptions sql = SqlHandlerOptionsFromEnvironment();
  sql.results = parts.results;
  sql.events = parts.events;
  sql.http_policy = parts.http_policy;
  if (parts.spill_bytes > 0) sql.spill_bytes = parts.spill_bytes;
  sql.memory_bytes = parts.task_defaults.memory_bytes;
  sql.threads = ThreadsOf(parts.task_defaults);
  registry.Add("validate", MakeValidateHandler(sql));
  registry.Add("sql", MakeSqlHandler(std::move(sql)));
  registry.Add("workflow",
               MakeWorkflowHandler(SubWorkflowParts(registry, parts)));
}

std::vector<std::string> ShippedTaskTypes() {
  return {"noop", "sleep", "shell", "process",  "python",
          "sql",  "http",  "file",  "validate", "workflow"};
}

LoadOptions CheckedLoadOptions(const HandlerRegistry& handlers) {
  LoadOptions options;
  options.task_types = ShippedTaskTypes();
  for (std::string& type : handlers.Types()) {
    auto& types = options.task_types;
    if (std::find(types.begin(), types.end(), type) == types.end()) {
      types.push_back(std::move(type));
    }
  }
  options.check_task_params = [&handlers](const TaskSpec& task) {
    return ParamProblems(handlers, task);
  };
  return options;
}

LoadOptions CheckedLoadOptions() {
  // Shared by the copies of the options' callback.
  auto checking = std::make_shared<CheckingHandlers>();
  AddBuiltinHandlers(checking->registry, {.clock = checking->clock.get(),
                                          .store = nullptr,
                                          .results = nullptr,
                                          .guard = nullptr,
                                          .task_defaults = {}});
  LoadOptions options = CheckedLoadOptions(checking->registry);
  options.check_task_params = [checking](const TaskSpec& task) {
    return ParamProblems(checking->registry, task);
  };
  return options;
}

}  // namespace windlass

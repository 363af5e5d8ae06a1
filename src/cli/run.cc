// windlass run FILE

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <thread>

#include "base/signals.h"
#include "cli/commands.h"
#include "cli/definition_input.h"
#include "cli/executor_flags.h"
#include "cli/follow.h"
#include "engine/builtin_handlers.h"
#include "windlass/api_integration_executor.h"

namespace windlass::cli {
namespace {

struct RunFlags {
  DefinitionInput input;
  ExecutorFlags executor;
};

// A tick is short at first, so that a short run is not slowed by watching it.
class TickInterval {
 public:
  Duration Next() {
    Duration tick = next_;
    next_ = std::min<Duration>(next_ * 2, std::chrono::milliseconds(100));
    return tick;
  }

 private:
  Duration next_ = std::chrono::milliseconds(2);
};

// What Ctrl-C does: the first cancels the run and lets its tasks clean up, the
// second leaves at once. SIGTERM leaves too, after a drain: the run stays
// where it is and any executor goes on with it.
class Interrupts {
 public:
  Interrupts(SignalWatcher& signals, Store& store, RunId run)
      : signals_(signals), store_(store), run_(run) {}

  Watching Tick() {
    int signal = signals_.Wait(interval_.Next());
    if (signal == 0) return Watching::kGoOn;
    if (signal == SIGTERM || interrupted_) {
      at_once_ = interrupted_ && signal == SIGINT;
      interrupted_ = true;
      return Watching::kStop;
    }
    interrupted_ = true;
    std::cerr << "windlass: cancelling " << FormatRunId(run_)
              << "; press Ctrl-C again to leave at once\n";
    if (auto status = store_.Cancel(run_, "interrupted"); !status.ok()) {
      std::cerr << "windlass: " << status.message() << '\n';
      return Watching::kStop;
    }
    return Watching::kGoOn;
  }

  bool interrupted() const { return interrupted_; }
  // Ctrl-C was pressed again while the cancelled run had not ended.
  bool at_once() const { return at_once_; }

 private:
  SignalWatcher& signals_;
  Store& store_;
  const RunId run_;
  TickInterval interval_;
  bool interrupted_ = false;
  bool at_once_ = false;
};

// Gives attempts that were told to stop their grace period, but not against
// the will of who waits: a signal leaves at once, and the process guard kills
// what we leave behind.
void StopUnlessInterrupted(BaseExecutor& executor, SignalWatcher& signals) {
  std::atomic<bool> done = false;
  std::jthread watcher([&] {
    while (!done) {
      if (signals.Wait(std::chrono::milliseconds(20)) != 0) {
        std::_Exit(kInterrupted);
      }
    }
  });
  executor.Stop();
  done = true;
}

absl::Status CheckHandlers(const Workflow& workflow,
                           const HandlerRegistry& handlers) {
  for (const TaskSpec& task : workflow.tasks) {
    if (handlers.Find(task.type) != nullptr) continue;
    return absl::InvalidArgumentError(
        "task " + task.id + ": nothing here executes tasks of type " +
        task.type + "; use `windlass submit` with executors that do");
  }
  return absl::OkStatus();
}

absl::StatusOr<RunId> SubmitOne(Store& store, const RunFlags& flags,
                                std::shared_ptr<const Workflow> workflow,
                                Json params) {
  SubmitRequest request;
  request.workflow = std::move(workflow);
  request.params = std::move(params);
  request.base_dir = BaseDir(flags.input);
  request.labels = TraceLabels();
  auto runs = store.Submit({&request, 1});
  if (!runs.ok()) return runs.status();
  return runs->front().id;
}

int ExecuteRun(const Globals& globals, const RunFlags& flags,
               ExecutorConfig config, std::shared_ptr<const Workflow> workflow,
               Json params) {
  SignalWatcher signals({SIGINT, SIGTERM});
  ExecutionSetup setup(globals, config.name,
                       {.level = LogLevel::kWarn, .flags = flags.executor});
  if (auto status = setup.Open(); !status.ok()) return Fail(globals, status);
  Store& store = setup.store();
  auto handlers = setup.engine().handlers();
  if (!handlers.ok()) return Fail(globals, handlers.status());
  if (auto status = CheckHandlers(*workflow, **handlers); !status.ok()) {
    return Fail(globals, status);
  }
  auto run = SubmitOne(store, flags, std::move(workflow), std::move(params));
  if (!run.ok()) return Fail(globals, run.status());

  config.root = *run;
  auto executor = setup.engine().StartExecutor(std::move(config));
  if (!executor.ok()) return Fail(globals, executor.status());

  Interrupts interrupts(signals, store, *run);
  auto snapshot =
      WatchRun(globals, store, *run, [&] { return interrupts.Tick(); });
  // The process guard kills what we leave behind.
  if (interrupts.at_once()) std::_Exit(kInterrupted);
  StopUnlessInterrupted(**executor, signals);
  if (!snapshot.ok()) return Fail(globals, snapshot.status());
  int code = PrintEnded(globals, store, *snapshot);
  if (!IsFinal(snapshot->run.state)) {
    std::cerr << "windlass: " << FormatRunId(*run)
              << " has not ended; `windlass executor` goes on with it\n";
  }
  return interrupts.interrupted() ? kInterrupted : code;
}

int Run(const Globals& globals, const RunFlags& flags) {
  auto workflow = LoadDefinition(globals, flags.input);
  if (workflow == nullptr) return kBadInput;
  auto params = ReadParams(*workflow, flags.input);
  if (!params.ok()) return Fail(globals, params.status());
  MentionSchedule(*workflow, flags.input);
  auto config = flags.executor.ToConfig();
  // Requests wait without a thread: no reason to have few.
  if (config.ok()) {
    config->in_flight = ApiIntegrationExecutor::kDefaultInFlight;
  }
  if (!config.ok()) return Fail(globals, config.status());
  return ExecuteRun(globals, flags, *std::move(config), std::move(workflow),
                    *std::move(params));
}

}  // namespace

void AddRun(CLI::App& app, Invocation& invocation) {
  auto flags = std::make_shared<RunFlags>();
  CLI::App* command = app.add_subcommand(
      "run", "Execute a workflow here, live, until it has ended");
  command->footer(
      "Examples:\n"
      "  windlass run flow.yaml\n"
      "  windlass run flow.yaml -p state=WA -p limit=10 --output json\n"
      "Ctrl-C cancels the run; a second one leaves at once.");
  AddDefinitionInput(*command, flags->input);
  AddExecutorFlags(*command, flags->executor);
  command->callback([&invocation, flags] {
    invocation.body = [&invocation, flags] {
      return Run(invocation.globals, *flags);
    };
  });
}

}  // namespace windlass::cli

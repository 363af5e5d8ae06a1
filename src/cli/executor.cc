// windlass executor

#include <csignal>
#include <iostream>
#include <memory>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/log.h"
#include "base/signals.h"
#include "cli/commands.h"
#include "cli/executor_flags.h"
#include "engine/builtin_handlers.h"
#include "model/definition/suggest.h"
#include "windlass/clock.h"
#include "windlass/json.h"

namespace windlass::cli {
namespace {

struct Flags {
  ExecutorFlags executor;
  std::string profile = "generic";
  std::vector<std::string> queues;
  std::vector<std::string> types;
  std::string source = "poll";
  bool exit_when_idle = false;
};

// Drains; a second signal during it cuts the grace period short.
void DrainUntilDone(BaseExecutor& executor, SignalWatcher& signals) {
  std::atomic<bool> done = false;
  std::jthread watcher([&] {
    while (!done) {
      if (signals.Wait(std::chrono::milliseconds(100)) != 0) executor.Stop();
    }
  });
  executor.Drain(executor.config().drain_grace_period);
  done = true;
}

// True when nothing in the store is left to do and nothing is being done.
bool Idle(Store& store, const BaseExecutor& executor) {
  if (executor.busy_slots() > 0) return false;
  auto unfinished = store.CountUnfinishedRuns();
  return unfinished.ok() && *unfinished == 0;
}

void Serve(ExecutionSetup& setup, BaseExecutor& executor,
           SignalWatcher& signals, const Flags& flags) {
  constexpr auto kLook = std::chrono::milliseconds(200);
  while (true) {
    if (signals.Wait(kLook) != 0) break;
    if (executor.DrainRequested()) break;
    if (flags.exit_when_idle && Idle(setup.store(), executor)) break;
  }
  setup.log().Info("draining", {{"executor", executor.config().name}});
  DrainUntilDone(executor, signals);
  setup.log().Info("stopped", {{"executor", executor.config().name}});
}

// A type nothing here executes would be waited for in silence.
absl::Status CheckTypes(const std::vector<std::string>& types) {
  HandlerRegistry handlers;
  const std::unique_ptr<Clock> clock = MakeSystemClock();
  HandlerParts parts;
  parts.clock = clock.get();
  AddBuiltinHandlers(handlers, parts);
  for (const std::string& type : types) {
    if (handlers.Find(type) != nullptr) continue;
    const std::vector<std::string> known = handlers.Types();
    const std::string near = Nearest(type, known);
    return absl::InvalidArgumentError(absl::StrCat(
        "--type: nothing here executes tasks of type '", type, "'",
        near.empty() ? "; there are " + absl::StrJoin(known, ", ")
                     : absl::StrCat("; did you mean '", near, "'?")));
  }
  return absl::OkStatus();
}

int Execute(const Globals& globals, const Flags& flags) {
  if (flags.profile != "generic") {
    return Fail(globals, absl::UnimplementedError(absl::StrCat(
                             "--profile ", flags.profile,
                             ": not available yet; use `generic`")));
  }
  if (flags.source != "poll") {
    return Fail(globals,
                absl::InvalidArgumentError("--source " + flags.source +
                                           ": this build has only `poll`"));
  }
  auto config = flags.executor.ToConfig();
  if (!config.ok()) return Fail(globals, config.status());
  absl::Status names = CheckNames("--queue", flags.queues);
  names.Update(CheckTypes(flags.types));
  if (!names.ok()) return Fail(globals, names);
  config->profile = flags.profile;
  config->queues = flags.queues;
  config->types = flags.types;

  SignalWatcher signals({SIGINT, SIGTERM});
  ExecutionSetup setup(globals, LogLevel::kInfo);
  if (auto status = setup.Open(); !status.ok()) return Fail(globals, status);
  auto executor = setup.engine().StartExecutor(*config);
  if (!executor.ok()) return Fail(globals, executor.status());
  setup.log().Info("started", {{"executor", (*executor)->config().name},
                               {"slots", (*executor)->config().slots},
                               {"store", globals.store}});
  Serve(setup, **executor, signals, flags);
  if (globals.json()) {
    PrintJson(
        JsonObject{{"name", (*executor)->config().name}, {"state", "stopped"}});
  }
  return kOk;
}

}  // namespace

void AddExecutor(CLI::App& app, Invocation& invocation) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command = app.add_subcommand(
      "executor", "Claim and execute tasks until told to stop");
  command->footer(
      "Examples:\n"
      "  windlass executor --slots 8\n"
      "  windlass executor --queue reports --type shell --type python\n"
      "SIGTERM drains: running tasks finish within the grace period, the rest "
      "is given back.");
  AddSetting(*command, "--profile", flags->profile,
             "Kind of executor; data and api are not available yet")
      ->check(CLI::IsMember({"generic", "data", "api"}));
  AddSetting(*command, "--queue", flags->queues,
             "Claim only from this queue (several times)")
      ->delimiter(',')
      ->allow_extra_args(false);
  AddSetting(*command, "--type", flags->types,
             "Claim only tasks of this type (several times)")
      ->delimiter(',')
      ->allow_extra_args(false);
  AddSetting(*command, "--source", flags->source,
             "How to learn of work: poll or rabbitmq")
      ->check(CLI::IsMember({"poll", "rabbitmq"}));
  AddSwitch(*command, "--exit-when-idle", flags->exit_when_idle,
            "Stop once no run is unfinished");
  AddExecutorFlags(*command, flags->executor);
  command->callback([&invocation, flags] {
    invocation.body = [&invocation, flags] {
      return Execute(invocation.globals, *flags);
    };
  });
}

}  // namespace windlass::cli

// windlass executor

#include <csignal>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/log.h"
#include "base/redact_url.h"
#include "base/signals.h"
#include "base/supervisor.h"
#include "cli/commands.h"
#include "cli/executor_flags.h"
#include "cli/health_listen.h"
#include "engine/builtin_handlers.h"
#include "engine/diagnostics.h"
#include "model/definition/byte_size.h"
#include "model/definition/suggest.h"
#include "server/executor_health.h"
#include "server/executor_metrics.h"
#include "windlass/api_integration_executor.h"
#include "windlass/clock.h"
#include "windlass/data_processing_executor.h"
#include "windlass/json.h"

namespace windlass::cli {
namespace {

struct Flags {
  ExecutorFlags executor;
  std::string profile = "generic";
  std::string memory;
  double cpus = 0;
  int in_flight = 0;
  std::vector<std::string> queues;
  std::vector<std::string> types;
  std::string source = "poll";
  std::string health_listen;
  std::string liveness_deadline = "30s";
  bool ingest = false;
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
  const auto runs = store.CountRuns();
  return runs.ok() && runs->running == 0;
}

void Serve(ExecutionSetup& setup, BaseExecutor& executor,
           SignalWatcher& signals, const Supervisor& supervisor, Clock& clock,
           const Flags& flags) {
  constexpr auto kLook = std::chrono::milliseconds(200);
  // As /livez: only a new process helps a loop that is wedged.
  Watchdog watchdog(supervisor, clock, setup.log(),
                    [&executor](const std::stop_token&) {
                      return WhyNotAlive(executor.liveness()).empty();
                    });
  watchdog.Start();
  supervisor.Tell("READY=1", setup.log());
  while (true) {
    if (signals.Wait(kLook) != 0) break;
    if (executor.DrainRequested()) break;
    if (flags.exit_when_idle && Idle(setup.store(), executor)) break;
  }
  supervisor.Tell("STOPPING=1", setup.log());
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

absl::Status CheckProfile(const Flags& flags) {
  if (flags.profile != "api" && flags.in_flight > 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("--in-flight: an executor of profile ", flags.profile,
                     " has slots alone; add --profile api"));
  }
  if (flags.profile != "data" && (!flags.memory.empty() || flags.cpus > 0)) {
    return absl::InvalidArgumentError(
        absl::StrCat(flags.memory.empty() ? "--cpus" : "--memory",
                     ": an executor of profile ", flags.profile,
                     " admits tasks by slots alone; add --profile data"));
  }
  return absl::OkStatus();
}

absl::StatusOr<ResourceSpec> CapacityOf(const Flags& flags) {
  ResourceSpec capacity{.memory_bytes = 0, .cpu = flags.cpus};
  if (flags.memory.empty()) return capacity;
  auto bytes = ParseByteSize(flags.memory);
  if (bytes.ok() && *bytes > 0) {
    capacity.memory_bytes = *bytes;
    return capacity;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "--memory: '", flags.memory, "': expected a size, as 8GiB or 512MiB"));
}

absl::StatusOr<ExecutorConfig> ConfigFrom(const Flags& flags) {
  absl::Status profile = CheckProfile(flags);
  if (!profile.ok()) return profile;
  auto capacity = CapacityOf(flags);
  if (!capacity.ok()) return capacity.status();
  auto config = flags.executor.ToConfig();
  if (!config.ok()) return config;
  absl::Status names = CheckNames("--queue", flags.queues);
  names.Update(CheckTypes(flags.types));
  if (!names.ok()) return names;
  config->profile = flags.profile;
  config->queues = flags.queues;
  config->types = flags.types;
  auto deadline = ParseDuration(flags.liveness_deadline);
  if (!deadline.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--liveness-deadline: ", deadline.status().message()));
  }
  config->liveness_deadline = *deadline;
  config->capacity = *capacity;
  config->in_flight = flags.in_flight;
  if (flags.profile == "api") {
    return ApiIntegrationExecutor::Completed(*std::move(config));
  }
  if (flags.profile != "data") return config;
  return DataProcessingExecutor::Completed(*std::move(config));
}

JsonArray ListOf(const std::vector<std::string>& texts) {
  JsonArray list;
  for (const std::string& text : texts) list.push_back(Json(text));
  return list;
}

// For people who diagnose: names of what is secret, never values.
JsonObject SettingsOf(const Globals& globals, const ExecutorConfig& config) {
  return {{"store", RedactUrl(globals.store)},
          {"results", RedactUrl(globals.results)},
          {"broker", RedactUrl(globals.broker)},
          {"profile", config.profile},
          {"queues", ListOf(config.queues)},
          {"types", ListOf(config.types)},
          {"slots", config.slots},
          {"in_flight", config.in_flight},
          {"memory_bytes", config.capacity.memory_bytes},
          {"cpus", config.capacity.cpu},
          {"lease_ttl", FormatDuration(config.lease_ttl)},
          {"sweep_interval", FormatDuration(config.sweep_interval)},
          {"retention",
           config.retention ? FormatDuration(*config.retention) : "unlimited"},
          {"poll_interval", FormatDuration(config.maximum_poll_interval)},
          {"drain_grace_period", FormatDuration(config.drain_grace_period)},
          {"liveness_deadline", FormatDuration(config.liveness_deadline)},
          {"allow_env", ListOf(config.allowed_env)},
          {"scratch_dir", config.scratch_dir},
          {"secrets_dir", config.secrets_dir},
          {"public_url", config.public_url}};
}

ExecutorEndpointsParts EndpointParts(const Globals& globals,
                                     const ExecutorConfig& config,
                                     const ExecutorMetrics& metrics,
                                     const Clock& clock,
                                     ExecutionSetup& setup) {
  return {
      .store = &setup.store(),
      .clock = &clock,
      .metrics = &metrics,
      .settings = SettingsOf(globals, config),
      .diagnose = [&setup, config] { return Diagnose(setup.engine(), config); },
      .broker = [&setup] { return setup.engine().broker_status(); }};
}

absl::Status CheckBroker(const Globals& globals, const Flags& flags) {
  if (!globals.broker.empty()) return absl::OkStatus();
  if (flags.source == "rabbitmq" || flags.ingest) {
    return absl::InvalidArgumentError(
        absl::StrCat(flags.ingest ? "--ingest" : "--source rabbitmq",
                     ": needs a broker; name it with --broker amqp://... or in "
                     "WINDLASS_BROKER"));
  }
  return absl::OkStatus();
}

int Execute(const Globals& globals, const Flags& flags) {
  auto config = ConfigFrom(flags);
  if (!config.ok()) return Fail(globals, config.status());
  if (auto status = CheckBroker(globals, flags); !status.ok()) {
    return Fail(globals, status);
  }
  auto listen = ParseHealthListen(flags.health_listen);
  if (!listen.ok()) return Fail(globals, listen.status());

  const Supervisor supervisor = Supervisor::FromEnvironment();
  SignalWatcher signals({SIGINT, SIGTERM});
  const std::unique_ptr<Clock> clock = MakeSystemClock();
  ExecutorMetrics metrics;
  ExecutionSetup setup(globals, config->name,
                       {.level = LogLevel::kInfo,
                        .events = &metrics,
                        .source = flags.source,
                        .executor = *config,
                        .flags = flags.executor});
  if (auto status = setup.Open(); !status.ok()) return Fail(globals, status);
  // Making handlers forks the guard of child processes, which must be before
  // the server has threads.
  auto handlers = setup.engine().handlers();
  if (!handlers.ok()) return Fail(globals, handlers.status());

  std::unique_ptr<BaseExecutor> executor;  // Outlives what tells about it.
  auto health = OpenHealth(
      *listen, EndpointParts(globals, *config, metrics, *clock, setup),
      setup.log());
  if (!health.ok()) return Fail(globals, health.status());
  auto started = setup.engine().StartExecutor(*config);
  if (!started.ok()) return Fail(globals, started.status());
  executor = *std::move(started);
  if (flags.ingest) {
    auto status = setup.engine().StartIngest();
    if (!status.ok()) return Fail(globals, status);
  }
  if (*health != nullptr) (*health)->Attach(*executor);
  setup.log().Info(
      "started", {{"executor", executor->config().name},
                  {"slots", executor->config().slots},
                  {"store", RedactUrl(globals.store)},
                  {"source", flags.source},
                  {"health", *health == nullptr
                                 ? "none"
                                 : FormatListenAddress((*health)->address())}});
  Serve(setup, *executor, signals, supervisor, *clock, flags);
  if (globals.json()) {
    PrintJson(
        JsonObject{{"name", executor->config().name}, {"state", "stopped"}});
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
      "  windlass executor --profile data --memory 12GiB\n"
      "  windlass executor --profile api --in-flight 5000\n"
      "  windlass executor --source rabbitmq --broker amqp://guest@localhost\n"
      "SIGTERM drains: running tasks finish within the grace period, the rest "
      "is given back.");
  AddSetting(*command, "--profile", flags->profile,
             "Kind of executor: data admits tasks by memory and processors; "
             "api has thousands of http tasks in flight")
      ->check(CLI::IsMember({"generic", "data", "api"}));
  AddSetting(*command, "--memory", flags->memory,
             "What tasks may reserve together with --profile data, as 8GiB "
             "(default: three quarters of the machine's)");
  AddSetting(*command, "--cpus", flags->cpus,
             "Processors they may reserve together; 0 is all of the machine's")
      ->check(CLI::Range(0.0, 10'000.0));
  AddSetting(
      *command, "--in-flight", flags->in_flight,
      "Requests at a time with --profile api, beside its slots (default: "
      "1000)")
      ->check(CLI::Range(0, 100'000));
  AddSetting(*command, "--queue", flags->queues,
             "Claim only from this queue (several times)")
      ->delimiter(',')
      ->allow_extra_args(false);
  AddSetting(*command, "--type", flags->types,
             "Claim only tasks of this type (several times)")
      ->delimiter(',')
      ->allow_extra_args(false);
  AddSetting(*command, "--source", flags->source,
             "How to learn of work: poll the store, or by hints over --broker")
      ->check(CLI::IsMember({"poll", "rabbitmq"}));
  AddSetting(*command, "--health-listen", flags->health_listen,
             std::string("Where to answer /livez, /readyz, /metrics and "
                         "/diagnostics; none: nowhere (default: ") +
                 kDefaultHealthListen + ", or another port if that is taken)");
  AddSetting(*command, "--liveness-deadline", flags->liveness_deadline,
             "A loop that makes no progress for this long fails /livez");
  AddSwitch(*command, "--ingest", flags->ingest,
            "Also submit what programs publish to the broker's exchange "
            "windlass.ingest");
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

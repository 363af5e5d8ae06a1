#include "cli/executor_flags.h"

#include <chrono>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/local_process.h"
#include "base/log.h"
#include "engine/attempt_logs.h"
#include "engine/log_events.h"

namespace windlass::cli {
namespace {

absl::Status ReadDuration(const std::string& flag, const std::string& text,
                          Duration& out) {
  auto duration = ParseDuration(text);
  if (!duration.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(flag, ": ", duration.status().message()));
  }
  out = *duration;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ExecutorConfig> ExecutorFlags::ToConfig() const {
  ExecutorConfig config;
  config.name = name.empty() ? LocalProcessName() : name;
  config.slots = slots;
  config.allowed_env = allow_env;
  // Children have other working directories than we.
  if (!scratch_dir.empty()) {
    config.scratch_dir = std::filesystem::absolute(scratch_dir).string();
  }
  config.secrets_dir = secrets_dir;
  absl::Status status;
  status.Update(ReadDuration("--lease-ttl", lease_ttl, config.lease_ttl));
  status.Update(
      ReadDuration("--sweep-interval", sweep_interval, config.sweep_interval));
  status.Update(ReadDuration("--poll-interval", poll_interval,
                             config.maximum_poll_interval));
  status.Update(ReadDuration("--drain-grace-period", drain_grace_period,
                             config.drain_grace_period));
  if (!status.ok()) return status;
  if (config.lease_ttl < std::chrono::milliseconds(300)) {
    return absl::InvalidArgumentError(
        "--lease-ttl: must be at least 300ms, or a short pause of the machine "
        "would cost every attempt");
  }
  return config;
}

void AddExecutorFlags(CLI::App& command, ExecutorFlags& flags) {
  AddSetting(command, "--name", flags.name,
             "Shown with what it executes (default: host-pid)");
  AddSetting(command, "--slots", flags.slots,
             "Tasks at a time; 0 is one per core")
      ->check(CLI::Range(0, 10'000));
  AddSetting(command, "--lease-ttl", flags.lease_ttl,
             "An executor silent for this long has lost its tasks");
  AddSetting(command, "--sweep-interval", flags.sweep_interval,
             "How often to look for lost executors and deadlines");
  AddSetting(command, "--poll-interval", flags.poll_interval,
             "Longest wait between polls while idle");
  AddSetting(command, "--drain-grace-period", flags.drain_grace_period,
             "How long running tasks may take after SIGTERM");
  AddSetting(command, "--allow-env", flags.allow_env,
             "Environment variable that expressions may read (several times)")
      ->delimiter(',')
      ->allow_extra_args(false);
  AddSetting(command, "--scratch-dir", flags.scratch_dir,
             "Where attempts get their scratch folders");
  AddSetting(command, "--secrets-dir", flags.secrets_dir,
             "Folder with a file per secret");
}

class ExecutionSetup::Impl {
 public:
  Impl(const Globals& globals, const std::string& executor, LogLevel level,
       EventSink* more)
      : log(MakeLogger({.level = LogLevelOr(globals, level),
                        .format = globals.log_format == "json"
                                      ? LogFormat::kJson
                                      : LogFormat::kText})),
        engine(EngineConfigFrom(globals)),
        log_events(log, executor),
        more_events(more) {}

  Logger log;
  Engine engine;
  LogEvents log_events;
  EventSink* more_events;
  std::unique_ptr<AttemptLogs> attempt_logs;
  std::unique_ptr<EventSink> events;
  Store* store = nullptr;
};

ExecutionSetup::ExecutionSetup(const Globals& globals,
                               const std::string& executor, LogLevel level,
                               EventSink* events)
    : impl_(std::make_unique<Impl>(globals, executor, level, events)) {}

ExecutionSetup::~ExecutionSetup() = default;

absl::Status ExecutionSetup::Open() {
  auto store = impl_->engine.store();
  if (!store.ok()) return store.status();
  impl_->store = *store;
  impl_->attempt_logs =
      std::make_unique<AttemptLogs>(impl_->engine.LogFolder());
  std::vector<EventSink*> sinks{&impl_->log_events, impl_->attempt_logs.get()};
  if (impl_->more_events != nullptr) sinks.push_back(impl_->more_events);
  impl_->events = std::make_unique<EventFanOut>(std::move(sinks));
  impl_->engine.UseEvents(impl_->events.get());
  return absl::OkStatus();
}

Engine& ExecutionSetup::engine() { return impl_->engine; }
Store& ExecutionSetup::store() { return *impl_->store; }
Logger& ExecutionSetup::log() { return impl_->log; }

}  // namespace windlass::cli

#include "cli/executor_flags.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/http/address_policy.h"
#include "base/local_process.h"
#include "base/log.h"
#include "cli/public_url.h"
#include "engine/attempt_logs.h"
#include "engine/log_events.h"
#include "model/definition/byte_size.h"
#include "windlass/clock.h"

namespace windlass::cli {
namespace {

// Longer is a mistake, and would not fit once it is added to the time.
constexpr Duration kLongest = std::chrono::hours(24 * 365);

struct DurationFlag {
  std::string name;
  std::string text;
  Duration least;
  std::string why;  // Not less.
  Duration most = kLongest;
};

absl::Status ReadDuration(const DurationFlag& flag, Duration& out) {
  auto duration = ParseDuration(flag.text);
  if (!duration.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(flag.name, ": ", duration.status().message()));
  }
  if (*duration < flag.least) {
    return absl::InvalidArgumentError(
        absl::StrCat(flag.name, ": must be at least ",
                     FormatDuration(flag.least), ", or ", flag.why));
  }
  if (*duration > flag.most) {
    return absl::InvalidArgumentError(absl::StrCat(
        flag.name, ": must be at most ", FormatDuration(flag.most)));
  }
  out = *duration;
  return absl::OkStatus();
}

absl::Status ReadRetention(const std::string& text,
                           std::optional<Duration>& out) {
  if (text.empty()) return absl::OkStatus();
  auto retention = ParseRetention("--retention", text);
  if (retention.ok()) out = *retention;
  return retention.status();
}

// Children have other working directories than we, so the path becomes
// absolute.
absl::Status ReadFolder(const std::string& flag, const std::string& path,
                        int access_mode, std::string& out) {
  if (path.empty()) return absl::OkStatus();
  struct stat info = {};
  if (stat(path.c_str(), &info) != 0) {
    return absl::NotFoundError(absl::StrCat(
        flag, ": there is no folder ", path,
        errno == ENOENT ? "" : absl::StrCat(" (", std::strerror(errno), ")"),
        "; make it, or name another"));
  }
  if (!S_ISDIR(info.st_mode)) {
    return absl::InvalidArgumentError(
        absl::StrCat(flag, ": ", path, " is not a folder"));
  }
  if (access(path.c_str(), access_mode) != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(flag, ": we may not ",
                     (access_mode & W_OK) != 0 ? "write to " : "read ", path));
  }
  out = std::filesystem::absolute(path).string();
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckNames(const std::string& flag,
                        const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (!name.empty() && name.find_first_of(" =\t\n") == std::string::npos) {
      continue;
    }
    return absl::InvalidArgumentError(
        absl::StrCat(flag, ": '", name, "' is not a name"));
  }
  return absl::OkStatus();
}

// What people keep may be older than any setting of a running executor.
absl::StatusOr<Duration> ParseRetention(const std::string& flag,
                                        const std::string& text) {
  Duration retention{};
  auto status =
      ReadDuration({flag, text, std::chrono::seconds(1),
                    "nobody could see how a run ended", Duration::max()},
                   retention);
  if (!status.ok()) return status;
  return retention;
}

namespace {

absl::StatusOr<std::int64_t> ReadSpillQuota(const std::string& text) {
  if (text.empty()) return 0;
  auto bytes = ParseByteSize(text);
  if (bytes.ok() && *bytes > 0) return *bytes;
  return absl::InvalidArgumentError(absl::StrCat(
      "--spill-quota: '", text, "': expected a size, as 64GiB or 512MiB"));
}

// Less would hold no beginning and no end that tell anything; more belongs into
// a result.
absl::StatusOr<std::int64_t> ReadLogLimit(const std::string& text) {
  constexpr std::int64_t kLeast = std::int64_t{4} << 10;
  constexpr std::int64_t kMost = std::int64_t{64} << 20;
  auto bytes = ParseByteSize(text);
  if (bytes.ok() && (*bytes == 0 || (*bytes >= kLeast && *bytes <= kMost))) {
    return *bytes;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("--log-limit: '", text,
                   "': expected a size from 4KiB to 64MiB, or 0B for no logs"));
}

absl::Status CheckHttp(const std::string& allow, const std::string& ca) {
  auto policy = AddressPolicy::Parse(allow);
  if (!policy.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--http-allow: ", policy.status().message()));
  }
  if (ca.empty() || access(ca.c_str(), R_OK) == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("--http-ca: cannot read ", ca, ": ", std::strerror(errno)));
}

}  // namespace

absl::StatusOr<ExecutorConfig> ExecutorFlags::ToConfig() const {
  ExecutorConfig config;
  config.name = name.empty() ? LocalProcessName() : name;
  config.slots = slots;
  config.allowed_env = allow_env;
  absl::Status status = CheckNames("--allow-env", allow_env);
  status.Update(ReadFolder("--scratch-dir", scratch_dir, R_OK | W_OK | X_OK,
                           config.scratch_dir));
  status.Update(ReadFolder("--secrets-dir", secrets_dir, R_OK | X_OK,
                           config.secrets_dir));
  status.Update(
      ReadDuration({"--lease-ttl", lease_ttl, std::chrono::milliseconds(300),
                    "a short pause of the machine would cost every attempt"},
                   config.lease_ttl));
  status.Update(
      ReadDuration({"--sweep-interval", sweep_interval,
                    std::chrono::milliseconds(10), "it would do nothing else"},
                   config.sweep_interval));
  status.Update(ReadRetention(retention, config.retention));
  status.Update(ReadDuration(
      {"--poll-interval", poll_interval, config.minimum_poll_interval,
       "polling would be all it does"},
      config.maximum_poll_interval));
  status.Update(ReadDuration(
      {"--drain-grace-period", drain_grace_period, Duration::zero(), ""},
      config.drain_grace_period));
  status.Update(ReadSpillQuota(spill_quota).status());
  status.Update(ReadLogLimit(log_limit).status());
  status.Update(CheckHttp(http_allow, http_ca));
  if (!status.ok()) return status;
  auto reached_at = ReadPublicUrl(public_url);
  if (!reached_at.ok()) return reached_at.status();
  config.public_url = *std::move(reached_at);
  return config;
}

void ExecutorFlags::ApplyTo(EngineConfig& config) const {
  config.spill_bytes = ReadSpillQuota(spill_quota).value_or(0);
  config.http_allow = http_allow;
  config.http_authorities = http_ca;
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
  AddSetting(command, "--retention", flags.retention,
             "Delete runs that ended longer ago, as 30d (default: never)");
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
  AddSetting(command, "--spill-quota", flags.spill_quota,
             "What one sql or validate task may spill, as 64GiB (default: "
             "16GiB)");
  AddSetting(command, "--log-limit", flags.log_limit,
             "What is kept of an attempt's log, its beginning and its end; 0B "
             "is nothing");
  AddSetting(command, "--http-allow", flags.http_allow,
             "To what http tasks may send requests besides public addresses: "
             "loopback, private, link-local, networks, any, none");
  AddSetting(command, "--http-ca", flags.http_ca,
             "PEM file of the authorities that http tasks trust (default: the "
             "system's)");
  AddSetting(command, "--public-url", flags.public_url,
             "Where outside systems reach the server: what callback.url of "
             "tasks with callback begins with");
}

class ExecutionSetup::Impl {
 public:
  Impl(const Globals& globals, const std::string& executor,
       const SetupOptions& options)
      : log(MakeLogger({.level = LogLevelOr(globals, options.level),
                        .format = globals.log_format == "json"
                                      ? LogFormat::kJson
                                      : LogFormat::kText})),
        log_events(log, executor, TracesFor(globals)),
        more_events(options.events),
        log_limit(ReadLogLimit(options.flags.log_limit).value_or(0)),
        clock(MakeSystemClock()),
        engine(ConfigOf(globals, options)) {}
  ~Impl() {
    // What it still has goes to the store, which is the engine's.
    if (attempt_logs != nullptr) attempt_logs->Stop();
  }

  // Lines for people have no use for them.
  static std::optional<TracePolicy> TracesFor(const Globals& globals) {
    if (globals.log_format != "json") return std::nullopt;
    return globals.tracing ? globals.tracing->policy : TracePolicy{};
  }

  static EngineConfig ConfigOf(const Globals& globals,
                               const SetupOptions& options) {
    EngineConfig config = EngineConfigFrom(globals);
    config.source = options.source;
    config.executor = options.executor;
    options.flags.ApplyTo(config);
    return config;
  }

  Logger log;
  LogEvents log_events;
  EventSink* more_events;
  const std::int64_t log_limit;
  const std::unique_ptr<Clock> clock;
  std::unique_ptr<AttemptLogs> attempt_logs;
  std::unique_ptr<EventSink> events;
  Engine engine;  // Goes before the events it tells.
  Store* store = nullptr;
};

ExecutionSetup::ExecutionSetup(const Globals& globals,
                               const std::string& executor,
                               const SetupOptions& options)
    : impl_(std::make_unique<Impl>(globals, executor, options)) {}

ExecutionSetup::~ExecutionSetup() = default;

absl::Status ExecutionSetup::Open() {
  auto store = impl_->engine.store();
  if (!store.ok()) return store.status();
  impl_->store = *store;
  auto logs = impl_->engine.attempt_logs();
  if (!logs.ok()) return logs.status();
  std::vector<EventSink*> sinks{&impl_->log_events};
  if (*logs != nullptr && impl_->log_limit > 0) {
    impl_->attempt_logs = std::make_unique<AttemptLogs>(
        **logs, *impl_->clock, impl_->log_events,
        AttemptLogs::Options{.limit = impl_->log_limit});
    sinks.push_back(impl_->attempt_logs.get());
  }
  if (impl_->more_events != nullptr) sinks.push_back(impl_->more_events);
  impl_->events = std::make_unique<EventFanOut>(std::move(sinks));
  impl_->engine.UseEvents(impl_->events.get());
  return absl::OkStatus();
}

Engine& ExecutionSetup::engine() { return impl_->engine; }
Store& ExecutionSetup::store() { return *impl_->store; }
Logger& ExecutionSetup::log() { return impl_->log; }

}  // namespace windlass::cli

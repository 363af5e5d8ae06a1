// What `run` and `executor` share: the settings of an executor, and the parts
// around one that logs what it does.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/globals.h"
#include "windlass/engine.h"
#include "windlass/events.h"
#include "windlass/log_level.h"

namespace windlass {
class Logger;
}

namespace windlass::cli {

struct ExecutorFlags {
  std::string name;
  int slots = 0;
  std::string lease_ttl = "10s";
  std::string sweep_interval = "2s";
  std::string retention;
  std::string poll_interval = "2s";
  std::string drain_grace_period = "30s";
  std::vector<std::string> allow_env;
  std::string scratch_dir;
  std::string secrets_dir;
  std::string spill_quota;
  std::string log_limit = "1MiB";
  std::string http_allow = "loopback";
  std::string http_ca;
  std::string public_url;

  // Looks at the folders, too: a wrong one would fail every attempt.
  absl::StatusOr<ExecutorConfig> ToConfig() const;

  // What an engine has of them. After ToConfig(), which checks them.
  void ApplyTo(EngineConfig& config) const;
};

// Whether these can be names at all: a mistake would show itself only by
// nothing happening.
absl::Status CheckNames(const std::string& flag,
                        const std::vector<std::string>& names);

// How long to keep what has ended. Errors name the flag.
absl::StatusOr<Duration> ParseRetention(const std::string& flag,
                                        const std::string& text);

void AddExecutorFlags(CLI::App& command, ExecutorFlags& flags);

struct SetupOptions {
  // Logs from here on unless --log-level says otherwise.
  LogLevel level = LogLevel::kInfo;
  EventSink* events = nullptr;   // Told of all that happens; borrowed.
  std::string source = "poll";   // EngineConfig::source
  ExecutorConfig executor = {};  // EngineConfig::executor
  ExecutorFlags flags = {};      // ApplyTo()
};

// An engine ready to execute: children of tasks are guarded, events go to the
// log, what attempts log to the store. Make it before any thread of your own.
class ExecutionSetup {
 public:
  // For the executor of that name.
  ExecutionSetup(const Globals& globals, const std::string& executor,
                 const SetupOptions& options);
  ~ExecutionSetup();

  // Opens the store; call once, before the rest.
  absl::Status Open();
  Engine& engine();
  Store& store();
  Logger& log();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace windlass::cli

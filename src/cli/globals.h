// What every command shares: the settings that stand before or after any
// command, and how a command ends.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "windlass/engine.h"
#include "windlass/log_level.h"
#include "windlass/tracing.h"

namespace windlass::cli {

// Exit codes are part of the interface (docs/guides/command-line.md).
enum ExitCode : int {
  kOk = 0,
  kRunFailed = 1,
  kBadInput = 2,
  kUnreachable = 3,
  kInterrupted = 130,
};

struct Globals {
  std::string store = "sqlite:.windlass/windlass.db";
  std::string results;
  std::string broker;
  // Of a server to go through; empty: the store itself is used.
  std::string server;
  std::string token;
  std::string token_file;
  std::string ca;
  std::string output = "text";
  // Empty: what suits the command; see LogLevelOr().
  std::string log_level;
  std::string log_format = "text";
  std::string otlp_endpoint;
  // What that and the environment come to.
  std::optional<TracingConfig> tracing;

  bool json() const { return output == "json"; }
};

// A command's body: returns the exit code.
using CommandBody = std::function<int()>;

// The commands register themselves on an App; the one that was chosen leaves
// its body here.
struct Invocation {
  Globals globals;
  CommandBody body;
};

// Adds an option with its environment variable: "--lease-ttl" is also
// WINDLASS_LEASE_TTL, and the key lease_ttl of the configuration file.
template <typename T>
CLI::Option* AddSetting(CLI::App& app, const std::string& flags, T& variable,
                        const std::string& help);
CLI::Option* AddSwitch(CLI::App& app, const std::string& flag, bool& variable,
                       const std::string& help);
std::string EnvironmentName(const std::string& flags);

// Prints `status` for a person on stderr, as JSON on stdout too when asked for,
// and returns the exit code it means.
int Fail(const Globals& globals, const absl::Status& status);
int ExitCodeFor(const absl::Status& status);

// Prints one JSON document on stdout.
void PrintJson(const Json& document);

// Fills in `tracing`; what cannot be used in the environment is warned of.
absl::Status ReadTracing(Globals& globals);

EngineConfig EngineConfigFrom(const Globals& globals);

// The level that was asked for, or `fallback`.
LogLevel LogLevelOr(const Globals& globals, LogLevel fallback);

// Opens the store of `globals` and gives it to `use`; failures are printed.
int WithStore(const Globals& globals,
              const std::function<int(Engine&, Store&)>& use);

template <typename T>
CLI::Option* AddSetting(CLI::App& app, const std::string& flags, T& variable,
                        const std::string& help) {
  return app.add_option(flags, variable, help)
      ->envname(EnvironmentName(flags))
      ->capture_default_str();
}

}  // namespace windlass::cli

#include "cli/globals.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <iostream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "tracing/tracing_settings.h"
#include "windlass/json.h"

namespace windlass::cli {

std::string EnvironmentName(const std::string& flags) {
  std::size_t start = flags.find("--");
  std::string name = flags.substr(start == std::string::npos ? 0 : start + 2);
  name = name.substr(0, name.find(','));
  std::replace(name.begin(), name.end(), '-', '_');
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return std::toupper(c); });
  return "WINDLASS_" + name;
}

CLI::Option* AddSwitch(CLI::App& app, const std::string& flag, bool& variable,
                       const std::string& help) {
  return app.add_flag(flag, variable, help)->envname(EnvironmentName(flag));
}

int ExitCodeFor(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return kOk;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kUnimplemented:
      return kBadInput;
    case absl::StatusCode::kCancelled:
      return kInterrupted;
    default:
      return kUnreachable;
  }
}

void PrintJson(const Json& document) {
  std::cout << FormatJson(document) << std::endl;
}

int Fail(const Globals& globals, const absl::Status& status) {
  std::string message(status.message());
  if (globals.log_format == "json") {
    MakeLogger({.format = LogFormat::kJson})
        .Error("the command failed", {{"error", message}});
  } else {
    std::cerr << "windlass: " << message << '\n';
  }
  if (globals.json()) {
    PrintJson(JsonObject{{"error", message}});
  }
  return ExitCodeFor(status);
}

absl::Status ReadTracing(Globals& globals) {
  auto settings = ReadTracingSettings(
      globals.otlp_endpoint,
      [](const std::string& name) -> std::optional<std::string> {
        const char* value = std::getenv(name.c_str());
        if (value == nullptr) return std::nullopt;
        return value;
      });
  if (!settings.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--otlp-endpoint: ", settings.status().message()));
  }
  globals.tracing = std::move(settings->config);
  if (settings->warnings.empty()) return absl::OkStatus();
  const Logger log =
      MakeLogger({.level = LogLevelOr(globals, LogLevel::kWarn),
                  .format = globals.log_format == "json" ? LogFormat::kJson
                                                         : LogFormat::kText});
  for (const std::string& warning : settings->warnings) {
    log.Warn("left aside", {{"setting", warning}});
  }
  return absl::OkStatus();
}

EngineConfig EngineConfigFrom(const Globals& globals) {
  EngineConfig config;
  config.store = globals.store;
  config.results = globals.results;
  config.broker = globals.broker;
  config.tracing = globals.tracing;
  return config;
}

LogLevel LogLevelOr(const Globals& globals, LogLevel fallback) {
  if (globals.log_level.empty()) return fallback;
  return ParseLogLevel(globals.log_level).value_or(fallback);
}

int WithStore(const Globals& globals,
              const std::function<int(Engine&, Store&)>& use) {
  Engine engine(EngineConfigFrom(globals));
  absl::StatusOr<Store*> store = engine.store();
  if (!store.ok()) return Fail(globals, store.status());
  return use(engine, **store);
}

}  // namespace windlass::cli

// The command line: builds the tree of commands, applies the layered settings,
// and runs the one that was chosen.

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "cli/commands.h"
#include "cli/settings.h"
#include "cli/usage_error.h"

namespace windlass::cli {
namespace {

constexpr char kFooter[] = R"(
First steps:
  windlass validate flow.yaml            all that is wrong with a file
  windlass run flow.yaml -p name=value   execute it here, live
  windlass show last                     what became of it
  windlass result last report            a task's result

Every flag can be an environment variable (--slots is WINDLASS_SLOTS), or a key
of the YAML file that --config names. Flags beat the environment, the
environment beats the file.

Exit codes: 0 ok, 1 the run failed, 2 bad input or usage, 3 cannot reach a
service, 130 interrupted.)";

void AddGlobals(CLI::App& app, Globals& globals, std::string& config) {
  app.fallthrough();
  AddSetting(app, "--store", globals.store,
             "Where runs are kept: sqlite:PATH or postgres://...");
  AddSetting(app, "--results", globals.results,
             "Where large results are kept: file:PATH (default: beside the "
             "store), supabase+https://HOST/storage/v1?bucket=NAME or "
             "s3://BUCKET/PREFIX");
  AddSetting(
      app, "--broker", globals.broker,
      "Who tells executors that there is work: amqp://USER:PASSWORD@HOST "
      "or amqps://... (default: none)");
  AddSetting(app, "--server", globals.server,
             "URL of a `windlass server` to go through, for those without "
             "access to the store");
  AddSetting(app, "--token", globals.token,
             "Token for --server; in the environment, since other users see "
             "flags");
  app.add_option("--token-file", globals.token_file,
                 "File with the token for --server; as WINDLASS_TOKEN_FILE");
  AddSetting(app, "--ca", globals.ca,
             "PEM file of the authorities to trust for --server (default: the "
             "system's)");
  AddSetting(app, "--output", globals.output, "What to print on stdout")
      ->check(CLI::IsMember({"text", "json"}));
  AddSetting(
      app, "--log-level", globals.log_level,
      "Least level to log (default: info for executor and server, else warn)")
      ->check(
          CLI::IsMember({"trace", "debug", "info", "warn", "error", "off"}));
  AddSetting(app, "--log-format", globals.log_format, "Form of log lines")
      ->check(CLI::IsMember({"text", "json"}));
  AddSetting(app, "--otlp-endpoint", globals.otlp_endpoint,
             "Collector of traces: http://HOST:4318 (default: none, or as "
             "OTEL_EXPORTER_OTLP_ENDPOINT says)");
  AddSetting(app, "--config", config, "YAML file with settings");
}

void AddCommands(CLI::App& app, Invocation& invocation) {
  AddRun(app, invocation);
  AddValidate(app, invocation);
  AddSubmit(app, invocation);
  AddList(app, invocation);
  AddShow(app, invocation);
  AddResult(app, invocation);
  AddLogs(app, invocation);
  AddRunControl(app, invocation);
  AddCallback(app, invocation);
  AddDeadLetter(app, invocation);
  AddExecutor(app, invocation);
  AddServer(app, invocation);
  AddExecutors(app, invocation);
  AddQueues(app, invocation);
  AddSchedules(app, invocation);
  AddWorkflow(app, invocation);
  AddPrune(app, invocation);
  AddResults(app, invocation);
  AddLimits(app, invocation);
  AddCircuits(app, invocation);
  AddEval(app, invocation);
  AddMigrate(app, invocation);
  AddDoctor(app, invocation);
  AddHealth(app, invocation);
  AddBench(app, invocation);
  AddCompletion(app, invocation);
  AddVersion(app, invocation);
}

void CollectEnvironmentNames(const CLI::App& app,
                             std::vector<std::string>& names) {
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_envname().empty()) names.push_back(option->get_envname());
  }
  for (const CLI::App* command : app.get_subcommands({})) {
    CollectEnvironmentNames(*command, names);
  }
}

// A setting that must be known before everything else is parsed.
std::string EarlySetting(const std::string& flag,
                         const std::vector<std::string>& arguments) {
  std::string value;
  if (const char* set = std::getenv(EnvironmentName(flag).c_str())) value = set;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == flag && i + 1 < arguments.size()) value = arguments[i + 1];
    if (argument.rfind(flag + "=", 0) == 0) {
      value = argument.substr(flag.size() + 1);
    }
  }
  return value;
}

// Commands that do their work on the store itself, or on this machine.
constexpr std::string_view kOnStore[] = {"run",     "executor", "server",
                                         "prune",   "bench",    "results",
                                         "migrate", "doctor"};

absl::Status CheckGoesThroughServer(const CLI::App& app,
                                    const Globals& globals) {
  const std::string name = app.get_subcommands().front()->get_name();
  if (globals.server.empty() ||
      std::find(std::begin(kOnStore), std::end(kOnStore), name) ==
          std::end(kOnStore)) {
    return absl::OkStatus();
  }
  std::string message = "windlass " + name +
                        " works on the store itself: give --store, and no "
                        "--server or WINDLASS_SERVER";
  if (name == "run") {
    message += "; `windlass submit --follow` goes through a server";
  }
  return absl::InvalidArgumentError(message);
}

int Main(int argc, char** argv) {
  CLI::App app("Runs the tasks of DAG workflows, reliably and fast.",
               "windlass");
  app.footer(kFooter);
  app.require_subcommand(1);
  app.get_formatter()->column_width(34);

  Invocation invocation;
  std::string config;
  AddGlobals(app, invocation.globals, config);
  AddCommands(app, invocation);

  const std::vector<std::string> arguments(argv + 1, argv + argc);
  Globals early;  // For errors before the settings are known.
  early.output = EarlySetting("--output", arguments);
  early.log_format = EarlySetting("--log-format", arguments);
  std::vector<std::string> known;
  CollectEnvironmentNames(app, known);
  {
    auto layers =
        LayeredSettings::Apply(EarlySetting("--config", arguments), known);
    if (!layers.ok()) return Fail(early, layers.status());
    try {
      app.parse(argc, argv);
    } catch (const CLI::Success& done) {
      return app.exit(done);
    } catch (const CLI::ParseError& error) {
      return Fail(early, absl::InvalidArgumentError(ExplainUsageError(
                             app, error, arguments, *layers)));
    }
  }
  if (auto status = CheckGoesThroughServer(app, invocation.globals);
      !status.ok()) {
    return Fail(invocation.globals, status);
  }
  if (auto status = ReadTracing(invocation.globals); !status.ok()) {
    return Fail(invocation.globals, status);
  }
  return invocation.body();
}

}  // namespace
}  // namespace windlass::cli

int main(int argc, char** argv) {
  try {
    return windlass::cli::Main(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "windlass: internal error: " << error.what() << '\n';
    return windlass::cli::kUnreachable;
  }
}

// windlass health [URL]

#include <iostream>
#include <memory>
#include <string>

#include "cli/commands.h"
#include "cli/health_listen.h"
#include "cli/probe.h"

namespace windlass::cli {
namespace {

struct Flags {
  std::string url;
  std::string health_listen;
  std::string ca;
};

absl::StatusOr<std::string> WhomToAsk(const Flags& flags) {
  if (!flags.url.empty()) return flags.url;
  auto listen = ParseHealthListen(flags.health_listen);
  if (!listen.ok()) return listen.status();
  if (!listen->address.has_value()) {
    return absl::InvalidArgumentError(
        "--health-listen: the executor answers nobody; name a URL");
  }
  return LivezUrl(*listen->address, "http");
}

// Whoever restarts what is not alive knows two answers: 0, and the other.
int Check(const Globals& globals, const Flags& flags) {
  auto url = WhomToAsk(flags);
  if (!url.ok()) return Fail(globals, url.status());
  HttpOptions options;
  options.authorities = flags.ca;
  HttpClient http(options);
  const absl::Status alive = AskLivez(http, *url);
  if (!alive.ok()) {
    Fail(globals, alive);
    return kRunFailed;
  }
  if (globals.json()) {
    PrintJson(JsonObject{{"url", *url}, {"alive", true}});
  } else {
    std::cout << "alive\n";
  }
  return kOk;
}

}  // namespace

void AddHealth(CLI::App& app, Invocation& invocation) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command = app.add_subcommand(
      "health", "Ask an executor or a server of this machine if it is alive");
  command->footer(
      "Examples:\n"
      "  windlass health\n"
      "  windlass health http://127.0.0.1:8080/livez\n"
      "Exits 0 when it is and 1 when it is not or does not answer: a health "
      "check for containers.");
  command->add_option("url", flags->url,
                      "Whom to ask (default: /livez of --health-listen)");
  AddSetting(*command, "--health-listen", flags->health_listen,
             std::string("Where the executor answers (default: ") +
                 kDefaultHealthListen + ")");
  command->add_option("--ca", flags->ca,
                      "PEM file of the authorities to trust for https "
                      "(default: the system's)");
  command->callback([&invocation, flags] {
    invocation.body = [&invocation, flags] {
      return Check(invocation.globals, *flags);
    };
  });
}

}  // namespace windlass::cli

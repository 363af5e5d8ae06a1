// windlass server

#include <csignal>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/log.h"
#include "base/redact_url.h"
#include "base/signals.h"
#include "base/supervisor.h"
#include "cli/commands.h"
#include "cli/notify_flags.h"
#include "cli/probe.h"
#include "engine/builtin_handlers.h"
#include "model/definition/byte_size.h"
#include "results/result_io.h"
#include "server/api_server.h"
#include "windlass/clock.h"

namespace windlass::cli {
namespace {

constexpr std::size_t kMaximumTokensBytes = 64 * 1024;

struct Flags {
  std::string listen = "127.0.0.1:8080";
  std::string tokens;
  std::string tokens_file;
  std::string tls_cert;
  std::string tls_key;
  int connections = 64;
  std::string max_request = "16MiB";
  NotifyFlags notify;
};

absl::Status Named(const char* flag, const absl::Status& status) {
  return absl::Status(status.code(),
                      absl::StrCat(flag, ": ", status.message()));
}

absl::StatusOr<AccessTokens> ReadTokens(const Flags& flags) {
  std::string text = flags.tokens;
  if (!flags.tokens_file.empty()) {
    auto content = ReadFile(flags.tokens_file, kMaximumTokensBytes);
    if (!content.ok()) return Named("--tokens-file", content.status());
    absl::StrAppend(&text, "\n", *content);
  }
  auto tokens = AccessTokens::Parse(text);
  if (!tokens.ok()) return tokens.status();
  // An empty file is a mistake that would open the server to everyone here.
  if (tokens->empty() && !flags.tokens_file.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--tokens-file: there is no token in ", flags.tokens_file));
  }
  return tokens;
}

absl::StatusOr<std::size_t> ReadMaximumRequest(const Flags& flags) {
  auto bytes = ParseByteSize(flags.max_request);
  if (bytes.ok() && *bytes > 0) return static_cast<std::size_t>(*bytes);
  return absl::InvalidArgumentError(absl::StrCat(
      "--max-request: '", flags.max_request, "': expected a size, as 16MiB"));
}

// Null for plain HTTP.
absl::StatusOr<std::shared_ptr<const TlsIdentity>> ReadIdentity(
    const Flags& flags) {
  if (flags.tls_cert.empty() && flags.tls_key.empty()) return nullptr;
  if (flags.tls_cert.empty() || flags.tls_key.empty()) {
    return absl::InvalidArgumentError(
        "--tls-cert and --tls-key: expected both, or neither");
  }
  auto identity = TlsIdentity::Load(flags.tls_cert, flags.tls_key);
  if (!identity.ok()) return Named("--tls-cert, --tls-key", identity.status());
  return std::make_shared<const TlsIdentity>(*std::move(identity));
}

// Tokens on an open wire are anybody's.
void WarnOfPlainTokens(const Logger& log, const ListenAddress& address,
                       bool is_tls) {
  if (is_tls || IsLoopback(address.host)) return;
  log.Warn(
      "tokens travel unencrypted; give --tls-cert and --tls-key, or put a "
      "proxy with TLS in front");
}

// Whether a server answers there at all; that its certificate is made out to
// another name is an answer.
bool Answers(HttpClient& http, const std::string& url,
             const std::stop_token& stop) {
  const absl::Status alive = AskLivez(http, url, stop);
  return alive.ok() || absl::IsFailedPrecondition(alive);
}

// Until a signal comes, with whoever supervises us knowing how we are.
void ServeUntilTold(const ApiServer& server, const char* scheme,
                    SignalWatcher& signals, const Supervisor& supervisor,
                    Clock& clock, const Logger& log) {
  HttpClient http;
  const std::string url = LivezUrl(server.address(), scheme);
  Watchdog watchdog(supervisor, clock, log, [&](const std::stop_token& stop) {
    return Answers(http, url, stop);
  });
  watchdog.Start();
  supervisor.Tell("READY=1", log);
  while (signals.Wait(std::chrono::hours(1)) == 0) {
  }
  supervisor.Tell("STOPPING=1", log);
}

int Serve(const Globals& globals, const Flags& flags) {
  auto address = ParseListenAddress(flags.listen);
  if (!address.ok()) return Fail(globals, Named("--listen", address.status()));
  auto tokens = ReadTokens(flags);
  if (!tokens.ok()) return Fail(globals, tokens.status());
  auto identity = ReadIdentity(flags);
  if (!identity.ok()) return Fail(globals, identity.status());
  auto maximum = ReadMaximumRequest(flags);
  if (!maximum.ok()) return Fail(globals, maximum.status());
  if (auto status = flags.notify.Check(); !status.ok()) {
    return Fail(globals, status);
  }
  const Supervisor supervisor = Supervisor::FromEnvironment();
  SignalWatcher signals({SIGINT, SIGTERM});
  const std::unique_ptr<Clock> clock = MakeSystemClock();
  const Logger log =
      MakeLogger({.level = LogLevelOr(globals, LogLevel::kInfo),
                  .format = globals.log_format == "json" ? LogFormat::kJson
                                                         : LogFormat::kText});
  return WithStore(globals, [&](Engine& engine, Store& store) -> int {
    auto results = engine.results();
    if (!results.ok()) return Fail(globals, results.status());
    auto logs = engine.attempt_logs();
    if (!logs.ok()) return Fail(globals, logs.status());
    auto notifier = MakeNotifier(flags.notify, engine, *clock, log);
    if (!notifier.ok()) return Fail(globals, notifier.status());
    ResultIo io(**results);
    auto server =
        OpenApiServer(*address, {.api = {.store = &store,
                                         .results = &io,
                                         .logs = *logs,
                                         .load = CheckedLoadOptions()},
                                 .clock = clock.get(),
                                 .tokens = *tokens,
                                 .log = log,
                                 .connections = flags.connections,
                                 .identity = *identity,
                                 .maximum_body_bytes = *maximum});
    if (!server.ok()) {
      return Fail(globals, Named("--listen", server.status()));
    }
    log.Info("started", {{"listen", FormatListenAddress((*server)->address())},
                         {"store", RedactUrl(globals.store)},
                         {"tls", *identity != nullptr},
                         {"tokens", !tokens->empty()}});
    WarnOfPlainTokens(log, *address, *identity != nullptr);
    if (*notifier != nullptr) (*notifier)->Start();
    ServeUntilTold(**server, *identity == nullptr ? "http" : "https", signals,
                   supervisor, *clock, log);
    log.Info("stopping");
    notifier->reset();
    server->reset();
    log.Info("stopped");
    return kOk;
  });
}

}  // namespace

void AddServer(CLI::App& app, Invocation& invocation) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command =
      app.add_subcommand("server", "Serve the HTTP API until told to stop");
  command->footer(
      "Examples:\n"
      "  windlass server\n"
      "  windlass server --listen 0.0.0.0:8080 --tokens-file "
      "/etc/windlass/tokens\n"
      "A token is a line ROLE:TOKEN with the role read, write or admin; "
      "whoever "
      "may write\ncan run anything on the executors. Without tokens only this "
      "machine is answered.\nThe API is described at /api/v1/openapi.json.");
  AddSetting(*command, "--listen", flags->listen, "HOST:PORT to listen on");
  AddSetting(*command, "--tokens", flags->tokens,
             "ROLE:TOKEN,...; in the environment, since other users see flags");
  command->add_option("--tokens-file", flags->tokens_file,
                      "File with a ROLE:TOKEN on each line; as "
                      "WINDLASS_TOKENS_FILE");
  AddSetting(*command, "--tls-cert", flags->tls_cert,
             "PEM file with the certificate to serve HTTPS with");
  AddSetting(*command, "--tls-key", flags->tls_key, "PEM file with its key");
  AddSetting(*command, "--connections", flags->connections,
             "Requests answered at a time; as many wait, others get 503")
      ->check(CLI::Range(1, 10'000));
  AddSetting(*command, "--max-request", flags->max_request,
             "Largest body of a request");
  flags->notify.AddTo(*command);
  command->callback([&invocation, flags] {
    invocation.body = [&invocation, flags] {
      return Serve(invocation.globals, *flags);
    };
  });
}

}  // namespace windlass::cli

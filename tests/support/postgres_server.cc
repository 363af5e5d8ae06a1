#include "support/postgres_server.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "windlass/json.h"

namespace windlass::testing {
namespace {

constexpr char kPython[] = "/usr/bin/python3";
constexpr char kFixture[] =
    WINDLASS_SOURCE_DIR "/tests/support/postgres_fixture.py";
// On a busy machine; nothing waits this long that works.
constexpr Duration kPatience = std::chrono::seconds(90);

std::string Text(const JsonObject& object, std::string_view name) {
  const Json* value = object.if_contains(name);
  return value == nullptr ? "" : JsonToText(*value);
}

}  // namespace

PostgresServer::PostgresServer(std::unique_ptr<ChildProcess> keeper)
    : keeper_(std::move(keeper)) {}

absl::StatusOr<std::unique_ptr<PostgresServer>> PostgresServer::Start(
    const Settings& settings) {
  ChildProcessOptions options;
  options.process.argv = {kPython, "-B", kFixture, "serve"};
  for (const auto& [name, value] : settings) {
    options.process.argv.push_back(absl::StrCat(name, "=", value));
  }
  auto keeper = ChildProcess::Spawn(std::move(options));
  if (!keeper.ok()) return keeper.status();
  std::unique_ptr<PostgresServer> server(
      new PostgresServer(*std::move(keeper)));
  absl::Status status = server->ReadAnswer();
  if (!status.ok()) return status;
  return server;
}

PostgresServer::~PostgresServer() {
  keeper_->CloseInput();
  (void)keeper_->Wait({kPatience});
}

absl::Status PostgresServer::Command(std::string_view name) {
  absl::Status status = keeper_->WriteLine(name, {kPatience});
  return status.ok() ? ReadAnswer() : status;
}

absl::Status PostgresServer::ReadAnswer() {
  absl::StatusOr<std::string> line = keeper_->ReadLine({kPatience});
  if (!line.ok()) {
    return absl::InternalError(
        absl::StrCat("PostgreSQL's keeper: ", line.status().message(), "\n",
                     keeper_->Errors().Text()));
  }
  absl::StatusOr<Json> answer = ParseJson(*line);
  if (!answer.ok()) return answer.status();
  const JsonObject& fields = answer->as_object();
  if (fields.contains("error")) {
    return absl::UnavailableError(Text(fields, "error"));
  }
  url_ = Text(fields, "url");
  socket_url_ = Text(fields, "socket_url");
  const Json& pid = fields.at("pid");
  pid_.reset();
  if (pid.is_int64()) pid_ = static_cast<pid_t>(pid.as_int64());
  return absl::OkStatus();
}

}  // namespace windlass::testing

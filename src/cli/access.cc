#include "cli/access.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "cli/store_log_feed.h"
#include "client/remote_client.h"
#include "results/content_stream.h"
#include "results/result_io.h"

namespace windlass::cli {
namespace {

constexpr std::size_t kMaximumTokenBytes = 4096;

class StoreAccess final : public Access {
 public:
  explicit StoreAccess(const Globals& globals)
      : engine_(EngineConfigFrom(globals)) {}

  absl::Status Open() {
    auto store = engine_.store();
    if (!store.ok()) return store.status();
    store_ = *store;
    return absl::OkStatus();
  }

  Client& client() override { return *store_; }

  absl::StatusOr<Json> ReadValue(RunId run, const std::string& task) override {
    return engine_.Result(run, task);
  }

  absl::StatusOr<std::unique_ptr<ByteSource>> OpenContent(
      RunId, const std::string&, const ResultEnvelope& envelope) override {
    auto results = engine_.results();
    if (!results.ok()) return results.status();
    if (io_ == nullptr) io_ = std::make_unique<ResultIo>(**results);
    return io_->Open(envelope);
  }

  absl::StatusOr<LogFeed*> logs() override {
    if (logs_ == nullptr) {
      auto logs = OpenStoreLogFeed(engine_);
      if (!logs.ok()) return logs.status();
      logs_ = *std::move(logs);
    }
    return logs_.get();
  }

 private:
  Engine engine_;
  Store* store_ = nullptr;
  std::unique_ptr<ResultIo> io_;
  std::unique_ptr<LogFeed> logs_;
};

class ServerAccess final : public Access {
 public:
  explicit ServerAccess(std::unique_ptr<RemoteClient> remote)
      : remote_(std::move(remote)) {}

  Client& client() override { return *remote_; }

  absl::StatusOr<Json> ReadValue(RunId run, const std::string& task) override {
    auto content = remote_->OpenResult(run, task);
    if (!content.ok()) return content.status();
    auto text =
        ReadAll(**content, static_cast<std::size_t>(kMaximumValueBytes));
    if (!text.ok()) return text.status();
    return ParseJson(*text);
  }

  absl::StatusOr<std::unique_ptr<ByteSource>> OpenContent(
      RunId run, const std::string& task,
      const ResultEnvelope& envelope) override {
    auto content = remote_->OpenResult(run, task);
    if (!content.ok()) return content.status();
    return MakeVerifyingSource(*std::move(content), envelope);
  }

  absl::StatusOr<LogFeed*> logs() override { return remote_.get(); }

 private:
  const std::unique_ptr<RemoteClient> remote_;
};

// Of the flag, or of the file that is named instead.
absl::StatusOr<std::string> ReadToken(const Globals& globals) {
  if (globals.token_file.empty()) return globals.token;
  auto text = ReadFile(globals.token_file, kMaximumTokenBytes);
  if (!text.ok()) {
    return absl::Status(
        text.status().code(),
        absl::StrCat("--token-file: ", text.status().message()));
  }
  return std::string(absl::StripAsciiWhitespace(*text));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Access>> OpenAccess(const Globals& globals) {
  if (!globals.server.empty()) {
    auto token = ReadToken(globals);
    if (!token.ok()) return token.status();
    auto remote = MakeRemoteClient(
        {.url = globals.server, .token = *token, .authorities = globals.ca});
    if (!remote.ok()) return remote.status();
    return std::make_unique<ServerAccess>(*std::move(remote));
  }
  auto access = std::make_unique<StoreAccess>(globals);
  if (auto status = access->Open(); !status.ok()) return status;
  return access;
}

int WithAccess(const Globals& globals, const std::function<int(Access&)>& use) {
  auto access = OpenAccess(globals);
  if (!access.ok()) return Fail(globals, access.status());
  return use(**access);
}

int WithClient(const Globals& globals, const std::function<int(Client&)>& use) {
  return WithAccess(globals,
                    [&use](Access& access) { return use(access.client()); });
}

}  // namespace windlass::cli

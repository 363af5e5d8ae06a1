#include "base/http/http_client.h"

#include "base/http/http_exchange.h"
#include "base/mutex.h"

namespace windlass {
namespace {

constexpr std::size_t kMaximumIdle = 16;

}  // namespace

std::string_view HttpHead::Header(std::string_view name) const {
  for (auto it = headers.rbegin(); it != headers.rend(); ++it) {
    if (it->first == name) return it->second;
  }
  return "";
}

// Connections that nobody uses at present, the last used on top.
class HttpClient::Pool {
 public:
  std::unique_ptr<ClientConnection> Take() {
    {
      MutexLock lock(mutex_);
      if (!idle_.empty()) {
        auto connection = std::move(idle_.back());
        idle_.pop_back();
        return connection;
      }
    }
    return MakeClientConnection();
  }

  void GiveBack(std::unique_ptr<ClientConnection> connection) {
    MutexLock lock(mutex_);
    if (idle_.size() < kMaximumIdle) idle_.push_back(std::move(connection));
  }

 private:
  Mutex mutex_;
  std::vector<std::unique_ptr<ClientConnection>> idle_ ABSL_GUARDED_BY(mutex_);
};

class HttpClient::Download : public HttpDownload {
 public:
  Download(Pool& pool, std::unique_ptr<ClientConnection> connection,
           const HttpRequest& request, const HttpOptions& options)
      : pool_(pool),
        connection_(std::move(connection)),
        exchange_(
            std::make_unique<HttpExchange>(*connection_, request, options)) {}
  ~Download() override {
    const bool clean = exchange_->IsConnectionClean();
    exchange_.reset();
    if (clean) pool_.GiveBack(std::move(connection_));
  }
  Download(const Download&) = delete;
  Download& operator=(const Download&) = delete;

  absl::Status AwaitHead() { return exchange_->AwaitHead(); }
  const HttpHead& head() const override { return exchange_->head(); }
  absl::StatusOr<std::size_t> Read(std::span<char> buffer) override {
    return exchange_->Read(buffer);
  }

 private:
  Pool& pool_;
  std::unique_ptr<ClientConnection> connection_;
  std::unique_ptr<HttpExchange> exchange_;
};

HttpClient::HttpClient(HttpOptions options)
    : options_(std::move(options)), pool_(std::make_unique<Pool>()) {}
HttpClient::~HttpClient() = default;

absl::StatusOr<std::unique_ptr<HttpDownload>> HttpClient::Open(
    const HttpRequest& request) {
  std::unique_ptr<ClientConnection> connection = pool_->Take();
  if (connection == nullptr) {
    return absl::ResourceExhaustedError("libcurl cannot start: no memory");
  }
  auto download = std::make_unique<Download>(*pool_, std::move(connection),
                                             request, options_);
  absl::Status arrived = download->AwaitHead();
  if (!arrived.ok()) return arrived;
  return download;
}

absl::StatusOr<HttpAnswer> HttpClient::Send(const HttpRequest& request) {
  absl::StatusOr<std::unique_ptr<HttpDownload>> opened = Open(request);
  if (!opened.ok()) return opened.status();
  absl::StatusOr<std::string> body =
      ReadAll(**opened, options_.maximum_answer_bytes);
  HttpAnswer answer;
  static_cast<HttpHead&>(answer) = (*opened)->head();
  // What a refusal says is lost when the server cuts the upload off with it.
  if (!body.ok() && answer.ok()) return body.status();
  if (body.ok()) answer.body = *std::move(body);
  return answer;
}

}  // namespace windlass

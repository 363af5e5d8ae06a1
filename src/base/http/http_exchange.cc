#include "base/http/http_exchange.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/concat.h"
#include "base/redact_url.h"

namespace windlass {
namespace {

// Of the answer's body, before the server is made to wait. libcurl hands out
// up to one receive buffer more.
constexpr std::size_t kMaximumKept = std::size_t{256} << 10;
constexpr long kReceiveBuffer = 256L << 10;
constexpr long kSendBuffer = 256L << 10;
// Only an upper limit: whatever happens on the socket ends the wait.
constexpr int kPollMilliseconds = 1000;

bool HasBody(const HttpRequest& request) {
  return !request.body.empty() || request.method == "POST" ||
         request.method == "PUT" || request.method == "PATCH";
}

absl::StatusCode CodeOf(CURLcode code) {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return absl::StatusCode::kDeadlineExceeded;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_BAD_FUNCTION_ARGUMENT:
      return absl::StatusCode::kInvalidArgument;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
      return absl::StatusCode::kFailedPrecondition;
    case CURLE_OUT_OF_MEMORY:
      return absl::StatusCode::kResourceExhausted;
    default:
      return absl::StatusCode::kUnavailable;
  }
}

}  // namespace

std::unique_ptr<ClientConnection> MakeClientConnection() {
  if (!CurlIsReady()) return nullptr;
  auto connection = std::make_unique<ClientConnection>();
  connection->easy.reset(curl_easy_init());
  connection->multi.reset(curl_multi_init());
  if (!connection->easy || !connection->multi) return nullptr;
  return connection;
}

HttpExchange::HttpExchange(ClientConnection& connection,
                           const HttpRequest& request,
                           const HttpOptions& options)
    : connection_(connection),
      what_(Concat(request.method, " ", RedactUrl(request.url))),
      stop_(request.stop),
      body_(request.body),
      has_body_(HasBody(request)),
      policy_(options.policy ? &*options.policy : nullptr) {
  SetUp(request, options);
  if (outcome_.ok() &&
      curl_multi_add_handle(connection_.multi.get(), connection_.easy.get()) !=
          CURLM_OK) {
    outcome_ = absl::InternalError(Concat(what_, ": libcurl took no request"));
  }
  ended_ = !outcome_.ok();
}

HttpExchange::~HttpExchange() {
  curl_multi_remove_handle(connection_.multi.get(), connection_.easy.get());
  curl_easy_reset(connection_.easy.get());
}

template <typename Value>
void HttpExchange::Set(CURLoption option, Value value) {
  const CURLcode code = curl_easy_setopt(connection_.easy.get(), option, value);
  if (code != CURLE_OK && outcome_.ok()) {
    outcome_ = absl::InvalidArgumentError(
        Concat(what_, ": libcurl refuses option ", static_cast<int>(option),
               ": ", curl_easy_strerror(code)));
  }
}

void HttpExchange::SetUp(const HttpRequest& request,
                         const HttpOptions& options) {
  Set(CURLOPT_URL, request.url.c_str());
  Set(CURLOPT_PROTOCOLS_STR, "http,https");
  Set(CURLOPT_NOSIGNAL, 1L);
  // A dot segment would name another object without it.
  Set(CURLOPT_PATH_AS_IS, 1L);
  Set(CURLOPT_BUFFERSIZE, kReceiveBuffer);
  Set(CURLOPT_CONNECTTIMEOUT_MS, CurlMilliseconds(options.connect_timeout));
  Set(CURLOPT_LOW_SPEED_LIMIT, 1L);
  Set(CURLOPT_LOW_SPEED_TIME,
      static_cast<long>(
          std::chrono::ceil<std::chrono::seconds>(options.stall_timeout)
              .count()));
  if (request.timeout > Duration::zero()) {
    Set(CURLOPT_TIMEOUT_MS, CurlMilliseconds(request.timeout));
  }
  if (!options.authorities.empty()) {
    Set(CURLOPT_CAINFO, options.authorities.c_str());
  }
  if (policy_ != nullptr) {
    Set(CURLOPT_OPENSOCKETFUNCTION, &OnSocket);
    Set(CURLOPT_OPENSOCKETDATA, this);
  }
  Set(CURLOPT_HEADERFUNCTION, &OnHeader);
  Set(CURLOPT_HEADERDATA, this);
  Set(CURLOPT_WRITEFUNCTION, &OnBody);
  Set(CURLOPT_WRITEDATA, this);
  SetUpBody(request);
  // Servers say "go on" before they have checked anything: it only costs. Of a
  // request that it signs, libcurl 7.88 would sign the header it then leaves
  // out; there it is sent and nobody waits.
  if (request.signature) {
    Set(CURLOPT_EXPECT_100_TIMEOUT_MS, 1L);
  } else {
    headers_.reset(curl_slist_append(headers_.release(), "Expect:"));
  }
  for (const std::string& header : request.headers) {
    headers_.reset(curl_slist_append(headers_.release(), header.c_str()));
  }
  Set(CURLOPT_HTTPHEADER, headers_.get());
  if (const auto& signature = request.signature) {
    Set(CURLOPT_AWS_SIGV4,
        Concat("aws:amz:", signature->region, ":s3").c_str());
    Set(CURLOPT_USERNAME, signature->access_key.c_str());
    Set(CURLOPT_PASSWORD, signature->secret_key.c_str());
  }
}

void HttpExchange::SetUpBody(const HttpRequest& request) {
  if (has_body_) {
    Set(CURLOPT_UPLOAD, 1L);
    Set(CURLOPT_UPLOAD_BUFFERSIZE, kSendBuffer);
    Set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(body_.size()));
    Set(CURLOPT_READFUNCTION, &OnSend);
    Set(CURLOPT_READDATA, this);
    Set(CURLOPT_SEEKFUNCTION, &OnSeek);
    Set(CURLOPT_SEEKDATA, this);
  } else if (request.method == "HEAD") {
    Set(CURLOPT_NOBODY, 1L);
  }
  Set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

std::size_t HttpExchange::OnHeader(char* data, std::size_t size,
                                   std::size_t count, void* self) {
  static_cast<HttpExchange*>(self)->NoteHeader(
      std::string_view(data, size * count));
  return size * count;
}

void HttpExchange::NoteHeader(std::string_view line) {
  if (line.starts_with("HTTP/")) {  // A new head: after "100 Continue", say.
    head_ = HttpHead();
    long status = 0;
    curl_easy_getinfo(connection_.easy.get(), CURLINFO_RESPONSE_CODE, &status);
    head_.status = static_cast<int>(status);
  } else if (line == "\r\n" || line == "\n") {
    head_complete_ = head_.status >= 200;
  } else if (!head_complete_) {  // Otherwise a trailer.
    head_.headers.push_back(SplitHeader(line));
  }
}

std::size_t HttpExchange::OnBody(char* data, std::size_t size,
                                 std::size_t count, void* self) {
  return static_cast<HttpExchange*>(self)->Keep(
      std::string_view(data, size * count));
}

std::size_t HttpExchange::Keep(std::string_view bytes) {
  if (wanted_.empty() && kept_.size() > kMaximumKept) {
    paused_ = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  const std::size_t given = std::min(bytes.size(), wanted_.size());
  if (given > 0) std::memcpy(wanted_.data(), bytes.data(), given);
  wanted_ = wanted_.subspan(given);
  kept_.append(bytes.substr(given));
  return bytes.size();
}

std::size_t HttpExchange::OnSend(char* buffer, std::size_t size,
                                 std::size_t count, void* self) {
  auto& exchange = *static_cast<HttpExchange*>(self);
  const std::string_view rest = exchange.body_.substr(exchange.sent_);
  const std::size_t n = std::min(rest.size(), size * count);
  if (n > 0) std::memcpy(buffer, rest.data(), n);
  exchange.sent_ += n;
  return n;
}

// libcurl sends again when a kept connection turned out to be closed.
int HttpExchange::OnSeek(void* self, curl_off_t offset, int origin) {
  auto& exchange = *static_cast<HttpExchange*>(self);
  if (origin != SEEK_SET || offset < 0 ||
      static_cast<std::size_t>(offset) > exchange.body_.size()) {
    return CURL_SEEKFUNC_FAIL;
  }
  exchange.sent_ = static_cast<std::size_t>(offset);
  return CURL_SEEKFUNC_OK;
}

curl_socket_t HttpExchange::OnSocket(void* self, curlsocktype purpose,
                                     curl_sockaddr* address) {
  auto& exchange = *static_cast<HttpExchange*>(self);
  exchange.forbidden_ = purpose != CURLSOCKTYPE_IPCXN ||
                        !exchange.policy_->Allows(&address->addr);
  return exchange.forbidden_ ? CURL_SOCKET_BAD : OpenSocket(*address);
}

absl::Status HttpExchange::Ended(CURLcode code) {
  ended_ = true;
  if (code == CURLE_OK) return absl::OkStatus();
  if (forbidden_) {
    return absl::PermissionDeniedError(Concat(what_, ": ", kForbiddenAddress));
  }
  long error = 0;
  curl_easy_getinfo(connection_.easy.get(), CURLINFO_OS_ERRNO, &error);
  return absl::Status(
      CodeOf(code),
      Concat(what_, ": ", curl_easy_strerror(code),
             error != 0
                 ? Concat(" (", std::strerror(static_cast<int>(error)), ")")
                 : ""));
}

// Does what can be done now, or waits until something can.
absl::Status HttpExchange::Drive() {
  CURLM* multi = connection_.multi.get();
  if (stop_.stop_requested()) {
    ended_ = true;
    return absl::CancelledError(Concat(what_, ": stopped"));
  }
  if (std::exchange(paused_, false)) {
    curl_easy_pause(connection_.easy.get(), CURLPAUSE_CONT);
  }
  int running = 0;
  if (CURLMcode code = curl_multi_perform(multi, &running); code != CURLM_OK) {
    ended_ = true;
    return absl::InternalError(Concat(what_, ": ", curl_multi_strerror(code)));
  }
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
    if (message->msg == CURLMSG_DONE) return Ended(message->data.result);
  }
  return absl::OkStatus();
}

absl::Status HttpExchange::AwaitHead() {
  std::stop_callback wake(
      stop_, [this] { curl_multi_wakeup(connection_.multi.get()); });
  while (!head_complete_ && !ended_) {
    outcome_ = Drive();
    if (head_complete_ || ended_) break;
    curl_multi_poll(connection_.multi.get(), nullptr, 0, kPollMilliseconds,
                    nullptr);
  }
  // A server that refuses an upload may close before all of it was sent.
  return head_complete_ ? absl::OkStatus() : outcome_;
}

absl::StatusOr<std::size_t> HttpExchange::Read(std::span<char> buffer) {
  if (kept_offset_ < kept_.size()) {
    const std::size_t n = std::min(buffer.size(), kept_.size() - kept_offset_);
    std::memcpy(buffer.data(), kept_.data() + kept_offset_, n);
    kept_offset_ += n;
    if (kept_offset_ == kept_.size()) {
      kept_.clear();
      kept_offset_ = 0;
    }
    return n;
  }
  std::stop_callback wake(
      stop_, [this] { curl_multi_wakeup(connection_.multi.get()); });
  wanted_ = buffer;
  while (wanted_.size() == buffer.size() && !ended_) {
    outcome_ = Drive();
    if (wanted_.size() < buffer.size() || ended_) break;
    curl_multi_poll(connection_.multi.get(), nullptr, 0, kPollMilliseconds,
                    nullptr);
  }
  const std::size_t n = buffer.size() - wanted_.size();
  wanted_ = {};
  if (n > 0) return n;
  if (!outcome_.ok()) return outcome_;
  return 0;
}

bool HttpExchange::IsConnectionClean() const {
  return ended_ && outcome_.ok() && (!has_body_ || head_.ok());
}

}  // namespace windlass

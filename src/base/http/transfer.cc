#include "base/http/transfer.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/concat.h"
#include "base/file.h"
#include "base/redact_url.h"

namespace windlass {
namespace {

// Of each request in flight: small, for there are thousands.
constexpr long kReceiveBuffer = 16L << 10;

// Without brackets and zone.
std::string HostOf(CURLU* url) {
  std::string host = UrlPart(url, CURLUPART_HOST);
  if (host.size() > 1 && host.front() == '[') {
    host = host.substr(1, host.size() - 2);
  }
  return host;
}

bool IsLiteral(const std::string& host) {
  return host.find(':') != std::string::npos ||
         host.find_first_not_of("0123456789.") == std::string::npos;
}

Duration SinceStart(CURL* easy, CURLINFO info) {
  curl_off_t microseconds = 0;
  curl_easy_getinfo(easy, info, &microseconds);
  return std::chrono::microseconds(microseconds);
}

std::string VersionOf(CURL* easy) {
  long version = 0;
  curl_easy_getinfo(easy, CURLINFO_HTTP_VERSION, &version);
  switch (version) {
    case CURL_HTTP_VERSION_1_0:
      return "1.0";
    case CURL_HTTP_VERSION_1_1:
      return "1.1";
    case CURL_HTTP_VERSION_2_0:
      return "2";
    default:
      return "";
  }
}

}  // namespace

Transfer::Transfer(HttpTransfers::Id id, TransferRequest request,
                   HttpTransfers::Done done, const TransfersOptions& options)
    : id_(id),
      request_(std::move(request)),
      done_(std::move(done)),
      options_(options),
      what_(Concat(request_.method, " ", RedactUrl(request_.url))) {}

template <typename Value>
void Transfer::Set(CURLoption option, Value value) {
  const CURLcode code = curl_easy_setopt(easy_.get(), option, value);
  if (code == CURLE_OK || stopped_ != HttpFault::kNone) return;
  stopped_ = HttpFault::kInvalid;
  stopped_message_ = Concat("libcurl refuses option ", static_cast<int>(option),
                            ": ", curl_easy_strerror(code));
}

void Transfer::SetBlob(CURLoption option, const std::string& bytes) {
  curl_blob blob{.data = const_cast<char*>(bytes.data()),
                 .len = bytes.size(),
                 .flags = CURL_BLOB_COPY};
  Set(option, &blob);
}

HttpFault Transfer::Prepare() {
  easy_.reset(CurlIsReady() ? curl_easy_init() : nullptr);
  if (!easy_) {
    stopped_ = HttpFault::kInvalid;
    stopped_message_ = "libcurl cannot start: no memory";
    return stopped_;
  }
  if (!CheckUrl()) return stopped_;
  Set(CURLOPT_URL, request_.url.c_str());
  Set(CURLOPT_PRIVATE, this);
  Set(CURLOPT_PROTOCOLS_STR, "http,https");
  Set(CURLOPT_NOSIGNAL, 1L);
  Set(CURLOPT_PATH_AS_IS, 1L);
  Set(CURLOPT_BUFFERSIZE, kReceiveBuffer);
  Set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS);
  Set(CURLOPT_PROXY, request_.proxy.c_str());  // "" is none.
  Set(CURLOPT_HEADERFUNCTION, &OnHeader);
  Set(CURLOPT_HEADERDATA, this);
  Set(CURLOPT_WRITEFUNCTION, &OnBody);
  Set(CURLOPT_WRITEDATA, this);
  Set(CURLOPT_OPENSOCKETFUNCTION, &OnSocket);
  Set(CURLOPT_OPENSOCKETDATA, this);
  if (request_.decompress) Set(CURLOPT_ACCEPT_ENCODING, "");
  if (!request_.repeatable) Set(CURLOPT_FRESH_CONNECT, 1L);
  SetLimits();
  SetTls();
  SetBody();
  SetHeaders();
  Set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  return stopped_;
}

// Also what nobody can ask for: an address that is not allowed. Names are
// looked at once they are addresses, in OnSocket().
bool Transfer::CheckUrl() {
  const CurlUrl url(curl_url());
  const CURLUcode code = curl_url_set(url.get(), CURLUPART_URL,
                                      request_.url.c_str(), CURLU_PATH_AS_IS);
  const std::string scheme = UrlPart(url.get(), CURLUPART_SCHEME);
  if (code != CURLUE_OK || (scheme != "http" && scheme != "https")) {
    stopped_ = HttpFault::kInvalid;
    stopped_message_ = code != CURLUE_OK ? Concat("the URL is malformed: ",
                                                  curl_url_strerror(code))
                                         : "expected a URL of http or https";
    return false;
  }
  const std::string host = HostOf(url.get());
  if (!options_.policy.AllowsHost(host)) {
    stopped_ = HttpFault::kForbidden;
    stopped_message_ =
        Concat("requests to ", host, " are not allowed (WINDLASS_HTTP_ALLOW)");
    return false;
  }
  if (!request_.proxy.empty()) {
    resolves_ = request_.proxy;
  } else if (!IsLiteral(host)) {
    resolves_ = Concat(host, ":",
                       UrlPart(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT));
  }
  return true;
}

void Transfer::SetLimits() {
  Set(CURLOPT_CONNECTTIMEOUT_MS, CurlMilliseconds(request_.connect_timeout));
  Set(CURLOPT_LOW_SPEED_LIMIT, 1L);
  Set(CURLOPT_LOW_SPEED_TIME,
      std::max(1L, CurlMilliseconds(request_.stall_timeout) / 1000));
  if (request_.timeout > Duration::zero()) {
    Set(CURLOPT_TIMEOUT_MS, CurlMilliseconds(request_.timeout));
  }
}

void Transfer::SetTls() {
  if (!request_.verify) {
    Set(CURLOPT_SSL_VERIFYPEER, 0L);
    Set(CURLOPT_SSL_VERIFYHOST, 0L);
  }
  if (!request_.authorities.empty()) {
    SetBlob(CURLOPT_CAINFO_BLOB, request_.authorities);
  } else if (!options_.authorities.empty()) {
    Set(CURLOPT_CAINFO, options_.authorities.c_str());
  }
  if (request_.certificate.empty()) return;
  SetBlob(CURLOPT_SSLCERT_BLOB, request_.certificate);
  SetBlob(CURLOPT_SSLKEY_BLOB, request_.key);
}

void Transfer::SetHeaders() {
  // Servers say "go on" before they have checked anything: it only costs.
  headers_.reset(curl_slist_append(headers_.release(), "Expect:"));
  for (const std::string& header : request_.headers) {
    // libcurl takes "Name;" for a header without a value.
    const bool empty = header.ends_with(": ");
    const std::string line =
        empty ? Concat(header.substr(0, header.size() - 2), ";") : header;
    headers_.reset(curl_slist_append(headers_.release(), line.c_str()));
  }
  Set(CURLOPT_HTTPHEADER, headers_.get());
  const AwsSignature& signature = request_.signature;
  if (signature.access_key.empty()) return;
  Set(CURLOPT_AWS_SIGV4,
      Concat("aws:amz:", signature.region, ":", request_.aws_service).c_str());
  Set(CURLOPT_USERNAME, signature.access_key.c_str());
  Set(CURLOPT_PASSWORD, signature.secret_key.c_str());
}

void Transfer::SetBody() {
  if (!request_.parts.empty()) {
    SetParts();
  } else if (!request_.body_file.empty()) {
    SetFile(request_.body_file);
  } else if (request_.has_body && !request_.signature.access_key.empty()) {
    // What is signed must be in memory.
    Set(CURLOPT_POSTFIELDSIZE_LARGE,
        static_cast<curl_off_t>(request_.body.size()));
    Set(CURLOPT_POSTFIELDS, request_.body.c_str());
  } else if (request_.has_body) {
    Set(CURLOPT_UPLOAD, 1L);
    Set(CURLOPT_INFILESIZE_LARGE,
        static_cast<curl_off_t>(request_.body.size()));
    Set(CURLOPT_READFUNCTION, &OnSend);
    Set(CURLOPT_READDATA, this);
    Set(CURLOPT_SEEKFUNCTION, &OnSeek);
    Set(CURLOPT_SEEKDATA, this);
  } else if (request_.method == "HEAD") {
    Set(CURLOPT_NOBODY, 1L);
  }
}

void Transfer::SetFile(const std::string& path) {
  file_.reset(std::fopen(path.c_str(), "rbe"));
  struct stat about {};
  if (!file_ || fstat(fileno(file_.get()), &about) != 0) {
    stopped_ = HttpFault::kInvalid;
    stopped_message_ = Concat("open ", path, ": ", std::strerror(errno));
    return;
  }
  Set(CURLOPT_UPLOAD, 1L);
  Set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(about.st_size));
  Set(CURLOPT_READDATA, file_.get());
}

void Transfer::SetParts() {
  mime_.reset(curl_mime_init(easy_.get()));
  for (const TransferRequest::Part& part : request_.parts) {
    curl_mimepart* added = curl_mime_addpart(mime_.get());
    CURLcode code = curl_mime_name(added, part.name.c_str());
    if (code == CURLE_OK) {
      code = part.file.empty()
                 ? curl_mime_data(added, part.value.data(), part.value.size())
                 : curl_mime_filedata(added, part.file.c_str());
    }
    // After the data: of a file, that sets a name of its own.
    if (code == CURLE_OK && (!part.file.empty() || !part.filename.empty())) {
      code = curl_mime_filename(
          added, part.filename.empty() ? nullptr : part.filename.c_str());
    }
    if (code == CURLE_OK && !part.media_type.empty()) {
      code = curl_mime_type(added, part.media_type.c_str());
    }
    if (code != CURLE_OK && stopped_ == HttpFault::kNone) {
      stopped_ = HttpFault::kInvalid;
      stopped_message_ = Concat("part '", part.name,
                                "' of the body: ", curl_easy_strerror(code));
    }
  }
  Set(CURLOPT_MIMEPOST, mime_.get());
}

// --------------------------------------------------------------- callbacks

std::size_t Transfer::OnHeader(char* data, std::size_t size, std::size_t count,
                               void* self) {
  const std::string_view line(data, size * count);
  return static_cast<Transfer*>(self)->NoteHeader(line) ? line.size() : 0;
}

bool Transfer::NoteHeader(std::string_view line) {
  head_bytes_ += line.size();
  if (head_bytes_ > options_.maximum_head_bytes) {
    stopped_ = HttpFault::kTooLarge;
    stopped_message_ = Concat("the head of the answer has more than ",
                              options_.maximum_head_bytes, " bytes");
    return false;
  }
  HttpHead& head = result_.head;
  if (line.starts_with("HTTP/")) {  // A new head: after "100 Continue", say.
    head = HttpHead();
    head_complete_ = false;
    long status = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
    head.status = static_cast<int>(status);
  } else if (line == "\r\n" || line == "\n") {
    head_complete_ = head.status >= 200;
  } else if (!head_complete_) {  // Otherwise a trailer.
    head.headers.push_back(SplitHeader(line));
  }
  return true;
}

std::size_t Transfer::OnBody(char* data, std::size_t size, std::size_t count,
                             void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  const std::string_view bytes(data, size * count);
  if (!transfer.request_.on_body) return bytes.size();
  const absl::Status taken =
      transfer.request_.on_body(transfer.result_.head, bytes);
  if (taken.ok()) return bytes.size();
  transfer.stopped_ = absl::IsResourceExhausted(taken) ? HttpFault::kTooLarge
                                                       : HttpFault::kSink;
  transfer.stopped_message_ = std::string(taken.message());
  return 0;
}

std::size_t Transfer::OnSend(char* buffer, std::size_t size, std::size_t count,
                             void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  const std::string_view rest =
      std::string_view(transfer.request_.body).substr(transfer.sent_);
  const std::size_t n = std::min(rest.size(), size * count);
  if (n > 0) std::memcpy(buffer, rest.data(), n);
  transfer.sent_ += n;
  return n;
}

int Transfer::OnSeek(void* self, curl_off_t offset, int origin) {
  auto& transfer = *static_cast<Transfer*>(self);
  if (origin != SEEK_SET || offset < 0 ||
      static_cast<std::size_t>(offset) > transfer.request_.body.size()) {
    return CURL_SEEKFUNC_FAIL;
  }
  transfer.sent_ = static_cast<std::size_t>(offset);
  return CURL_SEEKFUNC_OK;
}

curl_socket_t Transfer::OnSocket(void* self, curlsocktype purpose,
                                 curl_sockaddr* address) {
  auto& transfer = *static_cast<Transfer*>(self);
  if (purpose != CURLSOCKTYPE_IPCXN) return CURL_SOCKET_BAD;
  if (!transfer.options_.policy.Allows(&address->addr)) {
    transfer.stopped_ = HttpFault::kForbidden;
    transfer.stopped_message_ = kForbiddenAddress;
    return CURL_SOCKET_BAD;
  }
  transfer.stopped_ = HttpFault::kNone;  // Another address of the same host.
  return OpenSocket(*address);
}

// ------------------------------------------------------------------ its end

HttpFault Transfer::FaultOf(CURLcode code) const {
  if (stopped_ != HttpFault::kNone) return stopped_;
  switch (code) {
    case CURLE_OK:
      return HttpFault::kNone;
    case CURLE_OPERATION_TIMEDOUT:
      return HttpFault::kTimeout;
    case CURLE_URL_MALFORMAT:
    case CURLE_BAD_FUNCTION_ARGUMENT:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_READ_ERROR:
      return HttpFault::kInvalid;
    case CURLE_SSL_CONNECT_ERROR:
      // Cut off in the middle of the handshake, or refused in it.
      return error_ != 0 ? HttpFault::kNetwork : HttpFault::kTls;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CIPHER:
    case CURLE_USE_SSL_FAILED:
      return HttpFault::kTls;
    case CURLE_UNSUPPORTED_PROTOCOL:  // HTTP/0.9; the URL was looked at before.
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
    case CURLE_BAD_CONTENT_ENCODING:
      return HttpFault::kProtocol;
    default:
      return HttpFault::kNetwork;
  }
}

void Transfer::Finish(CURLcode code) {
  CURL* easy = easy_.get();
  TransferTimes& times = result_.times;
  times.resolved = SinceStart(easy, CURLINFO_NAMELOOKUP_TIME_T);
  times.connected = SinceStart(easy, CURLINFO_CONNECT_TIME_T);
  times.secured = SinceStart(easy, CURLINFO_APPCONNECT_TIME_T);
  times.first_byte = SinceStart(easy, CURLINFO_STARTTRANSFER_TIME_T);
  times.total = SinceStart(easy, CURLINFO_TOTAL_TIME_T);
  result_.http_version = VersionOf(easy);
  long request_bytes = 0;
  curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &request_bytes);
  result_.sent = request_bytes > 0;
  char* address = nullptr;
  long port = 0;
  curl_easy_getinfo(easy, CURLINFO_PRIMARY_IP, &address);
  curl_easy_getinfo(easy, CURLINFO_PRIMARY_PORT, &port);
  if (address != nullptr && *address != '\0') {
    result_.peer = Concat(address, ":", port);
  }
  curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &error_);
  const HttpFault fault = FaultOf(code);
  if (fault == HttpFault::kNone) {
    Report(fault, "");
    return;
  }
  std::string why = !stopped_message_.empty() && stopped_ != HttpFault::kNone
                        ? stopped_message_
                        : std::string(curl_easy_strerror(code));
  if (stopped_ == HttpFault::kNone && error_ != 0) {
    why += Concat(" (", std::strerror(static_cast<int>(error_)), ")");
  }
  Report(fault, std::move(why));
}

void Transfer::Fail(HttpFault fault, std::string message) {
  Report(fault, message.empty() ? stopped_message_ : std::move(message));
}

void Transfer::Report(HttpFault fault, std::string message) {
  result_.fault = fault;
  if (!message.empty()) result_.message = Concat(what_, ": ", message);
  HttpTransfers::Done done = std::move(done_);
  done(std::move(result_));
}

}  // namespace windlass

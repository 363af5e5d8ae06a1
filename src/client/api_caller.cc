#include "client/api_caller.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/http/http_text.h"
#include "base/redact_url.h"

namespace windlass {
namespace {

// A run of a hundred thousand tasks is fifty million bytes.
constexpr std::size_t kMaximumAnswerBytes = std::size_t{512} << 20;
constexpr std::size_t kMaximumProblemBytes = std::size_t{1} << 20;

std::string BaseOf(std::string_view url) {
  while (url.ends_with('/')) url.remove_suffix(1);
  return absl::StrCat(std::string(url), "/api/v1");
}

HttpOptions OptionsOf(const ServerOptions& options) {
  HttpOptions http;
  http.authorities = options.authorities;
  http.maximum_answer_bytes = kMaximumAnswerBytes;
  return http;
}

absl::StatusCode CodeOf(int status) {
  switch (status) {
    case 401:
      return absl::StatusCode::kUnauthenticated;
    case 403:
      return absl::StatusCode::kPermissionDenied;
    case 404:
      return absl::StatusCode::kNotFound;
    case 409:
    case 412:
      return absl::StatusCode::kFailedPrecondition;
    case 501:
      return absl::StatusCode::kUnimplemented;
    case 503:
      return absl::StatusCode::kUnavailable;
    default:
      return status < 500 ? absl::StatusCode::kInvalidArgument
                          : absl::StatusCode::kInternal;
  }
}

bool IsProblem(const HttpHead& head) {
  return head.Header("content-type").starts_with("application/problem+json");
}

// The server's own words where they are those of a Windlass.
absl::Status ProblemOf(const HttpHead& head, std::string_view body,
                       const std::string& url) {
  absl::StatusOr<Json> document = Json(nullptr);
  if (IsProblem(head)) document = ParseJson(body);
  const Json* detail = document.ok() && document->is_object()
                           ? document->get_object().if_contains("detail")
                           : nullptr;
  if (detail == nullptr || !detail->is_string()) {
    return absl::UnavailableError(absl::StrCat(
        RedactUrl(url), " answered ", head.status,
        " without saying why: is it the URL of a Windlass server?"));
  }
  std::string message(detail->get_string());
  if (head.status == 401 || head.status == 403) {
    absl::StrAppend(&message, "; --token or WINDLASS_TOKEN gives one");
  }
  return absl::Status(CodeOf(head.status), message);
}

}  // namespace

std::string ApiSegment(std::string_view text) { return PercentEncode(text); }

std::string ApiQuery(
    const std::vector<std::pair<std::string, std::string>>& parameters) {
  std::string query;
  for (const auto& [name, value] : parameters) {
    if (value.empty()) continue;
    absl::StrAppend(&query, query.empty() ? "?" : "&", name, "=",
                    PercentEncode(value));
  }
  return query;
}

ApiCaller::ApiCaller(const ServerOptions& options)
    : options_(options),
      base_(BaseOf(options.url)),
      http_(OptionsOf(options)) {}

absl::Status ApiCaller::CheckUrl() const {
  const std::string& url = options_.url;
  const bool is_web =
      absl::StartsWith(url, "http://") || absl::StartsWith(url, "https://");
  if (is_web && url.find_first_of("?#") == std::string::npos) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "--server '", RedactUrl(url),
      "': expected the URL of a server, as https://windlass.example:8080"));
}

HttpRequest ApiCaller::RequestFor(const std::string& method,
                                  const std::string& path) const {
  HttpRequest request;
  request.method = method;
  request.url = base_ + path;
  if (!options_.token.empty()) {
    request.headers.push_back("Authorization: Bearer " + options_.token);
  }
  return request;
}

absl::StatusOr<Json> ApiCaller::Exchange(const HttpRequest& request) {
  auto answer = http_.Send(request);
  if (!answer.ok()) return answer.status();
  if (!answer->ok()) return ProblemOf(*answer, answer->body, base_);
  auto document = ParseJson(answer->body);
  if (document.ok()) return document;
  return absl::UnavailableError(
      absl::StrCat(RedactUrl(base_),
                   " did not answer with JSON: is it the URL of a Windlass "
                   "server?"));
}

absl::StatusOr<Json> ApiCaller::Get(const std::string& path) {
  return Exchange(RequestFor("GET", path));
}

absl::StatusOr<Json> ApiCaller::Send(const std::string& method,
                                     const std::string& path, const Json& body,
                                     Headers headers) {
  HttpRequest request = RequestFor(method, path);
  for (std::string& header : headers) {
    request.headers.push_back(std::move(header));
  }
  const std::string text = FormatJson(body);
  if (method != "DELETE") {
    request.headers.push_back("Content-Type: application/json");
    request.body = text;
  }
  return Exchange(request);
}

absl::StatusOr<std::unique_ptr<HttpDownload>> ApiCaller::Open(
    const std::string& path) {
  auto download = http_.Open(RequestFor("GET", path));
  if (!download.ok() || (*download)->head().ok()) return download;
  auto body = ReadAll(**download, kMaximumProblemBytes);
  if (!body.ok()) return body.status();
  return ProblemOf((*download)->head(), *body, base_);
}

}  // namespace windlass

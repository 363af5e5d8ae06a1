#include "server/http_message.h"

#include <algorithm>
#include <utility>

#include "absl/strings/cord.h"

namespace windlass {
namespace {

constexpr char kFieldPayload[] = "windlass/field";

std::string_view Title(int status) {
  switch (status) {
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 416:
      return "Range Not Satisfiable";
    case 429:
      return "Too Many Requests";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    default:
      return status < 500 ? "Bad Request" : "Internal Server Error";
  }
}

int HttpStatusOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
      return 400;
    case absl::StatusCode::kNotFound:
      return 404;
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kFailedPrecondition:
      return 409;
    case absl::StatusCode::kResourceExhausted:
      return 413;
    case absl::StatusCode::kUnimplemented:
      return 501;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kAborted:
      return 503;
    default:
      return 500;
  }
}

int HexValue(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

}  // namespace

HttpResponse JsonResponse(int status, const Json& document) {
  return {status, "application/json", FormatJson(document) + "\n"};
}

HttpResponse ProblemResponse(int status, std::string_view detail,
                             const std::vector<FieldError>& errors) {
  JsonObject document{{"type", "about:blank"},
                      {"title", Title(status)},
                      {"status", status},
                      {"detail", detail}};
  if (!errors.empty()) {
    JsonArray list;
    for (const FieldError& error : errors) {
      list.push_back(
          JsonObject{{"field", error.field}, {"message", error.message}});
    }
    document["errors"] = std::move(list);
  }
  HttpResponse response = JsonResponse(status, document);
  response.content_type = "application/problem+json";
  if (status == 503) response.headers.emplace_back("Retry-After", "1");
  return response;
}

HttpResponse ProblemResponse(const absl::Status& status) {
  const std::string_view message(status.message().data(),
                                 status.message().size());
  if (auto field = status.GetPayload(kFieldPayload)) {
    return FieldProblem(std::string(*field), message);
  }
  return ProblemResponse(HttpStatusOf(status.code()), message);
}

HttpResponse FieldProblem(std::string_view field, std::string_view message) {
  std::string detail(field);
  detail.append(": ").append(message);
  return ProblemResponse(400, detail,
                         {{std::string(field), std::string(message)}});
}

absl::Status FieldStatus(std::string_view field, std::string_view message) {
  absl::Status status =
      absl::InvalidArgumentError({message.data(), message.size()});
  status.SetPayload(kFieldPayload, absl::Cord({field.data(), field.size()}));
  return status;
}

std::optional<std::string> DecodePathText(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    if (text.size() - i < 3) return std::nullopt;
    const int high = HexValue(text[i + 1]);
    const int low = HexValue(text[i + 2]);
    // No text of ours has a NUL, and files and databases take it for an end.
    if (high < 0 || low < 0 || high + low == 0) return std::nullopt;
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

std::optional<std::string> DecodeQueryText(std::string_view text) {
  std::string spaced(text);
  for (char& c : spaced) {
    if (c == '+') c = ' ';
  }
  return DecodePathText(spaced);
}

std::optional<std::map<std::string, std::string>> ParseQuery(
    std::string_view text) {
  std::map<std::string, std::string> parsed;
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), pair.size() + 1));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    auto name = DecodeQueryText(pair.substr(0, equals));
    auto value =
        DecodeQueryText(pair.substr(std::min(pair.size(), equals + 1)));
    if (!name || !value) return std::nullopt;
    parsed.emplace(*std::move(name), *std::move(value));
  }
  return parsed;
}

}  // namespace windlass

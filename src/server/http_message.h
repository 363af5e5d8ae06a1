// Requests and answers of HTTP, as handlers see them.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "windlass/json.h"

namespace windlass {

struct IncomingRequest {
  std::string method;  // "GET", also for a HEAD
  std::string path;    // As it was sent, without the query: "/runs/r4%32".
  // Decoded; of a name that stands several times the first.
  std::map<std::string, std::string> query;
  std::map<std::string, std::string> headers;  // By lower-case name.
  std::string body;
  // Of the route that answers: what stands for {run} in its path, decoded.
  std::map<std::string, std::string> captured;
  std::string remote;  // The address of who asks.

  // Empty when there is none. `name` in lower case.
  std::string_view Header(const std::string& name) const {
    auto found = headers.find(name);
    return found == headers.end() ? std::string_view() : found->second;
  }
  const std::string& Captured(const std::string& name) const {
    return captured.at(name);
  }
};

// A body that is produced while it is sent.
struct HttpStream {
  // Without a size it ends when `next` says OutOfRange, and an empty piece is
  // nothing yet: `next` returns within a second in any case, so that a server
  // can stop. With a size it has so many bytes; any error cuts the answer off,
  // which the client notices.
  std::optional<std::int64_t> size;
  std::function<absl::StatusOr<std::string>()> next;
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::optional<HttpStream> stream = {};  // Instead of the body.
};

HttpResponse JsonResponse(int status, const Json& document);

// One thing that is wrong with a request.
struct FieldError {
  std::string field;  // "params.state", "count"; a header's name.
  std::string message;
};

// An error as RFC 9457 has it, application/problem+json:
// {"type": "about:blank", "title", "status", "detail", "errors": [{"field",
// "message"}]}. `errors` may be empty.
HttpResponse ProblemResponse(int status, std::string_view detail,
                             const std::vector<FieldError>& errors = {});
// Of a Status by its code; FieldStatus() names the field.
HttpResponse ProblemResponse(const absl::Status& status);
HttpResponse FieldProblem(std::string_view field, std::string_view message);
// InvalidArgument that becomes FieldProblem().
absl::Status FieldStatus(std::string_view field, std::string_view message);

// What `%41+b` of a query means; nullopt when it is malformed.
std::optional<std::string> DecodeQueryText(std::string_view text);
// The same of a path, where + is itself.
std::optional<std::string> DecodePathText(std::string_view text);
// "a=1&b=2"; nullopt when it is malformed.
std::optional<std::map<std::string, std::string>> ParseQuery(
    std::string_view text);

}  // namespace windlass

// Requests to the HTTP API of a server.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/http/http_client.h"
#include "windlass/json.h"

namespace windlass {

struct ServerOptions {
  std::string url;    // "https://windlass.example:8080"
  std::string token;  // Empty: none is sent.
  // PEM file of the authorities to trust; empty: the system's.
  std::string authorities;
};

// Path, or query value: "per_airport%5B3%5D".
std::string ApiSegment(std::string_view text);
// "?state=failed&limit=10" of those that are not empty; "" of none.
std::string ApiQuery(
    const std::vector<std::pair<std::string, std::string>>& parameters);

// What the server refuses becomes the Status that its store had, with the same
// message. Thread-safe.
class ApiCaller {
 public:
  using Headers = std::vector<std::string>;

  explicit ApiCaller(const ServerOptions& options);

  // InvalidArgument when the URL cannot be one of a server.
  absl::Status CheckUrl() const;

  // `path` is below /api/v1: "/runs".
  absl::StatusOr<Json> Get(const std::string& path);
  absl::StatusOr<Json> Send(const std::string& method, const std::string& path,
                            const Json& body, Headers headers = {});
  // A body that is read as it comes. Must not outlive this.
  absl::StatusOr<std::unique_ptr<HttpDownload>> Open(const std::string& path);

 private:
  HttpRequest RequestFor(const std::string& method,
                         const std::string& path) const;
  absl::StatusOr<Json> Exchange(const HttpRequest& request);

  const ServerOptions options_;
  const std::string base_;  // "https://windlass.example:8080/api/v1"
  HttpClient http_;
};

}  // namespace windlass

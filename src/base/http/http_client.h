// Requests over HTTP and HTTPS, by libcurl. The home of curl/.
//
// The interface is blocking and streams both ways. An answer of any status is
// an answer; a Status says why there was none: Unavailable (refused, reset, cut
// short, no such host), DeadlineExceeded (a limit of HttpOptions or
// HttpRequest passed), Cancelled (its stop token), FailedPrecondition (TLS did
// not verify the server), PermissionDenied (an address that HttpOptions::policy
// does not allow) or InvalidArgument (not a URL we can use). Messages
// hold the URL without user, password and query; headers are never shown.
//
// Connections are kept and used again, except after what leaves them in an
// unknown state: an error, an answer read only in part, and an upload that was
// refused. Some servers (Supabase Storage up to 1.70) refuse a body without
// reading it and leave the next request on that connection waiting for ever.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/http/address_policy.h"
#include "windlass/result_store.h"
#include "windlass/time.h"

namespace windlass {

// How libcurl signs a request (AWS Signature Version 4). libcurl does not bring
// the query into the order and form that is signed: write it sorted, with "="
// after every name. The header x-amz-content-sha256 must be among the
// request's.
struct AwsSignature {
  std::string region;
  std::string access_key;
  std::string secret_key;
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;  // Percent-encoded; no redirect is followed.
  std::vector<std::string> headers;  // "Name: value", in one line each.
  // Sent with its Content-Length; borrowed until the answer is there. Without
  // one, a POST, PUT or PATCH has an empty body.
  std::string_view body;
  std::optional<AwsSignature> signature;
  // Of the whole exchange, the answer's body included. Zero: only the limits
  // of HttpOptions.
  Duration timeout = Duration::zero();
  std::stop_token stop;
};

// What came before the body.
struct HttpHead {
  int status = 0;
  std::vector<std::pair<std::string, std::string>>
      headers;  // Names lower case.

  bool ok() const { return status >= 200 && status < 300; }
  // The last one of this (lower-case) name, or "".
  std::string_view Header(std::string_view name) const;
};

struct HttpAnswer : HttpHead {
  std::string body;
};

// An answer whose body is read as it comes. Destroying it before its end closes
// the connection.
class HttpDownload : public ByteSource {
 public:
  virtual const HttpHead& head() const = 0;
};

struct HttpOptions {
  Duration connect_timeout = std::chrono::seconds(10);
  // Without a byte in either direction for this long, an exchange is given up.
  Duration stall_timeout = std::chrono::seconds(30);
  // PEM file of the authorities to trust; empty: the system's.
  std::string authorities;
  // Where requests may go: anywhere without one. Elsewhere is PermissionDenied.
  std::optional<AddressPolicy> policy;
  // More of an answer that is read whole is ResourceExhausted.
  std::size_t maximum_answer_bytes = std::size_t{16} << 20;
};

// Thread-safe. Downloads must not outlive it.
class HttpClient {
 public:
  explicit HttpClient(HttpOptions options = {});
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  absl::StatusOr<HttpAnswer> Send(const HttpRequest& request);

  // Returns when the head is there.
  absl::StatusOr<std::unique_ptr<HttpDownload>> Open(
      const HttpRequest& request);

 private:
  class Pool;
  class Download;

  const HttpOptions options_;
  const std::unique_ptr<Pool> pool_;
};

}  // namespace windlass

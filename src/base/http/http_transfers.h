// Thousands of HTTP requests at a time on one thread, by libcurl's multi
// interface and epoll.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "base/http/address_policy.h"
#include "base/http/http_client.h"

namespace windlass {

// How a transfer went wrong, if there was no answer or it broke off.
enum class HttpFault : std::uint8_t {
  kNone,
  kInvalid,    // Nothing that could be sent.
  kForbidden,  // The address is not allowed.
  kNetwork,    // No such host, refused, reset, cut short.
  kTls,
  kTimeout,
  kProtocol,  // What came is not HTTP.
  kTooLarge,  // More than the request allowed.
  kSink,      // TransferRequest::on_body said no.
  kCancelled,
};

struct TransferRequest {
  std::string method = "GET";
  std::string url;                   // Percent-encoded; http or https.
  std::vector<std::string> headers;  // "Name: value"
  // Sent with its Content-Length: the text, or the file if its name is set.
  bool has_body = false;
  std::string body;
  std::string body_file;
  // Parts of multipart/form-data, instead of a body.
  struct Part {
    std::string name;
    std::string value;  // Or `file`.
    std::string file;
    std::string filename;
    std::string media_type;
  };
  std::vector<Part> parts;

  AwsSignature signature;  // None without an access key.
  std::string aws_service;
  std::string proxy;        // As a URL; empty: none, whatever the environment.
  std::string authorities;  // PEM; empty: those of the transfers.
  std::string certificate;  // PEM, ours, with its key.
  std::string key;
  bool verify = true;
  bool decompress = true;
  // May be sent again over a new connection when a kept one turns out to be
  // dead. What must not be is sent over a connection of its own.
  bool repeatable = true;

  Duration timeout = Duration::zero();  // Of everything; zero: none.
  Duration connect_timeout = std::chrono::seconds(10);
  Duration stall_timeout = std::chrono::seconds(60);
  // Of the body as it comes, once decompressed, with the head that came before;
  // on the transfers' thread, so briefly. An error ends the transfer:
  // ResourceExhausted as kTooLarge, any other as kSink.
  std::function<absl::Status(const HttpHead&, std::string_view)> on_body;
};

struct TransferTimes {
  Duration resolved{0};  // Each since the start.
  Duration connected{0};
  Duration secured{0};
  Duration first_byte{0};
  Duration total{0};
};

struct TransferResult {
  HttpFault fault = HttpFault::kNone;
  std::string message;  // For people; without what the URL may keep secret.
  HttpHead head;        // Status 0: no answer came.
  // Some of the request may have reached the server.
  bool sent = false;
  TransferTimes times;
  std::string http_version;  // "1.1", "2"
  std::string peer;          // Address and port of the server, or the proxy.
};

struct TransfersOptions {
  AddressPolicy policy;
  std::string authorities;  // PEM file; empty: the system's.
  std::size_t maximum_head_bytes = std::size_t{256} << 10;
};

// Thread-safe.
class HttpTransfers {
 public:
  explicit HttpTransfers(TransfersOptions options);
  // Cancels what is in flight: each `done` is called before it returns.
  ~HttpTransfers();
  HttpTransfers(const HttpTransfers&) = delete;
  HttpTransfers& operator=(const HttpTransfers&) = delete;

  using Id = std::uint64_t;
  // On the transfers' thread, so briefly. May begin other transfers.
  using Done = std::function<void(TransferResult)>;

  // The first one starts the thread. Follows no redirect, keeps no cookies.
  Id Begin(TransferRequest request, Done done);
  // Its `done` is called soon, if it was not yet, as kCancelled or with what
  // came first.
  void Cancel(Id id);

 private:
  class Loop;
  const std::unique_ptr<Loop> loop_;
};

}  // namespace windlass

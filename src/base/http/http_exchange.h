// One request and its answer on libcurl's handles.
#pragma once

#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/http/curl_handle.h"
#include "base/http/http_client.h"

namespace windlass {

// A multi handle keeps its connections; each serves one exchange at a time.
struct ClientConnection {
  CurlEasy easy;
  CurlMulti multi;
};

// Null when libcurl cannot make one (memory).
std::unique_ptr<ClientConnection> MakeClientConnection();

// Sends when first driven, by AwaitHead() or Read(), on the caller's thread.
// Not thread-safe.
class HttpExchange {
 public:
  // Borrows the connection and the request's body.
  HttpExchange(ClientConnection& connection, const HttpRequest& request,
               const HttpOptions& options);
  ~HttpExchange();
  HttpExchange(const HttpExchange&) = delete;
  HttpExchange& operator=(const HttpExchange&) = delete;

  absl::Status AwaitHead();
  // Up to `buffer.size()` bytes of the body; 0 is its end.
  absl::StatusOr<std::size_t> Read(std::span<char> buffer);

  const HttpHead& head() const { return head_; }
  // Whether the connection may serve another exchange.
  bool IsConnectionClean() const;

 private:
  static std::size_t OnHeader(char* data, std::size_t size, std::size_t count,
                              void* self);
  static std::size_t OnBody(char* data, std::size_t size, std::size_t count,
                            void* self);
  static std::size_t OnSend(char* buffer, std::size_t size, std::size_t count,
                            void* self);
  static curl_socket_t OnSocket(void* self, curlsocktype purpose,
                                curl_sockaddr* address);
  static int OnSeek(void* self, curl_off_t offset, int origin);

  void SetUp(const HttpRequest& request, const HttpOptions& options);
  void SetUpBody(const HttpRequest& request);
  template <typename Value>
  void Set(CURLoption option, Value value);
  void NoteHeader(std::string_view line);
  std::size_t Keep(std::string_view bytes);
  absl::Status Drive();
  absl::Status Ended(CURLcode code);

  ClientConnection& connection_;
  const std::string what_;  // "GET http://host/path", for messages.
  const std::stop_token stop_;
  CurlList headers_;

  std::string_view body_;  // Of the request; sent_ bytes are.
  std::size_t sent_ = 0;
  const bool has_body_;

  const AddressPolicy* const policy_;  // Null: none.
  bool forbidden_ = false;             // The last address that was tried.

  HttpHead head_;
  bool head_complete_ = false;
  std::span<char> wanted_;  // Where Read() wants bytes, less what it got.
  std::string kept_;        // What came beyond that, from kept_offset_.
  std::size_t kept_offset_ = 0;
  bool paused_ = false;
  bool ended_ = false;
  absl::Status outcome_;  // Once ended; also what setting up met.
};

}  // namespace windlass

// A small HTTP server for what programs ask of us, on threads of its own.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/listen_address.h"

namespace windlass {

struct HttpResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

struct HttpRoute {
  std::string path;  // "/livez", exactly.
  // Answers a GET. Called on several threads at a time.
  std::function<HttpResponse()> get;
};

// Listens from OpenHttpServer() until it is destroyed, which waits for requests
// that are being answered. Each request has a connection of its own: who asks
// seldom, like a probe, must not occupy a thread in between. A path that is
// none is 404, a body over some kilobytes 413.
class HttpServer {
 public:
  virtual ~HttpServer() = default;
  // As bound: with the real port.
  virtual const ListenAddress& address() const = 0;
};

// Unavailable when the address cannot be bound.
absl::StatusOr<std::unique_ptr<HttpServer>> OpenHttpServer(
    const ListenAddress& address, std::vector<HttpRoute> routes);

}  // namespace windlass

// A small HTTP server for what programs and people ask of us, on threads of its
// own.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/tls.h"
#include "server/listen_address.h"
#include "server/router.h"
#include "windlass/time.h"

namespace windlass {

struct HttpServerOptions {
  // How many requests are answered at a time. Enough by default that some may
  // be stuck in a slow answer while probes get theirs.
  int threads = 8;
  // Connections that may wait for a thread; others get 503 at once.
  int maximum_waiting = 64;
  // Of a request's body; more is 413 and is not read.
  std::size_t maximum_body_bytes = 4096;
  // By when the head of a request must be there, and then its body. A client
  // that does not send must not keep a thread.
  Duration head_deadline = std::chrono::seconds(2);
  Duration body_deadline = std::chrono::seconds(2);
  // Nor one that takes none of its answer for this long.
  Duration write_patience = std::chrono::seconds(2);
  // With it the server speaks HTTPS. Shared, since it outlives what made it.
  std::shared_ptr<const TlsIdentity> identity = nullptr;
  // Told of each answer before it is sent; the route is null when none was
  // found. Called on several threads at a time; may be empty.
  std::function<void(const IncomingRequest&, const Route*, int status,
                     Duration took)>
      on_answer = {};
};

// Listens from OpenHttpServer() until it is destroyed, which waits for requests
// that are being answered. Each request has a connection of its own: who asks
// seldom, like a probe, must not occupy a thread in between. Whatever is wrong
// with a request is answered as ProblemResponse() does.
class HttpServer {
 public:
  virtual ~HttpServer() = default;
  // As bound: with the real port.
  virtual const ListenAddress& address() const = 0;
};

// Unavailable when the address cannot be bound.
absl::StatusOr<std::unique_ptr<HttpServer>> OpenHttpServer(
    const ListenAddress& address, Router router,
    const HttpServerOptions& options = {});

}  // namespace windlass

// `windlass server`: the API over a store, and how the server itself is:
//
//   /livez        200 "ok" while it answers at all
//   /readyz       200 "ok"; 503 while the store does not answer
//   /metrics      Prometheus text; with tokens for those who may read
//   /api/v1/...   the API
//   /             the web page, which is made of the API
//
// It keeps nothing that the store does not have, so any number of servers may
// stand side by side on one store, and may be stopped at any time.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "base/log.h"
#include "server/access.h"
#include "server/api_route.h"
#include "server/http_server.h"
#include "server/listen_address.h"

namespace windlass {

class Clock;

struct ApiServerParts {
  ApiParts api;            // But for what the server has itself.
  Clock* clock = nullptr;  // Borrowed.
  AccessTokens tokens;
  // Every answer is a line at debug, one that is our fault a warning. Neither
  // has a query, a header or a body in it.
  Logger log;
  int connections = 64;
  std::shared_ptr<const TlsIdentity> identity = nullptr;  // Null: plain HTTP.
  std::size_t maximum_body_bytes = 16 * 1024 * 1024;
};

class ApiServer {
 public:
  virtual ~ApiServer() = default;
  virtual const ListenAddress& address() const = 0;
};

// FailedPrecondition when others could reach it and there are no tokens,
// Unavailable when the address cannot be bound.
absl::StatusOr<std::unique_ptr<ApiServer>> OpenApiServer(
    const ListenAddress& address, ApiServerParts parts);

}  // namespace windlass

// What an HTTP server answers, as Prometheus metrics.
#pragma once

#include <memory>
#include <vector>

#include "server/router.h"
#include "windlass/time.h"

namespace prometheus {
struct MetricFamily;
}

namespace windlass {

// windlass_http_requests_total and windlass_http_request_seconds, by the path
// of the route ("/api/v1/runs/{run}"), which bounds their number. Thread-safe.
class HttpMetrics {
 public:
  HttpMetrics();
  ~HttpMetrics();

  // `route` is null when there was none to answer.
  void Count(const Route* route, int status, Duration took);

  std::vector<prometheus::MetricFamily> Collect() const;

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace windlass

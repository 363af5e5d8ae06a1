#include "server/http_metrics.h"

#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <string>

namespace windlass {

class HttpMetrics::Impl {
 public:
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& requests =
      prometheus::BuildCounter()
          .Name("windlass_http_requests_total")
          .Help("Requests answered, by route and status; route none: refused.")
          .Register(registry);
  prometheus::Family<prometheus::Histogram>& seconds =
      prometheus::BuildHistogram()
          .Name("windlass_http_request_seconds")
          .Help("From the head of a request until its answer is known.")
          .Register(registry);
};

HttpMetrics::HttpMetrics() : impl_(std::make_unique<Impl>()) {}
HttpMetrics::~HttpMetrics() = default;

void HttpMetrics::Count(const Route* route, int status, Duration took) {
  static const prometheus::Histogram::BucketBoundaries buckets{
      0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
  const std::string path = route == nullptr ? "none" : route->path;
  const std::string method = route == nullptr ? "none" : route->method;
  impl_->requests
      .Add({{"method", method},
            {"route", path},
            {"status", std::to_string(status)}})
      .Increment();
  impl_->seconds.Add({{"route", path}}, buckets)
      .Observe(std::chrono::duration<double>(took).count());
}

std::vector<prometheus::MetricFamily> HttpMetrics::Collect() const {
  return impl_->registry.Collect();
}

}  // namespace windlass

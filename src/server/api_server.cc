#include "server/api_server.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <iterator>
#include <mutex>
#include <utility>

#include "server/api.h"
#include "server/event_feed.h"
#include "server/fleet_metrics.h"
#include "server/http_metrics.h"
#include "server/process_metrics.h"
#include "server/web_page.h"
#include "windlass/clock.h"

namespace windlass {
namespace {

using prometheus::MetricFamily;

void Append(std::vector<MetricFamily>& all, std::vector<MetricFamily> more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()),
             std::make_move_iterator(more.end()));
}

class HttpApiServer : public ApiServer {
 public:
  explicit HttpApiServer(ApiServerParts parts)
      : parts_(std::move(parts)),
        fleet_(*parts_.api.store, *parts_.clock),
        // A listener keeps a thread: others must get theirs.
        feed_(*parts_.api.store, *parts_.clock,
              std::max(1, parts_.connections / 2)) {
    parts_.api.events = &feed_;
    parts_.api.clock = parts_.clock;
    parts_.api.maximum_followers = std::max(1, parts_.connections / 4);
  }

  absl::Status Open(const ListenAddress& address) {
    if (auto status = CheckMayListen(address, parts_.tokens); !status.ok()) {
      return status;
    }
    std::vector<Route> routes = ApiRoutes(parts_.api);
    for (Route& route : WebRoutes()) routes.push_back(std::move(route));
    routes.push_back(
        {"GET", "/livez", [](auto&) { return HttpResponse{.body = "ok\n"}; }});
    routes.push_back({"GET", "/readyz", [this](auto&) { return Readyz(); }});
    routes.push_back(
        {"GET", "/metrics", [this](auto&) { return Metrics(); }, Role::kRead});
    auto server = OpenHttpServer(
        address, Router(std::move(routes), MakeGate(parts_.tokens)),
        {.threads = parts_.connections,
         .maximum_waiting = parts_.connections,
         .maximum_body_bytes = parts_.maximum_body_bytes,
         .head_deadline = std::chrono::seconds(5),
         .body_deadline = std::chrono::seconds(30),
         .write_patience = std::chrono::seconds(10),
         .identity = parts_.identity,
         .on_answer = [this](const IncomingRequest& request, const Route* route,
                             int status, Duration took) {
           Note(request, route, status, took);
         }});
    if (!server.ok()) return server.status();
    fleet_.Start();
    feed_.Start();
    server_ = *std::move(server);
    return absl::OkStatus();
  }

  const ListenAddress& address() const override { return server_->address(); }

 private:
  HttpResponse Readyz() {
    // A store that hangs is to cost one thread, not one for each probe.
    std::unique_lock lock(asking_, std::try_to_lock);
    if (!lock.owns_lock()) {
      return ProblemResponse(503, "the store has not answered yet");
    }
    if (auto now = parts_.api.store->Now(); !now.ok()) {
      return ProblemResponse(503, "the store does not answer");
    }
    return {.body = "ok\n"};
  }

  HttpResponse Metrics() {
    std::vector<MetricFamily> families = metrics_.Collect();
    Append(families, fleet_.Collect());
    Append(families, CollectProcessMetrics());
    return {200, "text/plain; version=0.0.4; charset=utf-8",
            prometheus::TextSerializer().Serialize(families)};
  }

  void Note(const IncomingRequest& request, const Route* route, int status,
            Duration took) {
    metrics_.Count(route, status, took);
    const LogLevel level = status >= 500 ? LogLevel::kWarn : LogLevel::kDebug;
    parts_.log.Log(level, "answered",
                   {{"method", request.method},
                    {"path", ShownPath(request, route)},
                    {"status", status},
                    {"took", took},
                    {"remote", request.remote}});
  }

  // Who knows what is in a path may be allowed something by it.
  static std::string ShownPath(const IncomingRequest& request,
                               const Route* route) {
    const bool hidden = request.path.starts_with("/api/v1/callbacks/");
    if (!hidden) return request.path;
    return route == nullptr ? "/api/v1/callbacks/***" : route->path;
  }

  ApiServerParts parts_;
  HttpMetrics metrics_;
  FleetMetrics fleet_;
  EventFeed feed_;
  std::mutex asking_;                   // Held while the store is asked.
  std::unique_ptr<HttpServer> server_;  // Goes first: it uses all of the rest.
};

}  // namespace

absl::StatusOr<std::unique_ptr<ApiServer>> OpenApiServer(
    const ListenAddress& address, ApiServerParts parts) {
  auto server = std::make_unique<HttpApiServer>(std::move(parts));
  if (auto status = server->Open(address); !status.ok()) return status;
  return server;
}

}  // namespace windlass

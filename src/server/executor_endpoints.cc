#include "server/executor_endpoints.h"

#include <prometheus/text_serializer.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <iterator>
#include <mutex>
#include <string>
#include <utility>

#include "base/concat.h"
#include "server/broker_metrics.h"
#include "server/executor_health.h"
#include "server/executor_metrics.h"
#include "server/fleet_metrics.h"
#include "server/gauges.h"
#include "server/http_server.h"
#include "server/process_metrics.h"
#include "windlass/clock.h"
#include "windlass/version.h"

namespace windlass {
namespace {

using prometheus::MetricFamily;

// A clock that was set by less is corrected by NTP as it goes.
constexpr Duration kClockJump = std::chrono::seconds(5);

HttpResponse Verdict(const std::vector<HealthReason>& reasons,
                     std::string_view bad) {
  if (reasons.empty()) return {.body = "ok\n"};
  return JsonResponse(503, {{"status", bad}, {"reasons", ToJson(reasons)}});
}

double Seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

void Append(std::vector<MetricFamily>& all, std::vector<MetricFamily> more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()),
             std::make_move_iterator(more.end()));
}

MetricFamily SlotsFamily(const BaseExecutor& executor) {
  MetricFamily slots =
      MakeFamily("windlass_slots", "Slots of this executor, by state.");
  // A handler that ignores its stop request keeps a thread, not a slot.
  const int all = executor.config().slots;
  const int busy = std::min(executor.busy_slots(), all);
  AddSample(slots, busy, {{"state", "busy"}});
  AddSample(slots, all - busy, {{"state", "free"}});
  return slots;
}

MetricFamily CapacityFamily(const char* name, const char* help, double all,
                            double reserved) {
  MetricFamily family = MakeFamily(name, help);
  AddSample(family, reserved, {{"state", "reserved"}});
  AddSample(family, all - reserved, {{"state", "free"}});
  return family;
}

// Of an executor that admits by what tasks reserve.
std::vector<MetricFamily> CapacityFamilies(const BaseExecutor& executor) {
  const ResourceSpec& all = executor.config().capacity;
  const ResourceSpec reserved = executor.reserved();
  std::vector<MetricFamily> families;
  if (all.memory_bytes > 0) {
    families.push_back(CapacityFamily(
        "windlass_capacity_memory_bytes",
        "Memory that tasks of this executor may reserve, by state.",
        static_cast<double>(all.memory_bytes),
        static_cast<double>(reserved.memory_bytes)));
  }
  if (all.cpu > 0) {
    families.push_back(CapacityFamily(
        "windlass_capacity_cpus",
        "Processors that tasks of this executor may reserve, by state.",
        all.cpu, reserved.cpu));
  }
  return families;
}

JsonObject ToJson(const BaseExecutor::Loop& loop) {
  return {{"age_seconds", Seconds(loop.age)},
          {"deadline_seconds", Seconds(loop.deadline)},
          {"wedged", loop.wedged()}};
}

class HttpEndpoints : public ExecutorEndpoints {
 public:
  explicit HttpEndpoints(ExecutorEndpointsParts parts)
      : parts_(std::move(parts)),
        fleet_(*parts_.store, *parts_.clock),
        started_at_(parts_.clock->Now()),
        started_steady_(parts_.clock->Steady()) {}

  absl::Status Open(const ListenAddress& address) {
    auto server = OpenHttpServer(
        address,
        Router({{"GET", "/livez", [this](auto&) { return Livez(); }},
                {"GET", "/readyz", [this](auto&) { return Readyz(); }},
                {"GET", "/metrics", [this](auto&) { return Metrics(); }},
                {"GET", "/diagnostics",
                 [this](auto&) { return Diagnostics(); }}}));
    if (!server.ok()) return server.status();
    fleet_.Start();
    server_ = *std::move(server);
    return absl::OkStatus();
  }

  void Attach(const BaseExecutor& executor) override { executor_ = &executor; }
  const ListenAddress& address() const override { return server_->address(); }

 private:
  HttpResponse Livez() const {
    const BaseExecutor* executor = executor_;
    if (executor == nullptr) return Verdict({}, "");
    return Verdict(WhyNotAlive(executor->liveness()), "not alive");
  }

  // Without its broker an executor still polls: ready, and says so.
  HttpResponse Readyz() const {
    HttpResponse response = Verdict(WhyNotReadyNow(), "not ready");
    const auto broker = Broker();
    if (response.status != 200 || !broker) return response;
    response.body = Concat("ok; broker: ", Word(*broker), "\n");
    return response;
  }

  std::optional<BrokerStatus> Broker() const {
    return parts_.broker ? parts_.broker() : std::nullopt;
  }

  static std::string_view Word(const BrokerStatus& status) {
    const BrokerLink& link =
        status.consuming ? status.consuming->link : status.publishing;
    if (link.connected)
      return status.publishing.blocked ? "blocked" : "connected";
    return link.connects == 0 && link.last_error.empty() ? "not used yet"
                                                         : "disconnected";
  }

  std::vector<HealthReason> WhyNotReadyNow() const {
    const BaseExecutor* executor = executor_;
    if (executor == nullptr) return {{"executor", "starting"}};
    return WhyNotReady(executor->liveness(), executor->readiness());
  }

  HttpResponse Metrics() {
    std::vector<MetricFamily> families = parts_.metrics->Collect();
    const BaseExecutor* executor = executor_;
    if (executor != nullptr) {
      families.push_back(SlotsFamily(*executor));
      Append(families, CapacityFamilies(*executor));
    }
    Append(families, fleet_.Collect());
    Append(families, CollectProcessMetrics());
    if (auto broker = Broker()) Append(families, CollectBrokerMetrics(*broker));
    return {200, "text/plain; version=0.0.4; charset=utf-8",
            prometheus::TextSerializer().Serialize(families)};
  }

  HttpResponse Diagnostics() {
    // The checks write a probe, and may wait for a store that does not answer.
    std::unique_lock lock(diagnosing_, std::try_to_lock);
    if (!lock.owns_lock()) {
      return JsonResponse(503, {{"error", "a diagnosis is under way"}});
    }
    std::vector<Finding> findings = parts_.diagnose();
    lock.unlock();
    findings.push_back(CheckClockJump());
    return JsonResponse(200, Document(findings));
  }

  Finding CheckClockJump() const {
    const Duration wall = parts_.clock->Now() - started_at_;
    const Duration jump = wall - (parts_.clock->Steady() - started_steady_);
    if (std::chrono::abs(jump) < kClockJump) {
      return {Finding::Level::kOk, "clock", "no jump since the start", ""};
    }
    return {Finding::Level::kWarning, "clock",
            Concat("it was set ", jump < Duration::zero() ? "back" : "forward",
                   " by ", FormatDuration(std::chrono::abs(jump)),
                   " since the start"),
            "leases follow the store's clock, but times in logs are wrong; run "
            "a time service such as chrony"};
  }

  JsonObject Document(const std::vector<Finding>& findings) const {
    JsonArray found;
    bool healthy = true;
    for (const Finding& one : findings) {
      healthy = healthy && one.level != Finding::Level::kProblem;
      found.push_back(JsonObject{{"check", one.check},
                                 {"level", Name(one.level)},
                                 {"detail", one.detail},
                                 {"advice", one.advice}});
    }
    const std::vector<HealthReason> unready = WhyNotReadyNow();
    JsonObject document{
        {"version", kVersion},
        {"pid", getpid()},
        {"started_at", FormatTimestamp(started_at_)},
        {"uptime_seconds", Seconds(parts_.clock->Steady() - started_steady_)},
        {"ready", unready.empty()},
        {"not_ready", windlass::ToJson(unready)},
        {"healthy", healthy},
        {"findings", std::move(found)},
        {"settings", parts_.settings}};
    if (auto broker = Broker()) {
      document["broker"] = windlass::ToJson(*broker);
    }
    if (const BaseExecutor* executor = executor_) AddTo(document, *executor);
    return document;
  }

  static void AddTo(JsonObject& document, const BaseExecutor& executor) {
    const BaseExecutor::Liveness liveness = executor.liveness();
    document["executor"] = executor.config().name;
    document["slots"] = JsonObject{{"total", executor.config().slots},
                                   {"busy", executor.busy_slots()}};
    document["liveness"] =
        JsonObject{{"claim_loop", ToJson(liveness.claim_loop)},
                   {"finisher", ToJson(liveness.finisher)},
                   {"heartbeat", ToJson(liveness.heartbeat)}};
  }

  const ExecutorEndpointsParts parts_;
  FleetMetrics fleet_;
  const Timestamp started_at_;
  const Duration started_steady_;
  std::atomic<const BaseExecutor*> executor_ = nullptr;
  std::mutex diagnosing_;               // Held while parts_.diagnose runs.
  std::unique_ptr<HttpServer> server_;  // Goes first: it uses all of the rest.
};

}  // namespace

absl::StatusOr<std::unique_ptr<ExecutorEndpoints>> OpenExecutorEndpoints(
    const ListenAddress& address, ExecutorEndpointsParts parts) {
  auto endpoints = std::make_unique<HttpEndpoints>(std::move(parts));
  if (auto status = endpoints->Open(address); !status.ok()) return status;
  return endpoints;
}

}  // namespace windlass

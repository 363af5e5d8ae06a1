// /api/v1/executors, /queues, /limits, /circuits, /statistics

#include <utility>

#include "model/documents.h"
#include "server/api.h"

namespace windlass {
namespace {

// A GET of what `list` of the store gives.
template <typename Records>
ApiHandler Lists(Store& store, absl::StatusOr<Records> (FleetQueries::*list)(),
                 JsonObject (*document)(const Records&)) {
  return [&store, list, document](ApiCall&) -> absl::StatusOr<HttpResponse> {
    auto records = (store.*list)();
    if (!records.ok()) return records.status();
    return JsonResponse(200, document(*records));
  };
}

using Change = absl::Status (FleetControl::*)(const std::string&);

// A POST that does something to the thing that `named` in the path names, which
// is `done` then.
ApiHandler Changes(Store& store, Change change, std::string done,
                   std::string named = "name") {
  return [&store, change, done = std::move(done), named = std::move(named)](
             ApiCall& call) -> absl::StatusOr<HttpResponse> {
    const std::string& name = call.request.Captured(named);
    if (auto status = (store.*change)(name); !status.ok()) return status;
    return JsonResponse(200, JsonObject{{"name", name}, {"state", done}});
  };
}

absl::StatusOr<HttpResponse> Statistics(Store& store) {
  auto now = store.Now();
  if (!now.ok()) return now.status();
  auto counts = store.CountRuns();
  if (!counts.ok()) return counts.status();
  return JsonResponse(
      200, JsonObject{{"now", FormatTimestamp(*now)},
                      {"runs", JsonObject{{"running", counts->running},
                                          {"succeeded", counts->succeeded},
                                          {"failed", counts->failed},
                                          {"cancelled", counts->cancelled}}}});
}

RouteDescription Changing(std::string id, std::string summary) {
  return {.id = std::move(id),
          .summary = std::move(summary),
          .request = "Nothing",
          .response = "Changed"};
}

}  // namespace

std::vector<ApiRoute> FleetRoutes(const ApiParts& parts) {
  Store& store = *parts.store;
  return {
      {"GET",
       "/executors",
       Role::kRead,
       {.id = "listExecutors",
        .summary = "Executors and whether they live",
        .response = "Executors"},
       Lists(store, &FleetQueries::ListExecutors, ExecutorsDocument)},
      {"POST", "/executors/{name}/drain", Role::kAdmin,
       Changing("drainExecutor",
                "Tell an executor to finish what it has and stop"),
       Changes(store, &FleetControl::Drain, "draining")},
      {"GET",
       "/queues",
       Role::kRead,
       {.id = "listQueues",
        .summary = "Queues and their depth",
        .response = "Queues"},
       Lists(store, &FleetQueries::ListQueues, QueuesDocument)},
      {"POST", "/queues/{name}/pause", Role::kAdmin,
       Changing("pauseQueue", "Claim nothing from a queue"),
       Changes(store, &FleetControl::PauseQueue, "paused")},
      {"POST", "/queues/{name}/resume", Role::kAdmin,
       Changing("resumeQueue", "Claim from a queue again"),
       Changes(store, &FleetControl::ResumeQueue, "open")},
      {"GET",
       "/limits",
       Role::kRead,
       {.id = "listLimits",
        .summary = "Keys of concurrency and rate_limit, and who waits for them",
        .response = "Limits"},
       Lists(store, &FleetQueries::ListLimits, LimitsDocument)},
      {"GET",
       "/circuits",
       Role::kRead,
       {.id = "listCircuits",
        .summary = "Circuit breakers, and who waits for them",
        .response = "Circuits"},
       Lists(store, &FleetQueries::ListCircuits, CircuitsDocument)},
      {"POST", "/circuits/{key}/reset", Role::kAdmin,
       Changing("resetCircuit", "Close a circuit breaker"),
       Changes(store, &FleetControl::ResetCircuit, "closed", "key")},
      {"GET",
       "/statistics",
       Role::kRead,
       {.id = "showStatistics",
        .summary = "The store's time, and how many runs are in which state",
        .response = "Statistics"},
       [&store](ApiCall&) { return Statistics(store); }},
  };
}

}  // namespace windlass

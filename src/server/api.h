// The HTTP API: what people and programs do to runs and to the fleet, as the
// commands do. docs/guides/server.md; the OpenAPI document says it field by
// field.
#pragma once

#include <vector>

#include "server/api_route.h"

namespace windlass {

// /runs and what is below a run.
std::vector<ApiRoute> RunRoutes(const ApiParts& parts);
std::vector<ApiRoute> TaskRoutes(const ApiParts& parts);
// /runs/{run}/tasks/{task}/logs
std::vector<ApiRoute> LogRoutes(const ApiParts& parts);
// /runs/{run}/definition, /definitions.
std::vector<ApiRoute> DefinitionRoutes(const ApiParts& parts);
// /executors, /queues, /limits, /circuits, /statistics.
std::vector<ApiRoute> FleetRoutes(const ApiParts& parts);
std::vector<ApiRoute> DeadLetterRoutes(const ApiParts& parts);
std::vector<ApiRoute> ScheduleRoutes(const ApiParts& parts);
std::vector<ApiRoute> CallbackRoutes(const ApiParts& parts);
std::vector<ApiRoute> WorkflowRoutes(const ApiParts& parts);
std::vector<ApiRoute> EventRoutes(const ApiParts& parts);

// All of them and /openapi.json, which describes them.
std::vector<Route> ApiRoutes(const ApiParts& parts);

}  // namespace windlass

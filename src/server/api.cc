#include "server/api.h"

#include <iterator>
#include <utility>

#include "server/openapi.h"

namespace windlass {
namespace {

void Append(std::vector<ApiRoute>& all, std::vector<ApiRoute> more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()),
             std::make_move_iterator(more.end()));
}

ApiRoute DescriptionRoute(std::shared_ptr<const std::string> text) {
  return {
      "GET",
      "/openapi.json",
      Role::kNone,
      {.id = "describe", .summary = "This description", .response = "OpenApi"},
      [text = std::move(text)](ApiCall&) -> absl::StatusOr<HttpResponse> {
        return HttpResponse{200, "application/json", *text};
      }};
}

}  // namespace

std::vector<Route> ApiRoutes(const ApiParts& parts) {
  std::vector<ApiRoute> routes = RunRoutes(parts);
  Append(routes, TaskRoutes(parts));
  Append(routes, LogRoutes(parts));
  Append(routes, DefinitionRoutes(parts));
  Append(routes, FleetRoutes(parts));
  Append(routes, DeadLetterRoutes(parts));
  Append(routes, ScheduleRoutes(parts));
  Append(routes, CallbackRoutes(parts));
  Append(routes, WorkflowRoutes(parts));
  Append(routes, EventRoutes(parts));
  // Shared with its handler: it describes itself too.
  auto description = std::make_shared<std::string>();
  routes.push_back(DescriptionRoute(description));
  std::vector<Route> made = MakeRoutes(std::move(routes));
  *description = FormatJson(OpenApiDocument(made)) + "\n";
  return made;
}

}  // namespace windlass

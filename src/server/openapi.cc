#include "server/openapi.h"

#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "base/concat.h"
#include "server/api_route.h"
#include "windlass/version.h"

namespace windlass {
namespace {

JsonObject Reference(std::string_view schema) {
  return {{"$ref", Concat("#/components/schemas/", schema)}};
}

JsonObject Content(std::string_view media_type, JsonObject schema) {
  JsonObject content;
  content[media_type] = JsonObject{{"schema", std::move(schema)}};
  return content;
}

JsonArray Parameters(const Route& route) {
  JsonArray parameters;
  for (std::size_t at = route.path.find('{'); at != std::string::npos;
       at = route.path.find('{', at + 1)) {
    parameters.push_back(JsonObject{
        {"name", route.path.substr(at + 1, route.path.find('}', at) - at - 1)},
        {"in", "path"},
        {"required", true},
        {"schema", JsonObject{{"type", "string"}}}});
  }
  for (const RouteParameter& parameter : route.about.parameters) {
    parameters.push_back(
        JsonObject{{"name", parameter.name},
                   {"in", parameter.in},
                   {"description", parameter.description},
                   {"schema", JsonObject{{"type", parameter.type}}}});
  }
  return parameters;
}

JsonObject Responses(const RouteDescription& about) {
  JsonObject responses;
  for (const int status : about.statuses) {
    responses[std::to_string(status)] = JsonObject{
        {"description", about.summary},
        {"content",
         Content(about.media_type, about.response.empty()
                                       ? JsonObject()
                                       : Reference(about.response))}};
  }
  responses["default"] = JsonObject{
      {"description", "What is wrong"},
      {"content", Content("application/problem+json", Reference("Problem"))}};
  return responses;
}

JsonObject Operation(const Route& route) {
  const RouteDescription& about = route.about;
  JsonObject operation{{"operationId", about.id},
                       {"summary", about.summary},
                       {"x-windlass-role", Name(route.role)},
                       {"parameters", Parameters(route)},
                       {"responses", Responses(about)}};
  if (!about.request.empty()) {
    operation["requestBody"] = JsonObject{
        {"required", true},
        {"content", Content("application/json", Reference(about.request))}};
  }
  if (route.role == Role::kNone) operation["security"] = JsonArray();
  return operation;
}

}  // namespace

Json OpenApiDocument(const std::vector<Route>& routes) {
  JsonObject paths;
  for (const Route& route : routes) {
    if (route.about.id.empty()) continue;
    Json& path = paths[route.path];
    if (!path.is_object()) path = JsonObject();
    path.as_object()[absl::AsciiStrToLower(route.method)] = Operation(route);
  }
  return JsonObject{
      {"openapi", "3.1.0"},
      {"info",
       JsonObject{{"title", "Windlass"},
                  {"version", kVersion},
                  {"description",
                   "Runs of workflows and the fleet that executes them. Errors "
                   "are application/problem+json. A token's role, read, write "
                   "or admin, must be at least the x-windlass-role of what is "
                   "asked."}}},
      {"security", JsonArray{JsonObject{{"token", JsonArray()}}}},
      {"paths", std::move(paths)},
      {"components",
       JsonObject{{"schemas", ApiSchemas()},
                  {"securitySchemes",
                   JsonObject{{"token", JsonObject{{"type", "http"},
                                                   {"scheme", "bearer"}}}}}}}};
}

}  // namespace windlass

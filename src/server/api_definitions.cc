// /api/v1/definitions and what a run is defined by

#include <utility>

#include "model/documents.h"
#include "server/api.h"

namespace windlass {
namespace {

absl::StatusOr<HttpResponse> OfRun(Store& store, const ApiCall& call) {
  auto run = RunOf(call);
  if (!run.ok()) return run.status();
  auto info = store.GetRunInfo(*run);
  if (!info.ok()) return info.status();
  return JsonResponse(200,
                      JsonObject{{"run_id", FormatRunId(*run)},
                                 {"definition", (*info)->workflow->document}});
}

Json ParamDocument(const ParamSpec& param) {
  JsonObject document{{"name", param.name}, {"schema", param.schema}};
  if (param.default_value) document["default"] = *param.default_value;
  return document;
}

absl::StatusOr<HttpResponse> Check(const ApiParts& parts, const ApiCall& call) {
  std::optional<HttpResponse> problem;
  auto workflow = ReadDefinition(parts, call, problem);
  if (!workflow.ok()) return workflow.status();
  if (problem) return *std::move(problem);
  JsonArray params;
  for (const ParamSpec& param : (*workflow)->params) {
    params.push_back(ParamDocument(param));
  }
  return JsonResponse(200, JsonObject{{"workflow", (*workflow)->name},
                                      {"params", std::move(params)},
                                      {"definition", (*workflow)->document}});
}

}  // namespace

std::vector<ApiRoute> DefinitionRoutes(const ApiParts& parts) {
  Store& store = *parts.store;
  return {
      {"GET",
       "/runs/{run}/definition",
       Role::kRead,
       {.id = "showDefinition",
        .summary = "The definition that a run has pinned",
        .response = "RunDefinition"},
       [&store](ApiCall& call) { return OfRun(store, call); }},
      {"POST",
       "/definitions/check",
       Role::kRead,
       {.id = "checkDefinition",
        .summary = "Whether a definition could be submitted, and its params",
        .request = "CheckDefinition",
        .response = "CheckedDefinition"},
       [parts](ApiCall& call) { return Check(parts, call); }}};
}

}  // namespace windlass

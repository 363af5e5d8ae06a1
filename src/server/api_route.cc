#include "server/api_route.h"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <limits>
#include <optional>
#include <utility>

#include "api_schemas.h"
#include "base/concat.h"
#include "model/documents.h"
#include "model/json_schema.h"
#include "model/stored_workflow.h"

namespace windlass {
namespace {

constexpr char kBase[] = "/api/v1";

std::optional<HttpResponse> CheckQuery(const RouteDescription& about,
                                       const IncomingRequest& request) {
  for (const auto& given : request.query) {
    const std::string& name = given.first;
    const auto known = [&name](const RouteParameter& parameter) {
      return parameter.in == "query" && parameter.name == name;
    };
    if (std::none_of(about.parameters.begin(), about.parameters.end(), known)) {
      return FieldProblem(name, "unknown parameter");
    }
  }
  return std::nullopt;
}

// A body that is to fit a schema.
class BodyReader {
 public:
  explicit BodyReader(const std::string& schema) {
    if (schema.empty()) return;
    const Json whole = JsonObject{
        {"allOf",
         JsonArray{JsonObject{{"$ref", "#/components/schemas/" + schema}}}},
        {"components", JsonObject{{"schemas", ApiSchemas()}}}};
    auto compiled = JsonSchema::Compile(whole);
    assert(compiled.ok());
    // Shared by the copies of the route's handler.
    schema_ = std::make_shared<const JsonSchema>(*std::move(compiled));
  }

  std::optional<HttpResponse> Read(const IncomingRequest& request,
                                   JsonObject& body) const {
    if (schema_ == nullptr) return std::nullopt;
    Json json = JsonObject();
    if (!request.body.empty()) {
      auto parsed = ParseJson(request.body);
      if (!parsed.ok()) return FieldProblem("body", Message(parsed.status()));
      json = *std::move(parsed);
    }
    const std::vector<SchemaViolation> violations = schema_->Check(json);
    if (!violations.empty()) return Refusal(violations);
    body = std::move(json.as_object());
    return std::nullopt;
  }

 private:
  static std::string_view Message(const absl::Status& status) {
    return {status.message().data(), status.message().size()};
  }

  static HttpResponse Refusal(const std::vector<SchemaViolation>& violations) {
    std::vector<FieldError> errors;
    for (const SchemaViolation& one : violations) {
      errors.push_back({one.path.empty() ? "body" : one.path, one.message});
    }
    return ProblemResponse(
        400, Concat(errors.front().field, ": ", errors.front().message),
        errors);
  }

  std::shared_ptr<const JsonSchema> schema_;
};

HttpResponse DefinitionProblem(const std::vector<Problem>& problems) {
  const Problem& first = problems.front();
  HttpResponse response =
      ProblemResponse(400, Concat("the definition: ", FormatProblem(first)));
  Json document = *ParseJson(response.body);
  JsonArray errors;
  for (const Problem& problem : problems) {
    errors.push_back(ProblemDocument(problem));
  }
  document.as_object()["errors"] = std::move(errors);
  response.body = FormatJson(document) + "\n";
  return response;
}

std::optional<int> StatedVersion(const ApiCall& call) {
  const Json* version = call.body.if_contains("version");
  if (version == nullptr) return std::nullopt;
  // More than there can be is a version that is not there.
  return static_cast<int>(std::min<double>(version->to_number<double>(),
                                           std::numeric_limits<int>::max()));
}

LoadedWorkflow LoadGiven(const Json& definition, const LoadOptions& options) {
  if (definition.is_object()) return ParseWorkflow(definition, options);
  const auto& text = definition.as_string();
  return ParseWorkflow(std::string_view(text.data(), text.size()), options);
}

}  // namespace

const JsonObject& ApiSchemas() {
  static const JsonObject schemas =
      ParseJson(api_schemas::kApiSchemas)->as_object();
  return schemas;
}

std::vector<Route> MakeRoutes(std::vector<ApiRoute> routes) {
  std::vector<Route> made;
  for (ApiRoute& route : routes) {
    const auto answer = [about = route.about, handle = std::move(route.handle),
                         reader = BodyReader(route.about.request)](
                            const IncomingRequest& request) {
      if (auto refusal = CheckQuery(about, request)) return *refusal;
      ApiCall call{request, {}};
      if (auto refusal = reader.Read(request, call.body)) return *refusal;
      auto response = handle(call);
      return response.ok() ? *std::move(response)
                           : ProblemResponse(response.status());
    };
    made.push_back({std::move(route.method), kBase + route.path, answer,
                    route.role, std::move(route.about)});
  }
  return made;
}

absl::StatusOr<RunId> RunOf(const ApiCall& call) {
  auto run = ParseRunId(call.request.Captured("run"));
  if (run.ok()) return run;
  return FieldStatus(
      "run", {run.status().message().data(), run.status().message().size()});
}

absl::StatusOr<int> LimitOf(const ApiCall& call, int fallback, int most) {
  const std::string text = QueryText(call, "limit");
  if (text.empty()) return fallback;
  int limit = 0;
  auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), limit);
  if (error == std::errc() && end == text.data() + text.size() && limit >= 1 &&
      limit <= most) {
    return limit;
  }
  return FieldStatus("limit", Concat("expected a number from 1 to ", most));
}

std::string QueryText(const ApiCall& call, const std::string& name) {
  auto found = call.request.query.find(name);
  return found == call.request.query.end() ? "" : found->second;
}

std::string BodyText(const ApiCall& call, std::string_view name) {
  const Json* value = call.body.if_contains(name);
  return value == nullptr ? "" : std::string(value->as_string());
}

absl::StatusOr<std::shared_ptr<const Workflow>> ReadDefinition(
    const ApiParts& parts, const ApiCall& call,
    std::optional<HttpResponse>& problem) {
  LoadOptions options = parts.load;
  options.file = "definition";
  if (const Json* types = call.body.if_contains("allow_types")) {
    for (const Json& type : types->as_array()) {
      options.task_types.emplace_back(type.as_string());
    }
  }
  LoadedWorkflow loaded = LoadGiven(call.body.at("definition"), options);
  if (!loaded.ok()) {
    problem = DefinitionProblem(loaded.problems);
    return nullptr;
  }
  return std::move(loaded.workflow);
}

absl::StatusOr<int> VersionOf(std::string_view field, std::string_view text) {
  int version = 0;
  auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), version);
  if (error == std::errc() && end == text.data() + text.size() &&
      version >= 1) {
    return version;
  }
  return FieldStatus(field, "expected the number of a version, as 3");
}

absl::StatusOr<SubmitRequest> ReadGivenRun(
    const ApiParts& parts, const ApiCall& call, const std::string& name,
    std::optional<HttpResponse>& problem) {
  SubmitRequest request;
  if (call.body.contains("definition")) {
    if (call.body.contains("version")) {
      return FieldStatus("version", "a definition has none");
    }
    auto workflow = ReadDefinition(parts, call, problem);
    if (!workflow.ok()) return workflow.status();
    if (problem) return request;
    request.workflow = *std::move(workflow);
  } else {
    auto stored = parts.store->GetWorkflow(name, StatedVersion(call));
    if (!stored.ok()) return stored.status();
    request = RequestFor(*stored);
  }
  if (call.body.contains("base_dir")) {
    request.base_dir = BodyText(call, "base_dir");
  }
  const Json* given = call.body.if_contains("params");
  auto params = CheckParams(*request.workflow,
                            given == nullptr ? Json(JsonObject()) : *given);
  if (!params.ok()) {
    return FieldStatus("params", {params.status().message().data(),
                                  params.status().message().size()});
  }
  request.params = *std::move(params);
  return request;
}

}  // namespace windlass

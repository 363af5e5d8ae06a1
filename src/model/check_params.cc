// The params of a run against those its workflow declares.
#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "base/concat.h"
#include "model/definition/suggest.h"
#include "model/json_schema.h"
#include "windlass/load.h"

namespace windlass {
namespace {

std::vector<std::string> NamesOf(const Workflow& workflow) {
  std::vector<std::string> names;
  for (const ParamSpec& param : workflow.params) names.push_back(param.name);
  return names;
}

void CheckNames(const Workflow& workflow, const JsonObject& params,
                std::vector<std::string>& problems) {
  std::vector<std::string> names = NamesOf(workflow);
  for (const auto& member : params) {
    std::string name(member.key());
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    std::string nearest = Nearest(name, names);
    problems.push_back(Concat(
        "unknown param '", name, "'",
        nearest.empty() ? "" : Concat("; did you mean '", nearest, "'?")));
  }
}

void CheckValue(const ParamSpec& param, const Json& value,
                std::vector<std::string>& problems) {
  auto schema = JsonSchema::Compile(param.schema);
  if (!schema.ok()) {
    problems.push_back(Concat("param '", param.name,
                              "': ", std::string(schema.status().message())));
    return;
  }
  for (const SchemaViolation& violation : schema->Check(value)) {
    std::string where =
        violation.path.empty() ? "" : Concat(violation.path, ": ");
    problems.push_back(
        Concat("param '", param.name, "': ", where, violation.message));
  }
}

}  // namespace

absl::StatusOr<Json> CheckParams(const Workflow& workflow, const Json& params) {
  if (!params.is_object() && !params.is_null()) {
    return absl::InvalidArgumentError("params: expected an object");
  }
  JsonObject given;
  if (params.is_object()) given = params.get_object();
  std::vector<std::string> problems;
  CheckNames(workflow, given, problems);
  JsonObject checked;
  for (const ParamSpec& param : workflow.params) {
    if (const Json* value = given.if_contains(param.name)) {
      CheckValue(param, *value, problems);
      checked[param.name] = *value;
    } else if (param.default_value) {
      checked[param.name] = *param.default_value;
    } else {
      problems.push_back(
          Concat("param '", param.name, "' is missing and has no default"));
    }
  }
  if (!problems.empty()) {
    return absl::InvalidArgumentError(
        Concat("params: ", absl::StrJoin(problems, "; ")));
  }
  return Json(std::move(checked));
}

}  // namespace windlass

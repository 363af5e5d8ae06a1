// The `params` of a workflow: their fragments, defaults and checks.
#include <algorithm>

#include "base/concat.h"
#include "model/definition/draft.h"
#include "model/json_schema.h"

namespace windlass {
namespace {

// What draft-07 knows, so that a misspelt keyword does not pass silently.
const std::vector<std::string>& Keywords() {
  static const std::vector<std::string> keywords = {"type",
                                                    "default",
                                                    "title",
                                                    "description",
                                                    "examples",
                                                    "enum",
                                                    "const",
                                                    "minimum",
                                                    "maximum",
                                                    "exclusiveMinimum",
                                                    "exclusiveMaximum",
                                                    "multipleOf",
                                                    "minLength",
                                                    "maxLength",
                                                    "pattern",
                                                    "format",
                                                    "items",
                                                    "additionalItems",
                                                    "minItems",
                                                    "maxItems",
                                                    "uniqueItems",
                                                    "contains",
                                                    "properties",
                                                    "patternProperties",
                                                    "additionalProperties",
                                                    "propertyNames",
                                                    "required",
                                                    "minProperties",
                                                    "maxProperties",
                                                    "dependencies",
                                                    "allOf",
                                                    "anyOf",
                                                    "oneOf",
                                                    "not",
                                                    "if",
                                                    "then",
                                                    "else",
                                                    "definitions",
                                                    "$ref",
                                                    "$comment",
                                                    "contentEncoding",
                                                    "contentMediaType",
                                                    "readOnly",
                                                    "writeOnly"};
  return keywords;
}

bool IsTypeName(std::string_view text) {
  constexpr std::string_view kTypes[] = {"string",  "integer", "number",
                                         "boolean", "array",   "object"};
  return std::find(std::begin(kTypes), std::end(kTypes), text) !=
         std::end(kTypes);
}

bool ReportNoFragment(const Json& value, const Path& path, Problems& problems) {
  std::string suggestion = "write {type: string}";
  if (!value.is_null()) {
    std::string text = JsonToText(value);
    suggestion = IsTypeName(text)
                     ? Concat("write {type: ", text, "}")
                     : "write {default: ...} to give it a default value";
  }
  problems.Add(path,
               Concat("expected a JSON Schema such as {type: string}, got ",
                      Describe(value)),
               std::move(suggestion));
  return false;
}

bool CheckKeywords(const JsonObject& fragment, const Path& path,
                   Problems& problems) {
  bool ok = true;
  for (const auto& member : fragment) {
    std::string name(member.key());
    const auto& known = Keywords();
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    if (name.substr(0, 2) == "x-") continue;
    problems.AddAtKey(path.Member(name),
                      Concat("unknown JSON Schema keyword '", name, "'"),
                      problems.DidYouMean(name, known));
    ok = false;
  }
  const Json* required = fragment.if_contains("required");
  if (required != nullptr && required->is_bool()) {
    problems.AddAtKey(path.Member("required"),
                      "expected a list of names, got " + Describe(*required),
                      "remove it: a param without a default is required");
    ok = false;
  }
  return ok;
}

bool CheckDefault(const JsonSchema& schema, const Json& value, const Path& path,
                  Problems& problems) {
  auto violations = schema.Check(value);
  for (const SchemaViolation& violation : violations) {
    std::string where =
        violation.path.empty() ? "" : Concat(violation.path, ": ");
    problems.Add(path.Member("default"),
                 Concat("the default does not fit the param's own schema: ",
                        where, violation.message));
  }
  return violations.empty();
}

bool ReadParam(const Json& value, const Path& path, ParamSpec& out,
               Problems& problems) {
  if (!value.is_object()) return ReportNoFragment(value, path, problems);
  if (!CheckKeywords(value.get_object(), path, problems)) return false;
  JsonObject fragment = value.get_object();
  if (const Json* default_value = fragment.if_contains("default")) {
    out.default_value = *default_value;
    fragment.erase("default");
  }
  auto schema = JsonSchema::Compile(fragment);
  if (!schema.ok()) {
    problems.Add(path, Concat("this is no JSON Schema: ",
                              std::string(schema.status().message())));
    return false;
  }
  out.schema = std::move(fragment);
  return !out.default_value ||
         CheckDefault(*schema, *out.default_value, path, problems);
}

}  // namespace

bool Params::Read(const Json& value, const Path& path,
                  std::vector<ParamSpec>& out, Problems& problems) const {
  if (!value.is_object()) return Expected("a mapping", value, path, problems);
  for (const auto& member : value.get_object()) {
    ParamSpec param;
    param.name = std::string(member.key());
    Path at = path.Member(param.name);
    std::string expected;
    if (!Name{Name::Kind::kTask}.Check(param.name, expected)) {
      problems.AddAtKey(at, Concat(expected, ", got '", param.name, "'"));
    }
    // One that is wrong is kept too: expressions may still name it.
    ReadParam(member.value(), at, param, problems);
    out.push_back(std::move(param));
  }
  return true;
}

Json Params::Schema(Definitions& definitions) const {
  JsonObject keywords;
  for (const std::string& keyword : Keywords()) keywords[keyword] = true;
  keywords["required"] =
      JsonObject{{"type", "array"}, {"items", {{"type", "string"}}}};
  keywords["type"] = JsonObject{{"type", {"string", "array"}}};
  definitions["param"] = JsonObject{
      {"description",
       "A JSON Schema (draft-07) of the param's value. A param without "
       "`default` is required."},
      {"type", "object"},
      {"additionalProperties", false},
      {"patternProperties", {{"^x-", true}}},
      {"properties", std::move(keywords)}};
  return JsonObject{
      {"type", "object"},
      {"propertyNames", Name{Name::Kind::kTask}.Schema(definitions)},
      {"additionalProperties", ReferenceTo("param")}};
}

}  // namespace windlass

#include "model/definition/object_type.h"

#include <algorithm>

#include "absl/strings/str_join.h"
#include "base/concat.h"
#include "model/definition/suggest.h"

namespace windlass {
namespace {

using Synonyms = std::vector<std::pair<std::string, std::string>>;

bool Contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string SuggestField(std::string_view name,
                         const std::vector<std::string>& known,
                         const Synonyms& synonyms, Problems& problems) {
  std::string snake = ToSnakeCase(name);
  if (Contains(known, snake)) return Concat("write '", snake, "'");
  std::string guess = problems.DidYouMean(name, known);
  if (!guess.empty()) return guess;
  for (const auto& [synonym, field] : synonyms) {
    if (synonym == snake) return Concat("write '", field, "'");
  }
  return Concat("known here: ", absl::StrJoin(known, ", "));
}

}  // namespace

void ReportUnknownFields(const JsonObject& object, const Path& path,
                         const std::vector<std::string>& known,
                         const Synonyms& synonyms, Problems& problems) {
  for (const auto& member : object) {
    std::string name(member.key());
    if (Contains(known, name)) continue;
    problems.AddAtKey(path.Member(name), Concat("unknown field '", name, "'"),
                      SuggestField(name, known, synonyms, problems));
  }
}

void ReportMissing(const std::string& field, const Path& path,
                   Problems& problems) {
  problems.AddAtKey(path, Concat("'", field, "' is missing"),
                    Concat("add '", field, ":'"));
}

Json ObjectSchema(std::string_view doc, JsonObject properties,
                  JsonArray required) {
  JsonObject schema;
  schema["description"] = boost::json::string_view(doc.data(), doc.size());
  schema["type"] = "object";
  schema["additionalProperties"] = false;
  if (!required.empty()) schema["required"] = std::move(required);
  schema["properties"] = std::move(properties);
  return schema;
}

}  // namespace windlass

// The published JSON Schema, from the same tables as the parser.
#include "model/definition/draft.h"

namespace windlass {
namespace {

std::string MakeSchema() {
  Definitions definitions;
  SchemaOf(WorkflowFileType(), definitions);
  Json root = definitions["workflow"];
  definitions.erase("workflow");
  JsonObject schema = {
      {"$schema", "http://json-schema.org/draft-07/schema#"},
      {"title", "Windlass workflow"},
  };
  for (const auto& member : root.get_object()) {
    schema[member.key()] = member.value();
  }
  schema["definitions"] = std::move(definitions);
  return FormatJsonPretty(schema) + "\n";
}

}  // namespace

std::string_view WorkflowSchema() {
  static const std::string schema = MakeSchema();
  return schema;
}

}  // namespace windlass

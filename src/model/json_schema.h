// JSON Schema draft-07: checks that a value has the shape a schema describes.
//
// All keywords of draft-07 that assert something are known; `format`, `title`
// and other annotations are ignored. Patterns are RE2, so a hostile value
// cannot make matching slow. `$ref` may point anywhere in the schema, by
// pointer or `$id`, to documents that were given, and to the meta-schema;
// nothing is fetched.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/cel/regex.h"
#include "windlass/json.h"

namespace windlass {

struct SchemaViolation {
  std::string path;     // "rows[3].price"; empty for the value itself.
  std::string message;  // "expected a number, got 'x' (text)"
};

// As errors have them in their details: [{"path", "message"}, ...].
JsonArray ToJson(const std::vector<SchemaViolation>& violations);

// A compiled schema. Immutable: any number of threads may check with it.
class JsonSchema {
 public:
  // InvalidArgument names what is wrong and where in the schema. `documents`,
  // by URI, are what `$ref` may point to besides; those in use are copied.
  static absl::StatusOr<JsonSchema> Compile(
      const Json& schema, const std::map<std::string, Json>& documents = {});

  JsonSchema(JsonSchema&&) noexcept;
  JsonSchema& operator=(JsonSchema&&) noexcept;
  ~JsonSchema();

  // Empty if `value` fits; at most 100 violations otherwise.
  std::vector<SchemaViolation> Check(const Json& value) const;

 private:
  JsonSchema();
  friend class SchemaCompiler;
  friend class SchemaChecker;

  // On the heap, as map nodes are, so that pointers into the schemas survive
  // moves.
  std::unique_ptr<Json> schema_;
  std::map<std::string, std::shared_ptr<const cel::Regex>> patterns_;
  std::map<std::string, Json> documents_;
  // By the object that holds the `$ref`.
  std::map<const JsonObject*, const Json*> references_;
};

}  // namespace windlass

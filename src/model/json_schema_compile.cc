// The compiling half of JsonSchema.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "base/concat.h"
#include "model/json_schema.h"
#include "model/schema_values.h"
#include "model/uri.h"
#include "schemas.h"

namespace windlass {
namespace {

constexpr int kMaximumDepth = 300;
constexpr std::string_view kMetaSchema =
    "http://json-schema.org/draft-07/schema";

}  // namespace

// Checks every keyword's own value, compiles patterns, resolves references.
class SchemaCompiler {
 public:
  SchemaCompiler(JsonSchema& out, const std::map<std::string, Json>& given)
      : out_(out), given_(given) {}

  absl::Status CompileAll() {
    absl::Status status = CompileDocument(*out_.schema_, "", "");
    while (status.ok() && !references_.empty()) {
      const Reference reference = std::move(references_.back());
      references_.pop_back();
      status = Resolve(reference);
    }
    return status;
  }

 private:
  // A `$ref`: the object it stands in, and what its text is relative to.
  struct Reference {
    const JsonObject* holder;
    std::string uri;
    std::string at;
  };
  // A schema and the URI that references in it are relative to.
  struct Based {
    const Json* schema;
    std::string base;
  };

  absl::Status CompileDocument(const Json& document, const std::string& uri,
                               const std::string& at) {
    known_.emplace(uri, Based{&document, uri});
    return Compile(document, {.at = at, .base = uri, .depth = 0});
  }

  // Where the compiler is.
  struct Place {
    std::string at;    // "/properties/a", for messages.
    std::string base;  // URI that `$ref` is relative to.
    int depth = 0;

    Place Below(std::string_view step) const {
      return {Concat(at, "/", step), base, depth + 1};
    }
  };

  absl::Status Compile(const Json& schema, Place place) {
    if (place.depth > kMaximumDepth) {
      return Bad(place.at, "it is nested too deeply");
    }
    if (schema.is_bool()) return absl::OkStatus();
    if (!schema.is_object()) {
      return Bad(place.at, Concat("expected an object or a boolean, got ",
                                  Brief(schema)));
    }
    if (!compiled_.insert(&schema).second) return absl::OkStatus();
    place.base = NameSchema(schema, place.base);
    const JsonObject& keywords = schema.get_object();
    for (const auto& member : keywords) {
      std::string keyword(member.key());
      absl::Status status =
          keyword == "$ref"
              ? AddReference(keywords, member.value(), place.Below(keyword))
              : CompileKeyword(keyword, member.value(), place.Below(keyword));
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  // What `$id` makes of the base, unless a `$ref` beside it makes it nothing.
  static std::string BaseOf(const Json& schema, const std::string& base) {
    const JsonObject* object = schema.if_object();
    const Json* id = object == nullptr ? nullptr : object->if_contains("$id");
    if (id == nullptr || !id->is_string() || object->contains("$ref")) {
      return base;
    }
    return ResolveUri(base, ViewOf(id->get_string()));
  }

  // Notes the name that `$id` gives the schema, a place in its document
  // ("#name") or a URI of its own, which is then the base of what is below.
  std::string NameSchema(const Json& schema, const std::string& base) {
    std::string uri = BaseOf(schema, base);
    if (uri == base) return base;
    auto [document, fragment] = SplitFragment(uri);
    if (fragment.empty()) uri = document;
    known_.emplace(uri, Based{&schema, document});
    return document;
  }

  static absl::Status Bad(const std::string& at, std::string_view what) {
    return absl::InvalidArgumentError(
        Concat(at.empty() ? "schema" : at.substr(1), ": ", what));
  }

  static bool IsIn(std::string_view keyword,
                   std::initializer_list<std::string_view> keywords) {
    return std::find(keywords.begin(), keywords.end(), keyword) !=
           keywords.end();
  }

  absl::Status CompileKeyword(const std::string& keyword, const Json& value,
                              const Place& place) {
    if (IsIn(keyword, {"not", "if", "then", "else", "contains", "propertyNames",
                       "additionalItems", "additionalProperties"})) {
      return Compile(value, place);
    }
    if (IsIn(keyword, {"allOf", "anyOf", "oneOf"}) ||
        (keyword == "items" && value.is_array())) {
      return CompileList(value, place);
    }
    if (keyword == "items") return Compile(value, place);
    if (IsIn(keyword, {"properties", "patternProperties", "definitions"})) {
      return CompileMembers(keyword, value, place);
    }
    if (keyword == "dependencies") return CompileDependencies(value, place);
    if (keyword == "pattern") return CompilePattern(value, place.at);
    return CheckPlain(keyword, value, place.at);
  }

  absl::Status CompileList(const Json& list, const Place& place) {
    if (!list.is_array()) return Bad(place.at, "expected a list of schemas");
    for (std::size_t i = 0; i < list.get_array().size(); ++i) {
      absl::Status status =
          Compile(list.get_array()[i], place.Below(Concat(i)));
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status CompileMembers(const std::string& keyword, const Json& members,
                              const Place& place) {
    if (!members.is_object()) {
      return Bad(place.at, "expected an object of schemas");
    }
    for (const auto& member : members.get_object()) {
      std::string name(member.key());
      if (keyword == "patternProperties") {
        absl::Status status = AddPattern(name, place.at);
        if (!status.ok()) return status;
      }
      absl::Status status = Compile(member.value(), place.Below(name));
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status CompileDependencies(const Json& value, const Place& place) {
    if (!value.is_object()) return Bad(place.at, "expected an object");
    for (const auto& member : value.get_object()) {
      const Place below = place.Below(std::string(member.key()));
      absl::Status status = member.value().is_array()
                                ? CheckNames(member.value(), below.at)
                                : Compile(member.value(), below);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status CompilePattern(const Json& value, const std::string& at) {
    if (!value.is_string()) return Bad(at, "expected a regular expression");
    return AddPattern(std::string(value.get_string()), at);
  }

  absl::Status AddPattern(const std::string& pattern, const std::string& at) {
    auto compiled = cel::Regex::Compile(pattern);
    if (!compiled.ok()) {
      return Bad(at, Concat("bad regular expression '", pattern,
                            "': ", std::string(compiled.status().message()),
                            " (RE2 syntax, without look-around and back "
                            "references)"));
    }
    out_.patterns_[pattern] = *std::move(compiled);
    return absl::OkStatus();
  }

  absl::Status AddReference(const JsonObject& holder, const Json& value,
                            const Place& place) {
    if (!value.is_string()) {
      return Bad(place.at, "expected text such as '#/definitions/x'");
    }
    references_.push_back({&holder,
                           ResolveUri(place.base, ViewOf(value.get_string())),
                           place.at});
    return absl::OkStatus();
  }

  absl::Status Resolve(const Reference& reference) {
    const auto [document, fragment] = SplitFragment(reference.uri);
    absl::Status status = Know(document, reference.at);
    if (!status.ok()) return status;
    std::optional<Based> target;
    if (const auto named = known_.find(reference.uri); named != known_.end()) {
      target = named->second;
    } else if (const auto root = known_.find(document); root != known_.end()) {
      target = Follow(root->second, fragment);
    }
    if (!target ||
        !(target->schema->is_object() || target->schema->is_bool())) {
      return Bad(reference.at,
                 Concat("'", reference.uri,
                        "' is nowhere in this schema; expected a reference "
                        "such as '#/definitions/x', or to a known document"));
    }
    out_.references_[reference.holder] = target->schema;
    // It may stand outside of what keywords reach.
    return Compile(*target->schema,
                   {.at = reference.at, .base = target->base, .depth = 0});
  }

  // Takes in the document of that URI, should it be one of those given.
  absl::Status Know(const std::string& uri, const std::string& at) {
    if (known_.contains(uri)) return absl::OkStatus();
    const auto given = given_.find(uri);
    Json document;
    if (given != given_.end()) {
      document = given->second;
    } else if (uri == kMetaSchema) {
      auto parsed = ParseJson(schemas::kDraft07);
      if (!parsed.ok()) return parsed.status();
      document = *std::move(parsed);
    } else {
      return absl::OkStatus();
    }
    const auto kept = out_.documents_.emplace(uri, std::move(document)).first;
    return CompileDocument(kept->second, uri, at);
  }

  // The value that a pointer such as "/definitions/a~1b" names below `from`.
  static std::optional<Based> Follow(Based from, std::string_view pointer) {
    if (pointer.empty()) return from;
    if (pointer[0] != '/') return std::nullopt;
    pointer.remove_prefix(1);
    for (absl::string_view part : absl::StrSplit(
             absl::string_view(pointer.data(), pointer.size()), '/')) {
      from.schema = Step(*from.schema,
                         absl::StrReplaceAll(part, {{"~1", "/"}, {"~0", "~"}}));
      if (from.schema == nullptr) return std::nullopt;
      from.base = SplitFragment(BaseOf(*from.schema, from.base)).first;
    }
    return from;
  }

  static const Json* Step(const Json& at, const std::string& step) {
    if (at.is_object()) return at.get_object().if_contains(step);
    std::size_t index = 0;
    const bool is_item = at.is_array() && absl::SimpleAtoi(step, &index) &&
                         index < at.get_array().size();
    return is_item ? &at.get_array()[index] : nullptr;
  }

  static absl::Status CheckNames(const Json& value, const std::string& at) {
    bool names = value.is_array() &&
                 std::all_of(value.get_array().begin(), value.get_array().end(),
                             [](const Json& name) { return name.is_string(); });
    return names ? absl::OkStatus() : Bad(at, "expected a list of names");
  }

  static absl::Status CheckType(const Json& value, const std::string& at) {
    constexpr std::string_view kTypes =
        "null, boolean, integer, number, string, array or object";
    JsonArray one{value};
    const JsonArray& types = value.is_array() ? value.get_array() : one;
    for (const Json& type : types) {
      bool known =
          type.is_string() && IsIn(ViewOf(type.get_string()),
                                   {"null", "boolean", "integer", "number",
                                    "string", "array", "object"});
      if (!known) {
        return Bad(at, Concat("expected ", kTypes, ", got ", Brief(type)));
      }
    }
    return absl::OkStatus();
  }

  static absl::Status CheckPlain(const std::string& keyword, const Json& value,
                                 const std::string& at) {
    if (keyword == "type") return CheckType(value, at);
    if (keyword == "required") return CheckNames(value, at);
    if (keyword == "enum" && !value.is_array()) {
      return Bad(at, "expected a list of values");
    }
    if (IsIn(keyword, {"minimum", "maximum", "exclusiveMinimum",
                       "exclusiveMaximum", "multipleOf"}) &&
        !value.is_number()) {
      return Bad(at, Concat("expected a number, got ", Brief(value)));
    }
    if (keyword == "multipleOf" && ToDouble(value) <= 0) {
      return Bad(at, "expected a number above 0");
    }
    if (IsIn(keyword, {"minLength", "maxLength", "minItems", "maxItems",
                       "minProperties", "maxProperties"}) &&
        (!IsInteger(value) || ToDouble(value) < 0)) {
      return Bad(at,
                 Concat("expected a whole number from 0, got ", Brief(value)));
    }
    if (keyword == "uniqueItems" && !value.is_bool()) {
      return Bad(at, Concat("expected true or false, got ", Brief(value)));
    }
    return absl::OkStatus();
  }

  JsonSchema& out_;
  const std::map<std::string, Json>& given_;
  std::map<std::string, Based> known_;  // By URI, "#name" of its own included.
  std::set<const Json*> compiled_;
  std::vector<Reference> references_;  // Not yet resolved.
};

absl::StatusOr<JsonSchema> JsonSchema::Compile(
    const Json& schema, const std::map<std::string, Json>& documents) {
  JsonSchema out;
  out.schema_ = std::make_unique<Json>(schema);
  absl::Status status = SchemaCompiler(out, documents).CompileAll();
  if (!status.ok()) return status;
  return out;
}

}  // namespace windlass

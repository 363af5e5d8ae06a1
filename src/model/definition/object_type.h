// Mappings with known fields, described by a table: the parser and the
// published schema both come from it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "model/definition/field_types.h"

namespace windlass {

enum class Presence : std::uint8_t { kOptional, kRequired };

template <typename Owner>
struct Field {
  std::string name;
  std::string doc;  // One or two sentences, for editors.
  Presence presence = Presence::kOptional;
  std::function<Json(Definitions&)> schema;
  std::function<void(const Json&, const Path&, Owner&, Problems&)> read;
};

template <typename Owner>
struct ObjectType {
  std::string name;  // Of its definition in the schema.
  std::string doc;
  std::vector<Field<Owner>> fields;  // Read in this order.
  // Names people use for a field, for suggestions: {"needs", "depends_on"}.
  std::vector<std::pair<std::string, std::string>> synonyms;
};

// The parts of ReadObject() that do not depend on the owner's type.
void ReportUnknownFields(
    const JsonObject& object, const Path& path,
    const std::vector<std::string>& known,
    const std::vector<std::pair<std::string, std::string>>& synonyms,
    Problems& problems);
void ReportMissing(const std::string& field, const Path& path,
                   Problems& problems);
Json ObjectSchema(std::string_view doc, JsonObject properties,
                  JsonArray required);

// Sets the fields that are there, and leaves the others as they are. False if
// `value` is no mapping; problems inside it are reported and survived.
template <typename Owner>
bool ReadObject(const ObjectType<Owner>& type, const Json& value,
                const Path& path, Owner& out, Problems& problems) {
  if (!value.is_object()) return Expected("a mapping", value, path, problems);
  const JsonObject& object = value.get_object();
  std::size_t found = 0;
  for (const auto& field : type.fields) {
    if (const Json* member = object.if_contains(field.name)) {
      field.read(*member, path.Member(field.name), out, problems);
      ++found;
    } else if (field.presence == Presence::kRequired) {
      ReportMissing(field.name, path, problems);
    }
  }
  if (found == object.size()) return true;
  std::vector<std::string> known;
  for (const auto& field : type.fields) known.push_back(field.name);
  ReportUnknownFields(object, path, known, type.synonyms, problems);
  return true;
}

// Adds the type to `definitions` and refers to it.
template <typename Owner>
Json SchemaOf(const ObjectType<Owner>& type, Definitions& definitions) {
  if (!definitions.contains(type.name)) {
    definitions[type.name] = nullptr;  // Keeps the place in the order.
    JsonObject properties;
    JsonArray required;
    for (const auto& field : type.fields) {
      Json schema = field.schema(definitions);
      // draft-07 ignores what stands beside a $ref.
      if (schema.get_object().contains("$ref")) {
        schema = JsonObject{{"allOf", JsonArray{std::move(schema)}}};
      }
      schema.get_object()["description"] = field.doc;
      properties[field.name] = std::move(schema);
      if (field.presence == Presence::kRequired) {
        required.push_back(boost::json::string_view(field.name));
      }
    }
    definitions[type.name] =
        ObjectSchema(type.doc, std::move(properties), std::move(required));
  }
  return ReferenceTo(type.name);
}

// A field that is a mapping of its own.
template <typename T>
struct Nested {
  const ObjectType<T>* type;
  bool Read(const Json& value, const Path& path, T& out,
            Problems& problems) const {
    return ReadObject(*type, value, path, out, problems);
  }
  Json Schema(Definitions& definitions) const {
    return SchemaOf(*type, definitions);
  }
};

// The same, or `true` for all its defaults; `false` is as if it were not there.
template <typename T>
struct NestedOrTrue {
  const ObjectType<T>* type;
  bool Read(const Json& value, const Path& path, T& out,
            Problems& problems) const {
    if (value.is_bool()) return value.get_bool();
    return ReadObject(*type, value, path, out, problems);
  }
  Json Schema(Definitions& definitions) const {
    return JsonObject{{"anyOf", JsonArray{SchemaOf(*type, definitions),
                                          JsonObject{{"type", "boolean"}}}}};
  }
};

template <typename T>
struct ValueOf {
  using Type = T;
};
template <typename T>
struct ValueOf<std::optional<T>> {
  using Type = T;
};

// A field that replaces what the member held.
template <typename Owner, typename Member, typename Type>
Field<Owner> MakeField(std::string name, Member Owner::*member, Type type,
                       std::string doc,
                       Presence presence = Presence::kOptional) {
  Field<Owner> field{std::move(name), std::move(doc), presence, {}, {}};
  field.schema = [type](Definitions& definitions) {
    return type.Schema(definitions);
  };
  field.read = [type, member](const Json& value, const Path& path, Owner& owner,
                              Problems& problems) {
    typename ValueOf<Member>::Type fresh{};
    if (type.Read(value, path, fresh, problems)) {
      owner.*member = std::move(fresh);
    }
  };
  return field;
}

// A mapping whose fields are set one by one over what the member held.
template <typename Owner, typename Member, typename Type>
Field<Owner> MakeMergedField(std::string name, Member Owner::*member, Type type,
                             std::string doc) {
  Field<Owner> field = MakeField(std::move(name), member, type, std::move(doc));
  field.read = [type, member](const Json& value, const Path& path, Owner& owner,
                              Problems& problems) {
    type.Read(value, path, owner.*member, problems);
  };
  return field;
}

}  // namespace windlass

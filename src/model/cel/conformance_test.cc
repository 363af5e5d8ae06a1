// The language against the public CEL conformance suite, which is not part of
// this repository: `make cel-conformance` fetches it and names its cases to
// this test in WINDLASS_CEL_CASES (tools/cel_conformance.mjs writes the file).
// Skipped without it; what the suite taught us stands in the tests beside.

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "model/cel/compare.h"
#include "model/cel/expression.h"
#include "model/cel/output.h"
#include "model/cel/time_text.h"

namespace windlass::cel {
namespace {

Value FromSuite(const Json& json);

std::string TextOf(const Json& json) { return std::string(json.as_string()); }

Value DoubleOf(const Json& json) {
  if (!json.is_string()) return Value::Double(json.to_number<double>());
  double number = 0;
  EXPECT_TRUE(absl::SimpleAtod(TextOf(json), &number)) << FormatJson(json);
  return Value::Double(number);
}

Value BytesOf(const Json& json) {
  std::string bytes;
  EXPECT_TRUE(absl::Base64Unescape(TextOf(json), &bytes)) << FormatJson(json);
  return Value::Bytes(bytes);
}

Value TypeOf(const std::string& name) {
  for (int i = 0; i <= static_cast<int>(Kind::kType); ++i) {
    Kind kind = static_cast<Kind>(i);
    if (CelTypeName(kind) == name) return Value::Type(kind);
  }
  ADD_FAILURE() << "unknown type " << name;
  return Value();
}

// The members a list or map keeps under `name`, which an empty one omits.
JsonArray Members(const Json& json, std::string_view name) {
  const Json* members = json.as_object().if_contains(name);
  return members == nullptr ? JsonArray() : members->as_array();
}

Value ListOf(const Json& json) {
  std::vector<Value> items;
  for (const Json& item : Members(json, "values")) {
    items.push_back(FromSuite(item));
  }
  return Value::OfList(List(std::move(items)));
}

Value MapOf(const Json& json) {
  std::vector<Map::Entry> entries;
  for (const Json& entry : Members(json, "entries")) {
    entries.emplace_back(FromSuite(entry.at("key")),
                         FromSuite(entry.at("value")));
  }
  return Value::OfMap(Map::Of(std::move(entries)).value());
}

Value TimeOf(const Json& json) {
  std::string text = TextOf(json.at("value"));
  if (TextOf(json.at("@type")).ends_with("Timestamp")) {
    return Value::OfTimestamp(ParseTime(text).value());
  }
  return Value::OfDuration(ParseSpan(text).value());
}

// A value in the suite's form: {"int64Value": "1"}.
Value FromSuite(const Json& json) {
  const auto& member = *json.as_object().begin();
  std::string_view kind(member.key().data(), member.key().size());
  const Json& value = member.value();
  if (kind == "nullValue") return Value();
  if (kind == "boolValue") return Value::Bool(value.as_bool());
  if (kind == "int64Value") return Value::Int(std::stoll(TextOf(value)));
  if (kind == "uint64Value") return Value::Uint(std::stoull(TextOf(value)));
  if (kind == "doubleValue") return DoubleOf(value);
  if (kind == "stringValue") return Value::String(TextOf(value));
  if (kind == "bytesValue") return BytesOf(value);
  if (kind == "typeValue") return TypeOf(TextOf(value));
  if (kind == "listValue") return ListOf(value);
  if (kind == "mapValue") return MapOf(value);
  if (kind == "objectValue") return TimeOf(value);
  ADD_FAILURE() << "unknown kind of value: " << kind;
  return Value();
}

bool Same(const Value& a, const Value& b);

bool SameItems(const List& a, const List& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!Same(a[i], b[i])) return false;
  }
  return true;
}

bool SameEntries(const Map& a, const Map& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::optional<Value> other = b.Find(a.KeyAt(i));
    if (!other || !Same(a.ValueAt(i), *other)) return false;
  }
  return true;
}

// Of one type and equal; NaN is the same as NaN.
bool Same(const Value& a, const Value& b) {
  if (a.kind() != b.kind()) return false;
  if (a.Is(Kind::kList)) return SameItems(a.AsList(), b.AsList());
  if (a.Is(Kind::kMap)) return SameEntries(a.AsMap(), b.AsMap());
  if (a.Is(Kind::kDouble) && std::isnan(a.AsDouble())) {
    return std::isnan(b.AsDouble());
  }
  Budget budget{Limits{}};
  return Equal(a, b, budget);
}

std::string Shown(const absl::StatusOr<Value>& value) {
  if (!value.ok()) return absl::StrCat("error: ", value.status().message());
  return absl::StrCat(TypeName(*value), " ", ToText(*value).value_or("?"));
}

class SuiteActivation : public Activation {
 public:
  explicit SuiteActivation(const JsonObject& bindings) {
    for (const auto& binding : bindings) {
      values_.emplace(binding.key(), FromSuite(binding.value()));
    }
  }

  absl::StatusOr<std::optional<Value>> Find(
      std::string_view name) const override {
    auto found = values_.find(name);
    if (found == values_.end()) return std::nullopt;
    return found->second;
  }

 private:
  std::map<std::string, Value, std::less<>> values_;
};

absl::StatusOr<Value> Run(const std::string& text,
                          const Activation& activation) {
  auto expression = Expression::Parse(text, UnknownFunctions::kFailWhenCalled);
  if (!expression.ok()) return expression.status();
  return expression->Evaluate(activation);
}

// Whether the case holds; says so when it does not.
bool Holds(const JsonObject& test) {
  SuiteActivation activation(test.at("bindings").as_object());
  absl::StatusOr<Value> value = Run(TextOf(test.at("expr")), activation);
  bool fails = test.contains("error");
  bool holds = fails ? !value.ok()
                     : value.ok() && Same(*value, FromSuite(test.at("value")));
  if (holds) return true;
  ADD_FAILURE() << TextOf(test.at("section")) << '/' << TextOf(test.at("group"))
                << '/' << TextOf(test.at("name")) << ": "
                << TextOf(test.at("expr")) << "\n  is " << Shown(value)
                << "\n  not "
                << (fails ? "an error" : FormatJson(test.at("value")));
  return false;
}

JsonArray ReadCases(const char* path) {
  std::ifstream file(path);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  absl::StatusOr<Json> json = ParseJson(text);
  if (!json.ok()) {
    ADD_FAILURE() << path << ": " << json.status();
    return {};
  }
  return json->as_object().at("cases").as_array();
}

TEST(CelConformanceTest, EveryPublicCaseOfJsonTypesHolds) {
  const char* path = std::getenv("WINDLASS_CEL_CASES");
  if (path == nullptr) GTEST_SKIP() << "run it by `make cel-conformance`";
  JsonArray cases = ReadCases(path);
  EXPECT_FALSE(cases.empty());
  std::map<std::string, std::pair<int, int>> sections;  // Held, all.
  for (const Json& test : cases) {
    auto& [held, all] = sections[TextOf(test.at("section"))];
    ++all;
    if (Holds(test.as_object())) ++held;
  }
  for (const auto& [section, counts] : sections) {
    std::cout << section << ": " << counts.first << " of " << counts.second
              << '\n';
  }
}

}  // namespace
}  // namespace windlass::cel

#include "model/json_schema.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <string_view>
#include <utility>

#include "absl/strings/str_join.h"
#include "base/concat.h"
#include "model/schema_values.h"

namespace windlass {
namespace {

constexpr int kMaximumDepth = 300;
constexpr std::size_t kMaximumViolations = 100;
// Schemas with `$ref` and anyOf can ask for exponential work.
constexpr int kMaximumSteps = 5'000'000;

bool IsNumber(const Json& value) { return value.is_number(); }

// Exact where both are integers.
int Compare(const Json& a, const Json& b) {
  if (a.is_int64() && b.is_int64()) {
    return a.get_int64() < b.get_int64() ? -1 : a.get_int64() > b.get_int64();
  }
  if (a.is_uint64() && b.is_uint64()) {
    return a.get_uint64() < b.get_uint64() ? -1
                                           : a.get_uint64() > b.get_uint64();
  }
  double x = ToDouble(a);
  double y = ToDouble(b);
  return x < y ? -1 : x > y;
}

// JSON Schema's equality: 1 and 1.0 are equal, the order of members does not
// matter.
bool Equal(const Json& a, const Json& b) {
  if (IsNumber(a) && IsNumber(b)) return Compare(a, b) == 0;
  if (a.kind() != b.kind()) return false;
  if (a.is_array()) {
    return std::equal(a.get_array().begin(), a.get_array().end(),
                      b.get_array().begin(), b.get_array().end(), Equal);
  }
  if (!a.is_object()) return a == b;
  if (a.get_object().size() != b.get_object().size()) return false;
  for (const auto& member : a.get_object()) {
    const Json* other = b.get_object().if_contains(member.key());
    if (other == nullptr || !Equal(member.value(), *other)) return false;
  }
  return true;
}

bool HasType(const Json& value, std::string_view type) {
  if (type == "null") return value.is_null();
  if (type == "boolean") return value.is_bool();
  if (type == "integer") return IsInteger(value);
  if (type == "number") return IsNumber(value);
  if (type == "string") return value.is_string();
  if (type == "array") return value.is_array();
  return value.is_object();
}

std::size_t CodePoints(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(),
      [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

}  // namespace

JsonSchema::JsonSchema() = default;
JsonSchema::JsonSchema(JsonSchema&&) noexcept = default;
JsonSchema& JsonSchema::operator=(JsonSchema&&) noexcept = default;
JsonSchema::~JsonSchema() = default;

// Checks one value. A `nullptr` list of violations only asks whether it fits.
class SchemaChecker {
 public:
  using Violations = std::vector<SchemaViolation>;

  explicit SchemaChecker(const JsonSchema& schema) : schema_(schema) {}

  bool Check(const Json& schema, const Json& value, const std::string& path,
             Violations* out, int depth) {
    if (schema.is_bool()) {
      return schema.get_bool() || Report(out, path, "nothing is allowed here");
    }
    if (depth > kMaximumDepth || ++steps_ > kMaximumSteps) {
      return Report(out, path, "too complex to check");
    }
    const JsonObject& keywords = schema.get_object();
    if (keywords.contains("$ref")) {
      // draft-07: what stands beside it is ignored.
      const Json* target = schema_.references_.at(&keywords);
      return Check(*target, value, path, out, depth + 1);
    }
    Context at{keywords, value, path, out, depth};
    bool ok = CheckAny(at);
    if (IsNumber(value)) ok = CheckNumber(at) && ok;
    if (value.is_string()) ok = CheckText(at) && ok;
    if (value.is_array()) ok = CheckArray(at) && ok;
    if (value.is_object()) ok = CheckObject(at) && ok;
    return CheckCombinations(at) && ok;
  }

 private:
  struct Context {
    const JsonObject& keywords;
    const Json& value;
    const std::string& path;
    Violations* out;
    int depth;

    const Json* Find(std::string_view keyword) const {
      return keywords.if_contains(keyword);
    }
  };

  static bool Report(Violations* out, const std::string& path,
                     std::string message) {
    if (out != nullptr && out->size() < kMaximumViolations) {
      out->push_back({path, std::move(message)});
    }
    return false;
  }

  static bool Expect(bool holds, const Context& at, std::string_view what) {
    if (holds) return true;
    if (at.out == nullptr) return false;
    return Report(at.out, at.path,
                  Concat("expected ", what, ", got ", Brief(at.value)));
  }

  static std::string NameOfTypes(const Json& types) {
    if (types.is_string()) return Named(ViewOf(types.get_string()));
    std::vector<std::string> names;
    for (const Json& type : types.get_array()) {
      names.push_back(Named(ViewOf(type.get_string())));
    }
    return absl::StrJoin(names, " or ");
  }

  static std::string Named(std::string_view type) {
    if (type == "null") return "null";
    if (type == "integer") return "a whole number";
    if (type == "string") return "text";
    if (type == "array") return "a list";
    if (type == "object") return "an object";
    return Concat("a ", type);
  }

  bool CheckAny(const Context& at) {
    bool ok = true;
    if (const Json* types = at.Find("type")) {
      JsonArray one{*types};
      const JsonArray& list = types->is_array() ? types->get_array() : one;
      bool fits = std::any_of(list.begin(), list.end(), [&](const Json& type) {
        return HasType(at.value, ViewOf(type.get_string()));
      });
      ok = fits || Expect(false, at, NameOfTypes(*types));
    }
    if (const Json* allowed = at.Find("enum")) {
      const JsonArray& list = allowed->get_array();
      bool fits = std::any_of(list.begin(), list.end(), [&](const Json& one) {
        return Equal(one, at.value);
      });
      ok = (fits || Expect(false, at, OneOf(list))) && ok;
    }
    if (const Json* constant = at.Find("const")) {
      ok = Expect(Equal(*constant, at.value), at, FormatJson(*constant)) && ok;
    }
    return ok;
  }

  static std::string OneOf(const JsonArray& list) {
    std::vector<std::string> values;
    for (std::size_t i = 0; i < list.size() && i < 20; ++i) {
      values.push_back(Brief(list[i]));
    }
    if (list.size() > 20) values.emplace_back("...");
    return Concat("one of ", absl::StrJoin(values, ", "));
  }

  bool CheckNumber(const Context& at) {
    bool ok = true;
    auto bound = [&](std::string_view keyword, std::string_view what,
                     const std::function<bool(int)>& holds) {
      const Json* limit = at.Find(keyword);
      if (limit == nullptr || holds(Compare(at.value, *limit))) return;
      ok =
          Expect(false, at, Concat("a number ", what, " ", FormatJson(*limit)));
    };
    bound("minimum", "from", [](int order) { return order >= 0; });
    bound("maximum", "up to", [](int order) { return order <= 0; });
    bound("exclusiveMinimum", "above", [](int order) { return order > 0; });
    bound("exclusiveMaximum", "below", [](int order) { return order < 0; });
    if (const Json* factor = at.Find("multipleOf")) {
      ok = Expect(IsMultiple(at.value, *factor), at,
                  Concat("a multiple of ", FormatJson(*factor))) &&
           ok;
    }
    return ok;
  }

  static bool IsMultiple(const Json& value, const Json& factor) {
    if (value.is_int64() && factor.is_int64()) {
      return value.get_int64() % factor.get_int64() == 0;
    }
    double ratio = ToDouble(value) / ToDouble(factor);
    // 0.3 is a multiple of 0.1, whatever binary fractions make of it.
    return std::isfinite(ratio) &&
           std::abs(ratio - std::round(ratio)) <= 1e-9 * std::abs(ratio);
  }

  // `keyword` and its opposite on a count of things.
  static bool CheckCount(const Context& at, std::string_view minimum,
                         std::string_view maximum, std::size_t count,
                         std::string_view things) {
    bool ok = true;
    auto number = static_cast<double>(count);
    if (const Json* limit = at.Find(minimum)) {
      ok = number >= ToDouble(*limit) ||
           Report(at.out, at.path,
                  Concat("expected at least ", FormatJson(*limit), " ", things,
                         ", got ", count));
    }
    if (const Json* limit = at.Find(maximum)) {
      ok = (number <= ToDouble(*limit) ||
            Report(at.out, at.path,
                   Concat("expected at most ", FormatJson(*limit), " ", things,
                          ", got ", count))) &&
           ok;
    }
    return ok;
  }

  bool Matches(const std::string& pattern, std::string_view text) const {
    return schema_.patterns_.at(pattern)->Matches(text);
  }

  bool CheckText(const Context& at) {
    std::string_view text = ViewOf(at.value.get_string());
    bool ok = CheckCount(at, "minLength", "maxLength", CodePoints(text),
                         "characters");
    if (const Json* pattern = at.Find("pattern")) {
      std::string regex = JsonToText(*pattern);
      ok = Expect(Matches(regex, text), at,
                  Concat("text that matches ", regex)) &&
           ok;
    }
    return ok;
  }

  bool CheckArray(const Context& at) {
    const JsonArray& array = at.value.get_array();
    bool ok = CheckCount(at, "minItems", "maxItems", array.size(), "items");
    if (const Json* unique = at.Find("uniqueItems");
        unique && unique->get_bool()) {
      ok = CheckUnique(at, array) && ok;
    }
    for (std::size_t i = 0; i < array.size(); ++i) {
      if (const Json* schema = SchemaOfItem(at, i)) {
        ok = Check(*schema, array[i], Concat(at.path, "[", i, "]"), at.out,
                   at.depth + 1) &&
             ok;
      }
    }
    if (const Json* schema = at.Find("contains")) {
      bool found =
          std::any_of(array.begin(), array.end(), [&](const Json& item) {
            return Check(*schema, item, at.path, nullptr, at.depth + 1);
          });
      ok = (found ||
            Report(at.out, at.path, "expected an item that fits 'contains'")) &&
           ok;
    }
    return ok;
  }

  static const Json* SchemaOfItem(const Context& at, std::size_t index) {
    const Json* items = at.Find("items");
    if (items == nullptr || !items->is_array()) return items;
    if (index < items->get_array().size()) return &items->get_array()[index];
    return at.Find("additionalItems");
  }

  bool CheckUnique(const Context& at, const JsonArray& array) {
    for (std::size_t i = 0; i < array.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (++steps_ > kMaximumSteps) {
          return Report(at.out, at.path, "too long to check for duplicates");
        }
        if (!Equal(array[i], array[j])) continue;
        return Report(at.out, at.path,
                      Concat("expected different items, but [", j, "] and [", i,
                             "] are equal"));
      }
    }
    return true;
  }

  bool CheckObject(const Context& at) {
    const JsonObject& object = at.value.get_object();
    bool ok = CheckCount(at, "minProperties", "maxProperties", object.size(),
                         "members");
    if (const Json* required = at.Find("required")) {
      ok = CheckRequired(at, required->get_array()) && ok;
    }
    for (const auto& member : object) {
      ok = CheckMember(at, std::string(member.key()), member.value()) && ok;
    }
    return CheckDependencies(at, object) && ok;
  }

  static bool CheckRequired(const Context& at, const JsonArray& names) {
    bool ok = true;
    for (const Json& name : names) {
      if (at.value.get_object().contains(name.get_string())) continue;
      ok = Report(at.out, at.path,
                  Concat("'", ViewOf(name.get_string()), "' is missing"));
    }
    return ok;
  }

  bool CheckMember(const Context& at, const std::string& name,
                   const Json& value) {
    std::string path = at.path.empty() ? name : Concat(at.path, ".", name);
    bool ok = true;
    bool known = false;
    auto check = [&](const Json& schema) {
      known = true;
      ok = Check(schema, value, path, at.out, at.depth + 1) && ok;
    };
    if (const Json* properties = at.Find("properties")) {
      const Json* schema = properties->get_object().if_contains(name);
      if (schema != nullptr) check(*schema);
    }
    if (const Json* patterns = at.Find("patternProperties")) {
      for (const auto& pattern : patterns->get_object()) {
        if (Matches(std::string(pattern.key()), name)) check(pattern.value());
      }
    }
    const Json* rest = at.Find("additionalProperties");
    if (!known && rest != nullptr) {
      if (rest->is_bool() && !rest->get_bool()) {
        return Report(at.out, path, "unknown field");
      }
      check(*rest);
    }
    if (const Json* names = at.Find("propertyNames")) {
      Json key = boost::json::string_view(name);
      ok = Check(*names, key, path, at.out, at.depth + 1) && ok;
    }
    return ok;
  }

  bool CheckDependencies(const Context& at, const JsonObject& object) {
    const Json* dependencies = at.Find("dependencies");
    if (dependencies == nullptr) return true;
    bool ok = true;
    for (const auto& dependency : dependencies->get_object()) {
      if (!object.contains(dependency.key())) continue;
      const Json& needs = dependency.value();
      ok = (needs.is_array()
                ? CheckRequired(at, needs.get_array())
                : Check(needs, at.value, at.path, at.out, at.depth + 1)) &&
           ok;
    }
    return ok;
  }

  bool Fits(const Context& at, const Json& schema) {
    return Check(schema, at.value, at.path, nullptr, at.depth + 1);
  }

  bool CheckCombinations(const Context& at) {
    bool ok = true;
    if (const Json* all = at.Find("allOf")) {
      for (const Json& schema : all->get_array()) {
        ok = Check(schema, at.value, at.path, at.out, at.depth + 1) && ok;
      }
    }
    if (const Json* any = at.Find("anyOf")) ok = CheckAnyOf(at, *any) && ok;
    if (const Json* one = at.Find("oneOf")) ok = CheckOneOf(at, *one) && ok;
    if (const Json* other = at.Find("not")) {
      ok = (!Fits(at, *other) ||
            Report(at.out, at.path, "it fits what 'not' forbids")) &&
           ok;
    }
    return CheckConditional(at) && ok;
  }

  bool CheckAnyOf(const Context& at, const Json& schemas) {
    for (const Json& schema : schemas.get_array()) {
      if (Fits(at, schema)) return true;
    }
    Violations closest;
    for (const Json& schema : schemas.get_array()) {
      Violations found;
      Check(schema, at.value, at.path, &found, at.depth + 1);
      if (closest.empty() || found.size() < closest.size()) closest = found;
    }
    std::string reason = closest.empty() ? "" : closest.front().message;
    return Report(at.out, at.path,
                  Concat("fits none of the alternatives of 'anyOf': ", reason));
  }

  bool CheckOneOf(const Context& at, const Json& schemas) {
    int fitting = 0;
    for (const Json& schema : schemas.get_array()) {
      if (Fits(at, schema)) ++fitting;
    }
    if (fitting == 1) return true;
    return Report(at.out, at.path,
                  Concat("expected to fit exactly one alternative of 'oneOf', "
                         "fits ",
                         fitting));
  }

  bool CheckConditional(const Context& at) {
    const Json* condition = at.Find("if");
    if (condition == nullptr) return true;
    const Json* branch = at.Find(Fits(at, *condition) ? "then" : "else");
    return branch == nullptr ||
           Check(*branch, at.value, at.path, at.out, at.depth + 1);
  }

  const JsonSchema& schema_;
  int steps_ = 0;
};

std::vector<SchemaViolation> JsonSchema::Check(const Json& value) const {
  std::vector<SchemaViolation> violations;
  SchemaChecker(*this).Check(*schema_, value, "", &violations, 0);
  return violations;
}

JsonArray ToJson(const std::vector<SchemaViolation>& violations) {
  JsonArray list;
  for (const SchemaViolation& violation : violations) {
    list.push_back(
        JsonObject{{"path", violation.path}, {"message", violation.message}});
  }
  return list;
}

}  // namespace windlass

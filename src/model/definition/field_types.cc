#include "model/definition/field_types.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "base/concat.h"
#include "model/definition/byte_size.h"
#include "model/json_schema.h"

namespace windlass {
namespace {

constexpr std::size_t kMaximumNameLength = 200;

// "30s" or "1h2m3.5s": units from large to small, each at most once.
constexpr std::string_view kDurationPattern =
    "^([0-9]+(\\.[0-9]+)?d)?([0-9]+(\\.[0-9]+)?h)?([0-9]+(\\.[0-9]+)?m)?"
    "([0-9]+(\\.[0-9]+)?s)?([0-9]+(\\.[0-9]+)?ms)?([0-9]+(\\.[0-9]+)?us)?$";

Json ToJsonText(std::string_view text) {
  return Json(boost::json::string_view(text.data(), text.size()));
}

std::string_view AsView(const Json& text) {
  const auto& string = text.get_string();
  return {string.data(), string.size()};
}

std::string Shorten(std::string text) {
  constexpr std::size_t kMaximum = 60;
  if (text.size() <= kMaximum) return text;
  std::size_t end = kMaximum;
  while ((static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end) + "...";
}

std::string AskForQuotes(const Json& value) {
  if (value.is_object() || value.is_array() || value.is_null()) return "";
  return "put it in quotes if it is meant as text";
}

// Integers may be written 3.0, as in JSON Schema.
std::optional<std::int64_t> AsInteger(const Json& value) {
  if (value.is_int64()) return value.get_int64();
  if (!value.is_double()) return std::nullopt;
  double number = value.get_double();
  if (std::trunc(number) != number || std::abs(number) > 9e15) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(number);
}

}  // namespace

Json ReferenceTo(std::string_view name) {
  return JsonObject{{"$ref", ToJsonText(Concat("#/definitions/", name))}};
}

std::string Describe(const Json& value) {
  if (value.is_null()) return "nothing (null)";
  if (value.is_object()) return "a mapping";
  if (value.is_array()) return "a list";
  std::string text = Shorten(JsonToText(value));
  if (value.is_string()) return Concat("'", text, "' (text)");
  return Concat(text, value.is_bool() ? " (a boolean)" : " (a number)");
}

bool Expected(std::string_view what, const Json& value, const Path& path,
              Problems& problems, std::string suggestion) {
  if (value.is_null()) suggestion = "give it a value or remove the field";
  problems.Add(path, Concat("expected ", what, ", got ", Describe(value)),
               std::move(suggestion));
  return false;
}

bool Text::Read(const Json& value, const Path& path, std::string& out,
                Problems& problems) const {
  if (!value.is_string()) {
    return Expected("text", value, path, problems, AskForQuotes(value));
  }
  if (value.get_string().empty()) {
    problems.Add(path, "expected text, got ''", "give it a value or remove it");
    return false;
  }
  if (value.get_string().size() > maximum_length) {
    problems.Add(path, Concat("longer than ", maximum_length, " bytes"));
    return false;
  }
  out = AsView(value);
  return true;
}

Json Text::Schema(Definitions& /*definitions*/) const {
  return JsonObject{
      {"type", "string"}, {"minLength", 1}, {"maxLength", maximum_length}};
}

std::string_view Name::Pattern() const {
  switch (kind) {
    case Kind::kIdentifier:
      return "^[A-Za-z_][A-Za-z0-9_]*$";
    case Kind::kTask:
      return "^[A-Za-z_][A-Za-z0-9_-]*$";
    case Kind::kLabel:
      break;
  }
  return "^[A-Za-z0-9_][A-Za-z0-9_.:/-]*$";
}

bool Name::Check(std::string_view name, std::string& expected) const {
  std::string_view more = kind == Kind::kIdentifier ? "_"
                          : kind == Kind::kTask     ? "_-"
                                                    : "_-.:/";
  auto allowed = [&](char c) {
    return absl::ascii_isalnum(c) || more.find(c) != std::string_view::npos;
  };
  bool starts_well =
      !name.empty() && (absl::ascii_isalpha(name[0]) || name[0] == '_' ||
                        (kind == Kind::kLabel && absl::ascii_isdigit(name[0])));
  if (starts_well && name.size() <= kMaximumNameLength &&
      std::all_of(name.begin(), name.end(), allowed)) {
    return true;
  }
  expected =
      Concat("expected a name of at most ", kMaximumNameLength,
             " letters, digits and ",
             kind == Kind::kIdentifier ? "_"
             : kind == Kind::kTask     ? "_ -"
                                       : "_ - . : /",
             kind == Kind::kLabel ? "" : " that starts with a letter or _");
  return false;
}

bool Name::Read(const Json& value, const Path& path, std::string& out,
                Problems& problems) const {
  if (!value.is_string()) {
    return Expected("a name", value, path, problems, AskForQuotes(value));
  }
  std::string expected;
  if (!Check(AsView(value), expected)) {
    problems.Add(path, Concat(expected, ", got ", Describe(value)));
    return false;
  }
  out = AsView(value);
  return true;
}

Json Name::Schema(Definitions& /*definitions*/) const {
  return JsonObject{{"type", "string"},
                    {"maxLength", kMaximumNameLength},
                    {"pattern", ToJsonText(Pattern())}};
}

bool Whole::Read(const Json& value, const Path& path, int& out,
                 Problems& problems) const {
  auto number = AsInteger(value);
  if (number && *number >= minimum && *number <= maximum) {
    out = static_cast<int>(*number);
    return true;
  }
  bool bounded = maximum < std::numeric_limits<int>::max();
  std::string what =
      bounded ? Concat("a whole number from ", minimum, " to ", maximum)
              : Concat("a whole number, at least ", minimum);
  return Expected(what, value, path, problems);
}

Json Whole::Schema(Definitions& /*definitions*/) const {
  return JsonObject{
      {"type", "integer"}, {"minimum", minimum}, {"maximum", maximum}};
}

bool Real::Read(const Json& value, const Path& path, double& out,
                Problems& problems) const {
  std::optional<double> number;
  if (value.is_double()) number = value.get_double();
  if (value.is_int64()) number = static_cast<double>(value.get_int64());
  if (!number || *number < minimum) {
    return Expected(Concat("a number, at least ", minimum), value, path,
                    problems);
  }
  out = *number;
  return true;
}

Json Real::Schema(Definitions& /*definitions*/) const {
  return JsonObject{{"type", "number"}, {"minimum", minimum}};
}

bool Boolean::Read(const Json& value, const Path& path, bool& out,
                   Problems& problems) const {
  if (!value.is_bool()) {
    return Expected("true or false", value, path, problems);
  }
  out = value.get_bool();
  return true;
}

Json Boolean::Schema(Definitions& /*definitions*/) const {
  return JsonObject{{"type", "boolean"}};
}

bool Span::Read(const Json& value, const Path& path, Duration& out,
                Problems& problems) const {
  if (!value.is_string()) {
    bool is_count = value.is_int64() || value.is_double();
    return Expected(
        "a duration such as \"30s\"", value, path, problems,
        is_count ? Concat("write \"", JsonToText(value), "s\"") : "");
  }
  auto duration = ParseDuration(AsView(value));
  if (!duration.ok()) {
    std::string_view number = AsView(value);
    bool bare = !number.empty() &&
                number.find_first_not_of("0123456789") == number.npos;
    return Expected("a duration such as 30s, 2m30s or 1.5h", value, path,
                    problems, bare ? Concat("write \"", number, "s\"") : "");
  }
  if (*duration == Duration::zero() && zero == Zero::kRefused) {
    problems.Add(path,
                 "expected a duration longer than zero, got " + Describe(value),
                 "remove the field for no limit");
    return false;
  }
  out = *duration;
  return true;
}

Json Span::Schema(Definitions& definitions) const {
  definitions["duration"] = JsonObject{
      {"description",
       "A duration: numbers with the units d, h, m, s, ms or us, from large "
       "to small."},
      {"type", "string"},
      {"minLength", 2},
      {"pattern", ToJsonText(kDurationPattern)},
      {"examples", {"30s", "2m30s", "1.5h", "7d"}}};
  return ReferenceTo("duration");
}

bool ByteSize::Read(const Json& value, const Path& path, std::int64_t& out,
                    Problems& problems) const {
  if (value.is_int64() && value.get_int64() >= 0) {
    out = value.get_int64();
    return true;
  }
  if (value.is_string()) {
    auto bytes = ParseByteSize(AsView(value));
    if (bytes.ok()) {
      out = *bytes;
      return true;
    }
  }
  return Expected("a number of bytes such as 512MiB", value, path, problems);
}

Json ByteSize::Schema(Definitions& definitions) const {
  definitions["byte_size"] = JsonObject{
      {"description",
       "A number of bytes, plain or with a unit: KiB, MiB, GiB, TiB count in "
       "1024; KB, MB, GB, TB in 1000."},
      {"type", {"integer", "string"}},
      {"minimum", 0},
      {"pattern", ToJsonText(kByteSizePattern)},
      {"examples", {"64KiB", "2GiB"}}};
  return ReferenceTo("byte_size");
}

bool TextList::Read(const Json& value, const Path& path,
                    std::vector<std::string>& out, Problems& problems) const {
  if (!value.is_array()) {
    return Expected(
        "a list", value, path, problems,
        value.is_string() ? Concat("write [", JsonToText(value), "]") : "");
  }
  bool ok = true;
  std::vector<std::string> items;
  for (std::size_t i = 0; i < value.get_array().size(); ++i) {
    std::string item;
    ok = Text{}.Read(value.get_array()[i], path.Element(i), item, problems) &&
         ok;
    items.push_back(std::move(item));
  }
  if (ok) out = std::move(items);
  return ok;
}

Json TextList::Schema(Definitions& definitions) const {
  return JsonObject{{"type", "array"}, {"items", Text{}.Schema(definitions)}};
}

bool AnyMapping::Read(const Json& value, const Path& path, Json& out,
                      Problems& problems) const {
  if (!value.is_object()) return Expected("a mapping", value, path, problems);
  out = value;
  return true;
}

Json AnyMapping::Schema(Definitions& /*definitions*/) const {
  return JsonObject{{"type", "object"}};
}

bool Labels::Read(const Json& value, const Path& path, JsonObject& out,
                  Problems& problems) const {
  if (!value.is_object()) return Expected("a mapping", value, path, problems);
  bool ok = true;
  for (const auto& member : value.get_object()) {
    if (!member.value().is_structured() && !member.value().is_null()) continue;
    std::string name(member.key());
    ok = Expected("text, a number or a boolean", member.value(),
                  path.Member(name), problems);
  }
  if (ok) out = value.get_object();
  return ok;
}

Json Labels::Schema(Definitions& /*definitions*/) const {
  return JsonObject{{"type", "object"},
                    {"additionalProperties",
                     JsonObject{{"type", {"string", "number", "boolean"}}}}};
}

bool ExpressionText::Read(const Json& value, const Path& path, std::string& out,
                          Problems& problems) const {
  if (!value.is_string()) {
    return Expected("an expression", value, path, problems,
                    "write it as text: \"${{ params.n > 0 }}\"");
  }
  return Text{10'000}.Read(value, path, out, problems);
}

Json ExpressionText::Schema(Definitions& /*definitions*/) const {
  return JsonObject{
      {"type", "string"}, {"minLength", 1}, {"maxLength", 10'000}};
}

bool Condition::Read(const Json& value, const Path& path, std::string& out,
                     Problems& problems) const {
  if (!value.is_bool()) {
    return ExpressionText{}.Read(value, path, out, problems);
  }
  out = JsonToText(value);
  return true;
}

Json Condition::Schema(Definitions& /*definitions*/) const {
  return JsonObject{
      {"type", {"string", "boolean"}}, {"minLength", 1}, {"maxLength", 10'000}};
}

bool Items::Read(const Json& value, const Path& path, Json& out,
                 Problems& problems) const {
  if (!value.is_array() && !value.is_string()) {
    return Expected("a list or an expression", value, path, problems);
  }
  if (value.is_string() && AsView(value).find("${{") == std::string::npos) {
    return Expected("a list or an expression", value, path, problems,
                    Concat("write \"${{ ", AsView(value), " }}\""));
  }
  out = value;
  return true;
}

Json Items::Schema(Definitions& /*definitions*/) const {
  return JsonObject{{"type", {"array", "string"}}, {"pattern", "\\$\\{\\{"}};
}

bool JsonSchemaText::Read(const Json& value, const Path& path, Json& out,
                          Problems& problems) const {
  if (!value.is_object() && !value.is_bool()) {
    return Expected("a JSON Schema such as {type: object}", value, path,
                    problems);
  }
  auto schema = JsonSchema::Compile(value);
  if (!schema.ok()) {
    problems.Add(path, Concat("this is no JSON Schema: ",
                              std::string(schema.status().message())));
    return false;
  }
  out = value;
  return true;
}

Json JsonSchemaText::Schema(Definitions& /*definitions*/) const {
  return JsonObject{{"type", {"object", "boolean"}}};
}

bool ReadChoice(const Json& value, const Path& path,
                const std::vector<std::string>& names, std::size_t& index,
                Problems& problems) {
  std::string all = absl::StrJoin(names, ", ");
  if (!value.is_string()) {
    return Expected(Concat("one of ", all), value, path, problems);
  }
  auto found = std::find(names.begin(), names.end(), AsView(value));
  if (found == names.end()) {
    return Expected(Concat("one of ", all), value, path, problems,
                    problems.DidYouMean(AsView(value), names));
  }
  index = static_cast<std::size_t>(found - names.begin());
  return true;
}

Json ChoiceSchema(const std::vector<std::string>& names) {
  JsonArray values;
  for (const std::string& name : names) values.push_back(ToJsonText(name));
  return JsonObject{{"enum", std::move(values)}};
}

}  // namespace windlass

// "%s of %d".format([...]), from CEL's string extensions.

#include <algorithm>
#include <array>
#include <bitset>
#include <cmath>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "model/cel/functions.h"
#include "model/cel/text_of.h"
#include "model/cel/utf8.h"

namespace windlass::cel {
namespace {

constexpr int kDefaultPrecision = 6;
constexpr int kMaximumPrecision = 100;

absl::Status FormatError(std::string_view clause, const Value& value) {
  return EvaluationError(
      absl::StrCat("error during formatting: ", std::string(clause),
                   ", was given ", std::string(CelTypeName(value.kind()))));
}

absl::StatusOr<std::string> FormatText(const Value& value, Budget& budget);

absl::StatusOr<std::string> FormatList(const List& list, Budget& budget) {
  std::string out = "[";
  for (std::size_t i = 0; i < list.size(); ++i) {
    absl::StatusOr<std::string> item = FormatText(list[i], budget);
    if (!item.ok()) return item;
    absl::StrAppend(&out, i == 0 ? "" : ", ", *item);
  }
  return out + "]";
}

// In the order of the keys' texts, so that equal maps give equal texts.
absl::StatusOr<std::string> FormatMap(const Map& map, Budget& budget) {
  std::vector<std::pair<std::string, std::string>> entries;
  for (std::size_t i = 0; i < map.size(); ++i) {
    absl::StatusOr<std::string> key = FormatText(map.KeyAt(i), budget);
    if (!key.ok()) return key;
    absl::StatusOr<std::string> value = FormatText(map.ValueAt(i), budget);
    if (!value.ok()) return value;
    entries.emplace_back(*std::move(key), *std::move(value));
  }
  std::sort(entries.begin(), entries.end());
  std::string out = "{";
  for (const auto& [key, value] : entries) {
    absl::StrAppend(&out, out.size() == 1 ? "" : ", ", key, ": ", value);
  }
  return out + "}";
}

// %s
absl::StatusOr<std::string> FormatText(const Value& value, Budget& budget) {
  if (!budget.Step()) return budget.Exceeded();
  std::string text;
  switch (value.kind()) {
    case Kind::kString:
      text = value.AsString();
      break;
    case Kind::kBytes:
      if (!IsValidUtf8(value.AsBytes())) {
        return EvaluationError("error during formatting: bytes are not UTF-8");
      }
      text = value.AsBytes();
      break;
    case Kind::kList:
      return FormatList(value.AsList(), budget);
    case Kind::kMap:
      return FormatMap(value.AsMap(), budget);
    default:
      text = FormatScalar(value);
  }
  if (!budget.Allocate(text.size())) return budget.Exceeded();
  return text;
}

// %d
absl::StatusOr<std::string> FormatDecimal(const Value& value) {
  if (value.IsNumber()) return FormatScalar(value);
  return FormatError("decimal clause can only be used on integers", value);
}

// %f and %e
absl::StatusOr<std::string> FormatFloat(const Value& value, char clause,
                                        int precision) {
  if (!value.IsNumber()) {
    return FormatError(clause == 'f'
                           ? "fixed-point clause can only be used on doubles"
                           : "scientific clause can only be used on doubles",
                       value);
  }
  double number = value.ToDouble();
  if (!std::isfinite(number)) return FormatDouble(number);
  return clause == 'f' ? absl::StrFormat("%.*f", precision, number)
                       : absl::StrFormat("%.*e", precision, number);
}

struct Magnitude {
  std::string_view sign;
  std::uint64_t size;
};

// An int or uint in two parts, for bases that have no sign of their own.
Magnitude MagnitudeOf(const Value& value) {
  if (value.Is(Kind::kUint)) return {"", value.AsUint()};
  auto bits = static_cast<std::uint64_t>(value.AsInt());
  if (value.AsInt() < 0) return {"-", 0 - bits};
  return {"", bits};
}

bool IsInteger(const Value& value) {
  return value.Is(Kind::kInt) || value.Is(Kind::kUint);
}

// %b
absl::StatusOr<std::string> FormatBinary(const Value& value) {
  if (value.Is(Kind::kBool)) return std::string(value.AsBool() ? "1" : "0");
  if (!IsInteger(value)) {
    return FormatError("only integers and bools can be formatted as binary",
                       value);
  }
  Magnitude magnitude = MagnitudeOf(value);
  std::string digits = std::bitset<64>(magnitude.size).to_string();
  digits.erase(0, std::min(digits.find('1'), digits.size() - 1));
  return absl::StrCat(std::string(magnitude.sign), digits);
}

// %o
absl::StatusOr<std::string> FormatOctal(const Value& value) {
  if (!IsInteger(value)) {
    return FormatError("octal clause can only be used on integers", value);
  }
  Magnitude magnitude = MagnitudeOf(value);
  return absl::StrFormat("%s%o", std::string(magnitude.sign), magnitude.size);
}

// %x
absl::StatusOr<std::string> FormatHex(const Value& value) {
  auto of_bytes = [](std::string_view bytes) {
    return absl::BytesToHexString(
        absl::string_view(bytes.data(), bytes.size()));
  };
  if (value.Is(Kind::kString)) return of_bytes(value.AsString());
  if (value.Is(Kind::kBytes)) return of_bytes(value.AsBytes());
  if (!IsInteger(value)) {
    return FormatError(
        "only integers, byte buffers, and strings can be formatted as hex",
        value);
  }
  Magnitude magnitude = MagnitudeOf(value);
  return absl::StrFormat("%s%x", std::string(magnitude.sign), magnitude.size);
}

absl::StatusOr<std::string> FormatClause(char clause, int precision,
                                         const Value& value, Budget& budget) {
  switch (clause) {
    case 's':
      return FormatText(value, budget);
    case 'd':
      return FormatDecimal(value);
    case 'f':
    case 'e':
      return FormatFloat(value, clause, precision);
    case 'b':
      return FormatBinary(value);
    case 'o':
      return FormatOctal(value);
    case 'x':
      return FormatHex(value);
    case 'X': {
      absl::StatusOr<std::string> hex = FormatHex(value);
      if (hex.ok()) absl::AsciiStrToUpper(&*hex);
      return hex;
    }
    default:
      return EvaluationError(absl::StrCat(
          "could not parse formatting clause: unrecognized formatting clause "
          "\"",
          std::string(1, clause), "\""));
  }
}

// What stands between % and the letter: nothing or ".3".
absl::StatusOr<int> TakePrecision(std::string_view& rest) {
  if (rest.empty() || rest[0] != '.') return kDefaultPrecision;
  rest.remove_prefix(1);
  int precision = 0;
  std::size_t digits = 0;
  while (digits < rest.size() &&
         absl::ascii_isdigit(static_cast<unsigned char>(rest[digits]))) {
    precision =
        std::min(precision * 10 + (rest[digits] - '0'), kMaximumPrecision + 1);
    ++digits;
  }
  rest.remove_prefix(digits);
  if (digits == 0 || precision > kMaximumPrecision) {
    return EvaluationError(absl::StrCat(
        "could not parse formatting clause: the precision after '.' must be 0 "
        "to ",
        kMaximumPrecision));
  }
  return precision;
}

absl::StatusOr<Value> Format(const Call& call) {
  if (!call.Has(0, Kind::kString) || !call.Has(1, Kind::kList)) {
    return call.NoSuchOverload();
  }
  std::string_view rest = call[0].AsString();
  const List& list = call[1].AsList();
  std::string out;
  std::size_t used = 0;
  for (;;) {
    std::size_t percent = std::min(rest.find('%'), rest.size());
    out += rest.substr(0, percent);
    if (percent == rest.size()) break;
    rest.remove_prefix(percent + 1);
    if (!rest.empty() && rest[0] == '%') {
      out += '%';
      rest.remove_prefix(1);
      continue;
    }
    absl::StatusOr<int> precision = TakePrecision(rest);
    if (!precision.ok()) return precision.status();
    if (rest.empty()) {
      return EvaluationError(
          "could not parse formatting clause: unexpected end of the format");
    }
    if (used >= list.size()) {
      return EvaluationError(absl::StrCat("index ", used, " out of range"));
    }
    absl::StatusOr<std::string> text =
        FormatClause(rest[0], *precision, list[used++], call.budget);
    if (!text.ok()) return text.status();
    rest.remove_prefix(1);
    if (!call.budget.Allocate(text->size())) return call.budget.Exceeded();
    out += *text;
  }
  return NewString(std::move(out), call.budget);
}

constexpr std::array kFunctions = {
    Function{"format", CallStyle::kMethod, 2, 2, Format},
};

}  // namespace

absl::Span<const Function> FormatFunctions() { return kFunctions; }

}  // namespace windlass::cel

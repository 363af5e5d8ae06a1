#include "model/cel/text_of.h"

#include <charconv>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "model/cel/time_text.h"

namespace windlass::cel {

std::string FormatDouble(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number < 0 ? "-Infinity" : "Infinity";
  double size = std::fabs(number);
  // Without an exponent as long as people read it more easily that way.
  bool plain = size == 0 || (size >= 1e-6 && size < 1e21);
  char digits[64];
  auto end = std::to_chars(
      digits, digits + sizeof digits, number,
      plain ? std::chars_format::fixed : std::chars_format::scientific);
  return std::string(digits, end.ptr);
}

std::string FormatScalar(const Value& value) {
  switch (value.kind()) {
    case Kind::kNull:
      return "null";
    case Kind::kBool:
      return value.AsBool() ? "true" : "false";
    case Kind::kInt:
      return absl::StrCat(value.AsInt());
    case Kind::kUint:
      return absl::StrCat(value.AsUint());
    case Kind::kDouble:
      return FormatDouble(value.AsDouble());
    case Kind::kTimestamp:
      return FormatTime(value.AsTimestamp());
    case Kind::kDuration:
      return FormatSpan(value.AsDuration());
    case Kind::kType:
      return std::string(CelTypeName(value.AsType()));
    default:
      return "";
  }
}

}  // namespace windlass::cel

#include "model/yaml/scalar.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "base/concat.h"

namespace windlass {
namespace {

bool IsOneOf(std::string_view text, std::string_view word) {
  if (text == word) return true;
  std::string upper = absl::AsciiStrToUpper(std::string(word));
  if (text == upper) return true;
  std::string title(word);
  title[0] = upper[0];
  return text == title;
}

std::string_view SkipDigits(std::string_view text) {
  while (!text.empty() && absl::ascii_isdigit(text[0])) text.remove_prefix(1);
  return text;
}

std::string_view SkipSign(std::string_view text) {
  if (!text.empty() && (text[0] == '+' || text[0] == '-'))
    text.remove_prefix(1);
  return text;
}

bool IsInteger(std::string_view text) {
  text = SkipSign(text);
  return !text.empty() && SkipDigits(text).empty();
}

// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
bool IsFloat(std::string_view text) {
  text = SkipSign(text);
  std::string_view rest = SkipDigits(text);
  bool has_digits = rest.size() < text.size();
  if (!rest.empty() && rest[0] == '.') {
    std::string_view fraction = rest.substr(1);
    rest = SkipDigits(fraction);
    has_digits = has_digits || rest.size() < fraction.size();
  }
  if (!has_digits) return false;
  if (rest.empty()) return true;
  return absl::ascii_tolower(rest[0]) == 'e' && IsInteger(rest.substr(1));
}

// Digits of any base, after their prefix; nothing when it overflows or has
// other characters.
std::optional<Json> ParseUnsigned(std::string_view digits, int base) {
  std::uint64_t value = 0;
  const char* end = digits.data() + digits.size();
  auto [stop, error] = std::from_chars(digits.data(), end, value, base);
  if (error != std::errc() || stop != end) return std::nullopt;
  if (value <= INT64_MAX) return Json(static_cast<std::int64_t>(value));
  return Json(value);
}

std::optional<Json> ParseDecimal(std::string_view text) {
  if (text[0] == '+') text.remove_prefix(1);
  if (text[0] != '-') return ParseUnsigned(text, 10);
  std::int64_t value = 0;
  if (!absl::SimpleAtoi(absl::string_view(text.data(), text.size()), &value)) {
    return std::nullopt;
  }
  return Json(value);
}

absl::StatusOr<Json> ParseFloat(std::string_view text) {
  double value = 0;
  bool ok =
      absl::SimpleAtod(absl::string_view(text.data(), text.size()), &value);
  if (ok && std::isfinite(value)) return Json(value);
  return absl::InvalidArgumentError(
      Concat("'", text, "' is beyond the range of a number"));
}

bool IsInfinityOrNan(std::string_view text) {
  return IsOneOf(SkipSign(text), ".inf") || SkipSign(text) == ".Inf" ||
         text == ".nan" || text == ".NaN" || text == ".NAN";
}

}  // namespace

absl::StatusOr<Json> ResolvePlainScalar(std::string_view text) {
  if (text.empty() || text == "~" || IsOneOf(text, "null"))
    return Json(nullptr);
  if (IsOneOf(text, "true")) return Json(true);
  if (IsOneOf(text, "false")) return Json(false);
  if (IsInfinityOrNan(text)) {
    return absl::InvalidArgumentError(
        Concat("'", text, "' is no number that JSON can hold"));
  }
  if (text.size() > 2 && text[0] == '0' && (text[1] == 'o' || text[1] == 'x')) {
    auto value = ParseUnsigned(text.substr(2), text[1] == 'o' ? 8 : 16);
    if (value.has_value()) return *value;
  }
  if (IsInteger(text)) {
    auto value = ParseDecimal(text);
    if (value.has_value()) return *value;
    return ParseFloat(text);
  }
  if (IsFloat(text)) return ParseFloat(text);
  return Json(boost::json::string_view(text.data(), text.size()));
}

}  // namespace windlass

#include "model/definition/byte_size.h"

#include <cmath>

#include "absl/strings/numbers.h"
#include "base/concat.h"

namespace windlass {
namespace {

// 1024^2 for "Mi", 1000^2 for "M", 0 for what is no unit.
double FactorOf(std::string_view unit) {
  if (!unit.empty() && unit.back() == 'B') unit.remove_suffix(1);
  if (unit.empty()) return 1;
  std::size_t power = std::string_view("KMGT").find(unit[0]);
  if (power == std::string_view::npos) return 0;
  unit.remove_prefix(1);
  if (!unit.empty() && unit != "i") return 0;
  return std::pow(unit.empty() ? 1000.0 : 1024.0,
                  static_cast<double>(power + 1));
}

bool IsNumber(std::string_view text) {
  std::size_t dot = text.find('.');
  std::string_view whole = text.substr(0, dot);
  auto digits = [](std::string_view part) {
    return !part.empty() &&
           part.find_first_not_of("0123456789") == std::string_view::npos;
  };
  return digits(whole) &&
         (dot == std::string_view::npos || digits(text.substr(dot + 1)));
}

}  // namespace

absl::StatusOr<std::int64_t> ParseByteSize(std::string_view text) {
  std::size_t end = text.find_first_not_of("0123456789.");
  std::string_view number = text.substr(0, end);
  std::string_view unit;
  if (end != std::string_view::npos) unit = text.substr(end);
  if (!unit.empty() && unit[0] == ' ') unit.remove_prefix(1);
  double value = 0;
  double factor = FactorOf(unit);
  if (!IsNumber(number) || factor == 0 ||
      !absl::SimpleAtod(std::string(number), &value)) {
    return absl::InvalidArgumentError(
        Concat("expected a number of bytes such as 512MiB, got '", text, "'"));
  }
  double bytes = value * factor;
  if (bytes >= 9.2e18) {
    return absl::InvalidArgumentError(Concat("'", text, "' is too large"));
  }
  return static_cast<std::int64_t>(std::llround(bytes));
}

}  // namespace windlass

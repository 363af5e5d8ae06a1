// CEL's math extensions.

#include <array>
#include <cmath>
#include <compare>
#include <limits>

#include "model/cel/compare.h"
#include "model/cel/functions.h"

namespace windlass::cel {
namespace {

// The argument, or the item of a list, that comes first in `order` of all.
absl::StatusOr<Value> Extreme(const Call& call, std::partial_ordering order) {
  bool in_list = call.size() == 1 && call.Has(0, Kind::kList);
  std::size_t count = in_list ? call[0].AsList().size() : call.size();
  if (!call.budget.Step(count)) return call.budget.Exceeded();
  Value best;
  for (std::size_t i = 0; i < count; ++i) {
    Value next = in_list ? call[0].AsList()[i] : call[i];
    if (!next.IsNumber()) return call.NoSuchOverload();
    if (i == 0 || Compare(next, best) == order) best = std::move(next);
  }
  if (count == 0) {
    return EvaluationError("math.greatest() and math.least() need a number");
  }
  return best;
}

absl::StatusOr<Value> Greatest(const Call& call) {
  return Extreme(call, std::partial_ordering::greater);
}

absl::StatusOr<Value> Least(const Call& call) {
  return Extreme(call, std::partial_ordering::less);
}

absl::StatusOr<Value> Rounded(const Call& call, double (*round)(double)) {
  if (!call.Has(0, Kind::kDouble)) return call.NoSuchOverload();
  return Value::Double(round(call[0].AsDouble()));
}

absl::StatusOr<Value> Ceil(const Call& call) {
  return Rounded(call, std::ceil);
}

absl::StatusOr<Value> Floor(const Call& call) {
  return Rounded(call, std::floor);
}

absl::StatusOr<Value> Round(const Call& call) {
  return Rounded(call, std::round);
}

absl::StatusOr<Value> Trunc(const Call& call) {
  return Rounded(call, std::trunc);
}

absl::StatusOr<Value> Abs(const Call& call) {
  switch (call[0].kind()) {
    case Kind::kInt:
      if (call[0].AsInt() == std::numeric_limits<std::int64_t>::min()) {
        return EvaluationError("integer overflow");
      }
      return Value::Int(std::abs(call[0].AsInt()));
    case Kind::kUint:
      return call[0];
    case Kind::kDouble:
      return Value::Double(std::fabs(call[0].AsDouble()));
    default:
      return call.NoSuchOverload();
  }
}

absl::StatusOr<Value> Sign(const Call& call) {
  switch (call[0].kind()) {
    case Kind::kInt:
      return Value::Int((call[0].AsInt() > 0) - (call[0].AsInt() < 0));
    case Kind::kUint:
      return Value::Uint(call[0].AsUint() > 0 ? 1 : 0);
    case Kind::kDouble: {
      double number = call[0].AsDouble();
      if (std::isnan(number)) return call[0];
      return Value::Double((number > 0) - (number < 0));
    }
    default:
      return call.NoSuchOverload();
  }
}

absl::StatusOr<Value> Sqrt(const Call& call) {
  if (!call[0].IsNumber()) return call.NoSuchOverload();
  return Value::Double(std::sqrt(call[0].ToDouble()));
}

absl::StatusOr<Value> IsNan(const Call& call) {
  if (!call.Has(0, Kind::kDouble)) return call.NoSuchOverload();
  return Value::Bool(std::isnan(call[0].AsDouble()));
}

absl::StatusOr<Value> IsInf(const Call& call) {
  if (!call.Has(0, Kind::kDouble)) return call.NoSuchOverload();
  return Value::Bool(std::isinf(call[0].AsDouble()));
}

absl::StatusOr<Value> IsFinite(const Call& call) {
  if (!call.Has(0, Kind::kDouble)) return call.NoSuchOverload();
  return Value::Bool(std::isfinite(call[0].AsDouble()));
}

constexpr std::size_t kAny = std::numeric_limits<std::size_t>::max();

constexpr std::array kFunctions = {
    Function{"math.greatest", CallStyle::kFunction, 1, kAny, Greatest},
    Function{"math.least", CallStyle::kFunction, 1, kAny, Least},
    Function{"math.ceil", CallStyle::kFunction, 1, 1, Ceil},
    Function{"math.floor", CallStyle::kFunction, 1, 1, Floor},
    Function{"math.round", CallStyle::kFunction, 1, 1, Round},
    Function{"math.trunc", CallStyle::kFunction, 1, 1, Trunc},
    Function{"math.abs", CallStyle::kFunction, 1, 1, Abs},
    Function{"math.sign", CallStyle::kFunction, 1, 1, Sign},
    Function{"math.sqrt", CallStyle::kFunction, 1, 1, Sqrt},
    Function{"math.isNaN", CallStyle::kFunction, 1, 1, IsNan},
    Function{"math.isInf", CallStyle::kFunction, 1, 1, IsInf},
    Function{"math.isFinite", CallStyle::kFunction, 1, 1, IsFinite},
};

}  // namespace

absl::Span<const Function> MathFunctions() { return kFunctions; }

}  // namespace windlass::cel

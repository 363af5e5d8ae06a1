#include "model/cel/arithmetic.h"

#include <limits>
#include <optional>

#include "absl/strings/str_cat.h"
#include "model/cel/compare.h"
#include "model/cel/functions.h"
#include "model/cel/time_text.h"

namespace windlass::cel {
namespace {

absl::Status NoSuchOverload(Operation operation, const Value& a,
                            const Value& b) {
  return EvaluationError(
      absl::StrCat("no such overload: ", std::string(KindName(a.kind())), " ",
                   std::string(OperationText(operation)), " ",
                   std::string(KindName(b.kind()))));
}

Value MakeNumber(std::int64_t number) { return Value::Int(number); }
Value MakeNumber(std::uint64_t number) { return Value::Uint(number); }

template <typename Integer>
absl::StatusOr<Value> ApplyToIntegers(Operation operation, Integer a,
                                      Integer b) {
  bool divides =
      operation == Operation::kDivide || operation == Operation::kModulo;
  if (divides && b == 0) {
    return EvaluationError(operation == Operation::kDivide ? "divide by zero"
                                                           : "modulus by zero");
  }
  // The smallest int has no positive counterpart.
  bool overflow = divides && std::numeric_limits<Integer>::is_signed &&
                  a == std::numeric_limits<Integer>::min() &&
                  b == static_cast<Integer>(-1);
  Integer result = 0;
  switch (operation) {
    case Operation::kAdd:
      overflow = __builtin_add_overflow(a, b, &result);
      break;
    case Operation::kSubtract:
      overflow = __builtin_sub_overflow(a, b, &result);
      break;
    case Operation::kMultiply:
      overflow = __builtin_mul_overflow(a, b, &result);
      break;
    case Operation::kDivide:
      if (!overflow) result = a / b;
      break;
    default:
      if (!overflow) result = a % b;
      break;
  }
  if (overflow) {
    return EvaluationError(absl::StrCat("integer overflow: ", a, " ",
                                        std::string(OperationText(operation)),
                                        " ", b));
  }
  return MakeNumber(result);
}

double ApplyToDoubles(Operation operation, double a, double b) {
  switch (operation) {
    case Operation::kAdd:
      return a + b;
    case Operation::kSubtract:
      return a - b;
    case Operation::kMultiply:
      return a * b;
    default:
      return a / b;  // By zero: infinity or NaN.
  }
}

absl::StatusOr<Value> ApplyToNumbers(Operation operation, const Value& a,
                                     const Value& b) {
  if (a.Is(Kind::kInt) && b.Is(Kind::kInt)) {
    return ApplyToIntegers(operation, a.AsInt(), b.AsInt());
  }
  if (a.Is(Kind::kUint) && b.Is(Kind::kUint)) {
    return ApplyToIntegers(operation, a.AsUint(), b.AsUint());
  }
  if (operation == Operation::kModulo) return NoSuchOverload(operation, a, b);
  return Value::Double(ApplyToDoubles(operation, a.ToDouble(), b.ToDouble()));
}

absl::StatusOr<Value> Checked(std::optional<Timestamp> time) {
  if (!time) {
    return EvaluationError("timestamp out of range: years are 0001 to 9999");
  }
  return Value::OfTimestamp(*time);
}

absl::StatusOr<Value> Checked(std::optional<Duration> duration) {
  if (!duration) {
    return EvaluationError("duration out of range: it is more than 292 years");
  }
  return Value::OfDuration(*duration);
}

absl::StatusOr<Value> ConcatenateLists(const List& a, const List& b,
                                       Budget& budget) {
  std::size_t size = a.size() + b.size();
  if (!budget.Step(size) || !budget.Allocate(size * sizeof(Value))) {
    return budget.Exceeded();
  }
  std::vector<Value> items;
  items.reserve(size);
  for (std::size_t i = 0; i < a.size(); ++i) items.push_back(a[i]);
  for (std::size_t i = 0; i < b.size(); ++i) items.push_back(b[i]);
  return Value::OfList(List(std::move(items)));
}

// Charged before it is made: `s + s` doubles each time.
absl::StatusOr<std::string> Concatenate(std::string_view a, std::string_view b,
                                        Budget& budget) {
  if (!budget.Allocate(a.size() + b.size())) return budget.Exceeded();
  std::string text;
  text.reserve(a.size() + b.size());
  text += a;
  text += b;
  return text;
}

absl::StatusOr<Value> AddOthers(const Value& a, const Value& b,
                                Budget& budget) {
  if (a.Is(Kind::kTimestamp) && b.Is(Kind::kDuration)) {
    return Checked(Add(a.AsTimestamp(), b.AsDuration()));
  }
  if (a.Is(Kind::kDuration) && b.Is(Kind::kTimestamp)) {
    return Checked(Add(b.AsTimestamp(), a.AsDuration()));
  }
  if (a.kind() != b.kind()) return NoSuchOverload(Operation::kAdd, a, b);
  switch (a.kind()) {
    case Kind::kString: {
      auto text = Concatenate(a.AsString(), b.AsString(), budget);
      if (!text.ok()) return text.status();
      return Value::String(*std::move(text));
    }
    case Kind::kBytes: {
      auto bytes = Concatenate(a.AsBytes(), b.AsBytes(), budget);
      if (!bytes.ok()) return bytes.status();
      return Value::Bytes(*std::move(bytes));
    }
    case Kind::kList:
      return ConcatenateLists(a.AsList(), b.AsList(), budget);
    case Kind::kDuration:
      return Checked(Add(a.AsDuration(), b.AsDuration()));
    default:
      return NoSuchOverload(Operation::kAdd, a, b);
  }
}

absl::StatusOr<Value> SubtractOthers(const Value& a, const Value& b) {
  if (a.Is(Kind::kTimestamp) && b.Is(Kind::kTimestamp)) {
    return Checked(Subtract(a.AsTimestamp(), b.AsTimestamp()));
  }
  if (a.Is(Kind::kTimestamp) && b.Is(Kind::kDuration)) {
    return Checked(Subtract(a.AsTimestamp(), b.AsDuration()));
  }
  if (a.Is(Kind::kDuration) && b.Is(Kind::kDuration)) {
    return Checked(Subtract(a.AsDuration(), b.AsDuration()));
  }
  return NoSuchOverload(Operation::kSubtract, a, b);
}

absl::StatusOr<Value> ApplyOrder(Operation operation, const Value& a,
                                 const Value& b) {
  std::optional<std::partial_ordering> order = Compare(a, b);
  if (!order) return NoSuchOverload(operation, a, b);
  switch (operation) {
    case Operation::kLess:
      return Value::Bool(*order < 0);
    case Operation::kLessOrEqual:
      return Value::Bool(*order <= 0);
    case Operation::kGreater:
      return Value::Bool(*order > 0);
    default:
      return Value::Bool(*order >= 0);
  }
}

absl::StatusOr<Value> ApplyIn(const Value& item, const Value& container,
                              Budget& budget) {
  if (container.Is(Kind::kMap)) {
    return Value::Bool(container.AsMap().Find(item).has_value());
  }
  if (!container.Is(Kind::kList)) {
    return NoSuchOverload(Operation::kIn, item, container);
  }
  const List& list = container.AsList();
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (Equal(item, list[i], budget)) return Value::Bool(true);
    if (budget.exceeded()) return budget.Exceeded();
  }
  return Value::Bool(false);
}

absl::StatusOr<Value> ApplyEqual(const Value& a, const Value& b,
                                 Budget& budget) {
  bool equal = Equal(a, b, budget);
  if (budget.exceeded()) return budget.Exceeded();
  return Value::Bool(equal);
}

}  // namespace

absl::StatusOr<Value> Apply(Operation operation, const Value& a, const Value& b,
                            Budget& budget) {
  switch (operation) {
    case Operation::kEqual:
      return ApplyEqual(a, b, budget);
    case Operation::kNotEqual: {
      absl::StatusOr<Value> equal = ApplyEqual(a, b, budget);
      if (!equal.ok()) return equal;
      return Value::Bool(!equal->AsBool());
    }
    case Operation::kLess:
    case Operation::kLessOrEqual:
    case Operation::kGreater:
    case Operation::kGreaterOrEqual:
      return ApplyOrder(operation, a, b);
    case Operation::kIn:
      return ApplyIn(a, b, budget);
    default:
      break;
  }
  if (a.IsNumber() && b.IsNumber()) return ApplyToNumbers(operation, a, b);
  if (operation == Operation::kAdd) return AddOthers(a, b, budget);
  if (operation == Operation::kSubtract) return SubtractOthers(a, b);
  return NoSuchOverload(operation, a, b);
}

absl::StatusOr<Value> Negate(const Value& value) {
  if (value.Is(Kind::kDouble)) return Value::Double(-value.AsDouble());
  if (!value.Is(Kind::kInt)) {
    return EvaluationError(absl::StrCat("no such overload: -",
                                        std::string(KindName(value.kind()))));
  }
  std::int64_t result;
  if (__builtin_sub_overflow(0, value.AsInt(), &result)) {
    return EvaluationError(
        absl::StrCat("integer overflow: -(", value.AsInt(), ")"));
  }
  return Value::Int(result);
}

}  // namespace windlass::cel

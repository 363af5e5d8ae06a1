#include "model/cel/compare.h"

namespace windlass::cel {
namespace {

std::partial_ordering Reverse(std::partial_ordering order) {
  return 0 <=> order;
}

std::partial_ordering CompareWhole(std::int64_t a, std::uint64_t b) {
  if (a < 0) return std::partial_ordering::less;
  return static_cast<std::uint64_t>(a) <=> b;
}

// A double meets a whole number as a double, rounded where it must be, as in
// CEL's other implementations. Whole numbers meet exactly.
std::partial_ordering CompareNumbers(const Value& a, const Value& b) {
  if (a.Is(Kind::kDouble) || b.Is(Kind::kDouble)) {
    return a.ToDouble() <=> b.ToDouble();
  }
  if (a.Is(Kind::kInt)) {
    if (b.Is(Kind::kInt)) return a.AsInt() <=> b.AsInt();
    return CompareWhole(a.AsInt(), b.AsUint());
  }
  if (b.Is(Kind::kUint)) return a.AsUint() <=> b.AsUint();
  return Reverse(CompareWhole(b.AsInt(), a.AsUint()));
}

bool ListsEqual(const List& a, const List& b, Budget& budget) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!Equal(a[i], b[i], budget)) return false;
  }
  return true;
}

bool MapsEqual(const Map& a, const Map& b, Budget& budget) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::optional<Value> other = b.Find(a.KeyAt(i));
    if (!other || !Equal(a.ValueAt(i), *other, budget)) return false;
  }
  return true;
}

}  // namespace

bool Equal(const Value& a, const Value& b, Budget& budget) {
  if (!budget.Step()) return false;
  if (a.IsNumber() && b.IsNumber()) return CompareNumbers(a, b) == 0;
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Kind::kNull:
      return true;
    case Kind::kList:
      return ListsEqual(a.AsList(), b.AsList(), budget);
    case Kind::kMap:
      return MapsEqual(a.AsMap(), b.AsMap(), budget);
    case Kind::kType:
      return a.AsType() == b.AsType();
    default:
      return Compare(a, b) == std::partial_ordering::equivalent;
  }
}

std::optional<std::partial_ordering> Compare(const Value& a, const Value& b) {
  if (a.IsNumber() && b.IsNumber()) return CompareNumbers(a, b);
  if (a.kind() != b.kind()) return std::nullopt;
  switch (a.kind()) {
    case Kind::kBool:
      return a.AsBool() <=> b.AsBool();
    case Kind::kString:
      return a.AsString() <=> b.AsString();  // UTF-8 keeps the order.
    case Kind::kBytes:
      return a.AsBytes() <=> b.AsBytes();
    case Kind::kTimestamp:
      return a.AsTimestamp() <=> b.AsTimestamp();
    case Kind::kDuration:
      return a.AsDuration() <=> b.AsDuration();
    default:
      return std::nullopt;
  }
}

}  // namespace windlass::cel

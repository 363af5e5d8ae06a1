#include "model/cel/compare.h"

#include <cmath>

namespace windlass::cel {
namespace {

std::partial_ordering Reverse(std::partial_ordering order) {
  return 0 <=> order;
}

std::partial_ordering CompareExactly(std::int64_t a, std::uint64_t b) {
  if (a < 0) return std::partial_ordering::less;
  return static_cast<std::uint64_t>(a) <=> b;
}

// Without rounding the integer, so that 2^53 + 1 is not 2^53.
std::partial_ordering CompareExactly(std::int64_t a, double b) {
  if (std::isnan(b)) return std::partial_ordering::unordered;
  if (b >= 0x1p63) return std::partial_ordering::less;
  if (b < -0x1p63) return std::partial_ordering::greater;
  double whole = std::trunc(b);
  auto order = a <=> static_cast<std::int64_t>(whole);
  if (order != 0) return order;
  return 0.0 <=> (b - whole);
}

std::partial_ordering CompareExactly(std::uint64_t a, double b) {
  if (std::isnan(b)) return std::partial_ordering::unordered;
  if (b >= 0x1p64) return std::partial_ordering::less;
  if (b < 0) return std::partial_ordering::greater;
  double whole = std::trunc(b);
  auto order = a <=> static_cast<std::uint64_t>(whole);
  if (order != 0) return order;
  return 0.0 <=> (b - whole);
}

std::partial_ordering CompareNumbers(const Value& a, const Value& b) {
  if (a.Is(Kind::kInt)) {
    if (b.Is(Kind::kInt)) return a.AsInt() <=> b.AsInt();
    if (b.Is(Kind::kUint)) return CompareExactly(a.AsInt(), b.AsUint());
    return CompareExactly(a.AsInt(), b.AsDouble());
  }
  if (a.Is(Kind::kUint)) {
    if (b.Is(Kind::kUint)) return a.AsUint() <=> b.AsUint();
    if (b.Is(Kind::kDouble)) return CompareExactly(a.AsUint(), b.AsDouble());
    return Reverse(CompareExactly(b.AsInt(), a.AsUint()));
  }
  if (b.Is(Kind::kDouble)) return a.AsDouble() <=> b.AsDouble();
  if (b.Is(Kind::kInt)) return Reverse(CompareExactly(b.AsInt(), a.AsDouble()));
  return Reverse(CompareExactly(b.AsUint(), a.AsDouble()));
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

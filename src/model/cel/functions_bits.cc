// CEL's math extensions on the bits of int and uint.

#include <array>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "model/cel/functions.h"

namespace windlass::cel {
namespace {

bool IsWhole(const Value& value) {
  return value.Is(Kind::kInt) || value.Is(Kind::kUint);
}

std::uint64_t BitsOf(const Value& whole) {
  return whole.Is(Kind::kInt) ? static_cast<std::uint64_t>(whole.AsInt())
                              : whole.AsUint();
}

// Of the type that `like` has.
Value FromBits(std::uint64_t bits, const Value& like) {
  return like.Is(Kind::kInt) ? Value::Int(static_cast<std::int64_t>(bits))
                             : Value::Uint(bits);
}

using Bits = std::uint64_t;

absl::StatusOr<Value> Combined(const Call& call, Bits (*combine)(Bits, Bits)) {
  if (!IsWhole(call[0]) || call[0].kind() != call[1].kind()) {
    return call.NoSuchOverload();
  }
  return FromBits(combine(BitsOf(call[0]), BitsOf(call[1])), call[0]);
}

absl::StatusOr<Value> And(const Call& call) {
  return Combined(call, [](Bits a, Bits b) { return a & b; });
}

absl::StatusOr<Value> Or(const Call& call) {
  return Combined(call, [](Bits a, Bits b) { return a | b; });
}

absl::StatusOr<Value> Xor(const Call& call) {
  return Combined(call, [](Bits a, Bits b) { return a ^ b; });
}

absl::StatusOr<Value> Not(const Call& call) {
  if (!IsWhole(call[0])) return call.NoSuchOverload();
  return FromBits(~BitsOf(call[0]), call[0]);
}

// By 64 or more nothing is left. The sign of an int is a bit like any other.
absl::StatusOr<Value> Shifted(const Call& call, Bits (*shift)(Bits, Bits)) {
  if (!IsWhole(call[0]) || !call.Has(1, Kind::kInt)) {
    return call.NoSuchOverload();
  }
  std::int64_t offset = call[1].AsInt();
  if (offset < 0) {
    return EvaluationError(absl::StrCat(std::string(call.function.name),
                                        "() by a negative offset: ", offset));
  }
  if (offset >= 64) return FromBits(0, call[0]);
  return FromBits(shift(BitsOf(call[0]), static_cast<Bits>(offset)), call[0]);
}

absl::StatusOr<Value> ShiftLeft(const Call& call) {
  return Shifted(call, [](Bits bits, Bits by) { return bits << by; });
}

absl::StatusOr<Value> ShiftRight(const Call& call) {
  return Shifted(call, [](Bits bits, Bits by) { return bits >> by; });
}

constexpr std::array kFunctions = {
    Function{"math.bitAnd", CallStyle::kFunction, 2, 2, And},
    Function{"math.bitOr", CallStyle::kFunction, 2, 2, Or},
    Function{"math.bitXor", CallStyle::kFunction, 2, 2, Xor},
    Function{"math.bitNot", CallStyle::kFunction, 1, 1, Not},
    Function{"math.bitShiftLeft", CallStyle::kFunction, 2, 2, ShiftLeft},
    Function{"math.bitShiftRight", CallStyle::kFunction, 2, 2, ShiftRight},
};

}  // namespace

absl::Span<const Function> BitFunctions() { return kFunctions; }

}  // namespace windlass::cel

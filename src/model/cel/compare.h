// Equality and order of values, as CEL defines them across types.
#pragma once

#include <compare>
#include <optional>

#include "model/cel/budget.h"
#include "model/cel/value.h"

namespace windlass::cel {

// Numbers are equal by value whatever their types; beside a double an integer
// is rounded to one, so 9007199254740993 == 9007199254740992.0. Values of other
// different types are not equal; NaN is not equal to itself. False once the
// budget is spent: the caller looks at the budget.
bool Equal(const Value& a, const Value& b, Budget& budget);

// The order of two numbers, or of two values of one ordered type (bool, string
// by code points, bytes, timestamp, duration). Nothing for other pairs.
std::optional<std::partial_ordering> Compare(const Value& a, const Value& b);

}  // namespace windlass::cel

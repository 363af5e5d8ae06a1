// The binary operators, apart from && and ||.
#pragma once

#include "absl/status/statusor.h"
#include "model/cel/ast.h"
#include "model/cel/budget.h"
#include "model/cel/value.h"

namespace windlass::cel {

// `a operation b`. Integers that overflow and division by zero are errors;
// doubles follow IEEE 754. Numbers of two types are added, subtracted,
// multiplied and divided as doubles: our extension, because JSON does not keep
// 1 and 1.0 apart as people expect.
absl::StatusOr<Value> Apply(Operation operation, const Value& a, const Value& b,
                            Budget& budget);

absl::StatusOr<Value> Negate(const Value& value);

}  // namespace windlass::cel

// Evaluates a checked tree.
#pragma once

#include <cstddef>

#include "absl/status/statusor.h"
#include "model/cel/activation.h"
#include "model/cel/ast.h"
#include "model/cel/budget.h"
#include "model/cel/value.h"

namespace windlass::cel {

// `slots` is what CheckNames() counted. Missing keys, indexes and variables are
// NotFound, a spent budget is ResourceExhausted, errors of the activation stay
// as they are, everything else is InvalidArgument.
absl::StatusOr<Value> EvaluateTree(const Node& tree, std::size_t slots,
                                   const Activation& activation,
                                   const Limits& limits);

}  // namespace windlass::cel

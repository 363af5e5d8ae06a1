// Resolves the names of a parsed expression, once.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/cel/ast.h"

namespace windlass::cel {

// Something outside the expression that it reads: `tasks.a.result.rows` is
// {"tasks", "a", "result", "rows"}. The path ends where an index is not a
// constant string.
struct Reference {
  std::vector<std::string> path;
  Position position;
};

// What happens to calls of functions that do not exist, or with arguments that
// no function of the name can take.
enum class UnknownFunctions {
  kRefuse,          // An error of the expression, with a suggestion.
  kFailWhenCalled,  // An error of the evaluation, as in unchecked CEL: what
                    // `||` and `&&` do not need may still be wrong.
};

struct CheckedNames {
  std::vector<Reference> references;  // In the order they stand in.
  std::size_t slots = 0;              // Macro variables alive at once.
};

// Fills in slots, functions and patterns. InvalidArgument with line and
// column for what cannot be resolved.
absl::StatusOr<CheckedNames> CheckNames(Node& tree, UnknownFunctions unknown);

}  // namespace windlass::cel

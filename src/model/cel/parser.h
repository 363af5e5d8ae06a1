// Parses the text of an expression into a tree.
#pragma once

#include <cstddef>
#include <string_view>

#include "absl/status/statusor.h"
#include "model/cel/ast.h"
#include "model/cel/lexer.h"

namespace windlass::cel {

// Parses from `start` to the end of the text or to a `}` that closes nothing,
// and moves `start` there. Macros are expanded; names are not resolved yet.
// Errors are InvalidArgument with line and column. Nesting, length and the
// number of nodes are limited, so no text can exhaust stack or memory.
absl::StatusOr<NodePointer> ParseTree(std::string_view text, Cursor& start);

}  // namespace windlass::cel

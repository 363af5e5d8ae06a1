// Calls that are not functions: they decide themselves what of their arguments
// is evaluated, and how often.
#pragma once

#include "absl/status/status.h"
#include "model/cel/ast.h"

namespace windlass::cel {

// Turns a call of has(), default(), cel.bind() or of a macro over lists and
// maps into its own kind of node; leaves every other call as it is.
// InvalidArgument when the arguments are not of the macro's form.
absl::Status ExpandMacro(Node& call);

}  // namespace windlass::cel

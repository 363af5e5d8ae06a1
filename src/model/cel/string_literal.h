// The inside of string and bytes literals.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace windlass::cel {

enum class LiteralKind { kString, kBytes };

// `body` with its escapes resolved. In a string an escape is a code point, in
// bytes it is a byte; \u and \U have no meaning in bytes.
absl::StatusOr<std::string> Unescape(std::string_view body, LiteralKind kind);

}  // namespace windlass::cel

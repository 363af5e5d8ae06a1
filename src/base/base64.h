// Base64 as RFC 4648 section 4 has it, for bytes inside JSON.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace windlass {

// With padding, without line breaks.
std::string EncodeBase64(std::string_view bytes);

// Exactly what EncodeBase64() writes: no white space, no missing padding, no
// bits that the padding would drop. InvalidArgument names the position.
absl::StatusOr<std::string> DecodeBase64(std::string_view text);

}  // namespace windlass

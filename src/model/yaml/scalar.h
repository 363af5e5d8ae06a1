// What a plain YAML scalar means.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "windlass/json.h"

namespace windlass {

// By YAML 1.2's core schema: null, bool, integer, float or text. Integers
// beyond 64 bits become doubles, as in JSON. InvalidArgument for numbers that
// JSON cannot hold (.inf, .nan, 1e999).
absl::StatusOr<Json> ResolvePlainScalar(std::string_view text);

}  // namespace windlass

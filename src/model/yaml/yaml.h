// YAML 1.2 to JSON, by libfyaml.
#pragma once

#include <string_view>

#include "model/positioned_json.h"

namespace windlass {

// Parses one YAML document by the core schema: `NO` is text, `0o10` is 8,
// quoted scalars are text. Aliases and merge keys (`<<`) are expanded within
// the limits. Refused, with their place: several documents, tags beyond the
// core schema, keys that are not scalars, duplicate keys, .inf and .nan (JSON
// has neither). `text` must be valid UTF-8 without a byte order mark.
PositionedJson ParseYaml(std::string_view text, const TextLimits& limits);

}  // namespace windlass

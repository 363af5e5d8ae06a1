// Values on their way out of an expression.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "model/cel/budget.h"
#include "model/cel/value.h"
#include "windlass/json.h"

namespace windlass::cel {

// The value as JSON. A uint becomes an integer, bytes base64, a timestamp or
// duration its text, a type its name; keys that are no strings become their
// texts, and two that become the same are InvalidArgument. A value that is one
// piece of the input is copied whatever its size; what an expression put
// together is limited to `limits.bytes` (ResourceExhausted), because a list
// that holds another one twice is small until it is written out.
absl::StatusOr<Json> ToJson(const Value& value, const Limits& limits = {});
absl::StatusOr<Json> ToJson(const Value& value, Budget& budget);

// The value as it stands in an interpolated string: strings as they are,
// doubles in their shortest form, bytes, timestamps, durations and types as
// their text without quotes, lists and maps as JSON.
absl::StatusOr<std::string> ToText(const Value& value,
                                   const Limits& limits = {});

// "int", "double", "string", "bytes", "bool", "null", "list", "map",
// "timestamp", "duration", "type", "uint".
std::string TypeName(const Value& value);

}  // namespace windlass::cel

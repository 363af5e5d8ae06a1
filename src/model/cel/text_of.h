// Values as texts.
#pragma once

#include <string>

#include "model/cel/value.h"

namespace windlass::cel {

// The shortest text that reads back as the same double: "1", "0.1", "1e+21",
// "NaN", "-Infinity".
std::string FormatDouble(double number);

// What string() makes of a bool, number, timestamp, duration or type; null is
// "null". Not for strings, bytes, lists and maps.
std::string FormatScalar(const Value& value);

}  // namespace windlass::cel

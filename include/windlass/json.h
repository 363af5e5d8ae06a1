// JSON values, as params, results and error details carry them.
//
// Windlass keeps every JSON document in a boost::json::value: integers stay
// 64-bit integers, other numbers are doubles, objects keep the order of their
// keys. Values are copied by value and are not thread-safe; a `const Json` may
// be read from any number of threads.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace windlass {

using Json = boost::json::value;
using JsonObject = boost::json::object;
using JsonArray = boost::json::array;

// Parses one JSON document. Nesting is limited to 200 levels, so a hostile
// document cannot exhaust the stack. Errors name line and column.
absl::StatusOr<Json> ParseJson(std::string_view text);

// One line, no spaces. A double keeps a fraction or exponent ("2.0"), so it is
// still a double when parsed again; NaN and infinities become null.
std::string FormatJson(const Json& value);

// Indented by two spaces, for people.
std::string FormatJsonPretty(const Json& value);

// The value as an expression would put it into a string: strings as they are,
// everything else as JSON.
std::string JsonToText(const Json& value);

}  // namespace windlass

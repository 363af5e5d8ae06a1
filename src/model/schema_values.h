// JSON values as the two halves of JSON Schema, compiling and checking, see
// them.
#pragma once

#include <cmath>
#include <string>
#include <string_view>

#include "windlass/json.h"

namespace windlass {

inline std::string_view ViewOf(const boost::json::string& text) {
  return {text.data(), text.size()};
}

inline double ToDouble(const Json& number) {
  if (number.is_int64()) return static_cast<double>(number.get_int64());
  if (number.is_uint64()) return static_cast<double>(number.get_uint64());
  return number.get_double();
}

// 1.0 is one.
inline bool IsInteger(const Json& value) {
  if (value.is_int64() || value.is_uint64()) return true;
  return value.is_double() &&
         std::trunc(value.get_double()) == value.get_double();
}

// For messages.
inline std::string Brief(const Json& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return "a list";
  std::string text = FormatJson(value);
  return text.size() <= 60 ? text : "a long text";
}

}  // namespace windlass

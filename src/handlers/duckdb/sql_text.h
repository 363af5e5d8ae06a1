// Text of SQL that we write: everything that is not a constant of ours enters
// it as a quoted identifier or as a literal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "windlass/json.h"

namespace windlass::duckdb {

// "name", with quotes doubled.
std::string Identifier(std::string_view name);

// 'text', with quotes doubled. A NUL byte, which SQL cannot hold, ends it.
std::string Literal(std::string_view text);
inline std::string Literal(const char* text) {
  return Literal(std::string_view(text));
}

// A JSON value as a constant: numbers, true, NULL, lists as [..], objects as
// {'name': ..}.
std::string Literal(const Json& value);

// The first word in `sql` that would make SQL or settings of data, outside of
// what a locked database refuses, or could hide a COPY; "" without one. A text
// in quotes is data.
std::string UnsafeWord(std::string_view sql);

// Whether `sql`, put in parentheses, stays within them: it closes none that it
// did not open, leaves none open, and ends no statement.
bool StandsAlone(std::string_view sql);

// The last of several statements, without the ";" that ends it: from after the
// last ";" that is followed by anything but blanks and comments and is in no
// quotes ('..', "..", $tag$..$tag$) or comment.
struct StatementSpan {
  std::size_t start = 0;
  std::size_t end = 0;
};
StatementSpan LastStatement(std::string_view sql);

}  // namespace windlass::duckdb

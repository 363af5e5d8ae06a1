// Strings as sequences of code points, which is how CEL counts them. A byte
// that is not part of valid UTF-8 counts as one code point of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace windlass::cel {

bool IsValidUtf8(std::string_view text);

std::size_t CountCodePoints(std::string_view text);

// The bytes before code point `index`; the text's size when index is the
// number of code points; nothing beyond that.
std::optional<std::size_t> ByteOffset(std::string_view text, std::size_t index);

// The length in bytes of the code point that starts at `offset`.
std::size_t CodePointLength(std::string_view text, std::size_t offset);

// The code point that starts at `offset`; U+FFFD for an invalid byte.
char32_t DecodeCodePoint(std::string_view text, std::size_t offset);

void AppendCodePoint(char32_t code_point, std::string& out);

// Not a surrogate and not above U+10FFFF.
bool IsCodePoint(std::uint32_t number);

}  // namespace windlass::cel

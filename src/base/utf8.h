// Text from outside, which may be anything, made fit for JSON.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace windlass {

bool IsUtf8(std::string_view bytes);

// With U+FFFD in place of every byte that is not UTF-8.
std::string ToUtf8(std::string_view bytes);

// At most the last `limit` bytes, cut between characters, as UTF-8.
std::string Utf8Tail(std::string_view bytes, std::size_t limit);

// At most the first `limit` bytes, likewise; "..." shows that more followed.
std::string Utf8Head(std::string_view bytes, std::size_t limit);

}  // namespace windlass

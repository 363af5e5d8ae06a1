#include "base/utf8.h"

#include <cstdint>

namespace windlass {
namespace {

bool IsContinuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

// Length of the character at the front, or 0 if there is none: overlong forms,
// surrogates and what lies above U+10FFFF are none (RFC 3629).
std::size_t CharacterLength(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if (!IsContinuation(text[i])) return 0;
  }
  const auto second = static_cast<unsigned char>(text[1]);
  const bool overlong =
      (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool surrogate = first == 0xED && second > 0x9F;
  const bool too_large = first == 0xF4 && second > 0x8F;
  return overlong || surrogate || too_large ? 0 : length;
}

}  // namespace

bool IsUtf8(std::string_view bytes) {
  while (!bytes.empty()) {
    std::size_t length = CharacterLength(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

std::string ToUtf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    std::size_t length = CharacterLength(bytes);
    text += length == 0 ? std::string_view("\xEF\xBF\xBD")
                        : bytes.substr(0, length);
    bytes.remove_prefix(length == 0 ? 1 : length);
  }
  return text;
}

std::string Utf8Tail(std::string_view bytes, std::size_t limit) {
  if (bytes.size() > limit) {
    bytes.remove_prefix(bytes.size() - limit);
    for (int i = 0; i < 3 && !bytes.empty() && IsContinuation(bytes[0]); ++i) {
      bytes.remove_prefix(1);
    }
  }
  return ToUtf8(bytes);
}

std::string Utf8Head(std::string_view bytes, std::size_t limit) {
  if (bytes.size() <= limit) return ToUtf8(bytes);
  while (limit > 0 && IsContinuation(bytes[limit])) --limit;
  return ToUtf8(bytes.substr(0, limit)) + "...";
}

}  // namespace windlass

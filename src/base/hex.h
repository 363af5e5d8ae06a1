// Bytes as hexadecimal digits.
#pragma once

#include <string>
#include <string_view>

namespace windlass {

// Two lower-case digits for each byte.
inline std::string HexText(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += kDigits[byte >> 4];
    text += kDigits[byte & 0x0f];
  }
  return text;
}

}  // namespace windlass

#include "model/cel/utf8.h"

#include <algorithm>

namespace windlass::cel {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

struct Decoded {
  char32_t code_point;
  std::size_t length;
  bool valid;
};

constexpr Decoded kInvalid = {kReplacement, 1, false};

bool IsContinuation(unsigned char byte) { return (byte & 0xC0) == 0x80; }

Decoded Decode(std::string_view text, std::size_t offset) {
  auto byte = [&](std::size_t i) {
    return static_cast<unsigned char>(text[offset + i]);
  };
  unsigned char first = byte(0);
  if (first < 0x80) return {first, 1, true};
  std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || offset + length > text.size()) {
    return kInvalid;
  }
  char32_t code_point = first & (0x7F >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if (!IsContinuation(byte(i))) return kInvalid;
    code_point = (code_point << 6) | (byte(i) & 0x3F);
  }
  // Longer than needed, a surrogate, or beyond Unicode.
  if (length == 3 && code_point < 0x800) return kInvalid;
  if (length == 4 && code_point < 0x10000) return kInvalid;
  if (!IsCodePoint(code_point)) return kInvalid;
  return {code_point, length, true};
}

bool IsAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x80;
  });
}

}  // namespace

bool IsCodePoint(std::uint32_t number) {
  return number <= 0x10FFFF && (number < 0xD800 || number > 0xDFFF);
}

bool IsValidUtf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    Decoded decoded = Decode(text, i);
    if (!decoded.valid) return false;
    i += decoded.length;
  }
  return true;
}

std::size_t CountCodePoints(std::string_view text) {
  if (IsAscii(text)) return text.size();
  std::size_t count = 0;
  for (std::size_t i = 0; i < text.size(); ++count) {
    i += CodePointLength(text, i);
  }
  return count;
}

std::optional<std::size_t> ByteOffset(std::string_view text,
                                      std::size_t index) {
  std::size_t offset = 0;
  for (; index > 0; --index) {
    if (offset >= text.size()) return std::nullopt;
    offset += CodePointLength(text, offset);
  }
  return offset;
}

std::size_t CodePointLength(std::string_view text, std::size_t offset) {
  return Decode(text, offset).length;
}

char32_t DecodeCodePoint(std::string_view text, std::size_t offset) {
  return Decode(text, offset).code_point;
}

void AppendCodePoint(char32_t code_point, std::string& out) {
  auto append = [&](char32_t byte) { out += static_cast<char>(byte); };
  auto tail = [&](int shift) { append(0x80 | ((code_point >> shift) & 0x3F)); };
  if (code_point < 0x80) {
    append(code_point);
  } else if (code_point < 0x800) {
    append(0xC0 | (code_point >> 6));
    tail(0);
  } else if (code_point < 0x10000) {
    append(0xE0 | (code_point >> 12));
    tail(6);
    tail(0);
  } else {
    append(0xF0 | (code_point >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

}  // namespace windlass::cel

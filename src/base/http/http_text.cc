#include "base/http/http_text.h"

#include <curl/curl.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "base/concat.h"

namespace windlass {
namespace {

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = absl::ascii_tolower(static_cast<unsigned char>(c));
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

std::string PercentEncode(std::string_view text, std::string_view kept) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte) || c == '-' || c == '.' || c == '_' ||
        c == '~' || kept.find(c) != std::string_view::npos) {
      encoded += c;
    } else {
      encoded += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return encoded;
}

absl::StatusOr<std::string> PercentDecode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? HexValue(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? HexValue(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      return absl::InvalidArgumentError(
          Concat("'", text, "': expected two hexadecimal digits after %"));
    }
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

std::string SafeMediaType(std::string_view type) {
  const bool printable = std::all_of(
      type.begin(), type.end(), [](char c) { return c >= ' ' && c <= '~'; });
  const std::size_t slash = type.find('/');
  if (!printable || slash == 0 || slash == std::string_view::npos ||
      slash + 1 == type.size()) {
    return "application/octet-stream";
  }
  return std::string(type);
}

std::string RangeHeader(std::int64_t offset,
                        std::optional<std::int64_t> length) {
  std::string header = Concat("Range: bytes=", offset, "-");
  if (length) header += Concat(offset + *length - 1);
  return header;
}

absl::StatusOr<Timestamp> ParseHttpDate(std::string_view text) {
  const std::time_t seconds = curl_getdate(std::string(text).c_str(), nullptr);
  if (seconds < 0) {
    return absl::InvalidArgumentError(
        Concat("'", text, "' is not a date of HTTP"));
  }
  return Timestamp(std::chrono::seconds(seconds));
}

}  // namespace windlass

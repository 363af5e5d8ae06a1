#include "handlers/http/charset.h"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/ascii.h"
#include "base/utf8.h"

namespace windlass {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::size_t kLongestName = 40;

// A name comes from a server and goes to iconv, for which "//" and "/" mean
// something.
bool IsName(std::string_view charset) {
  return !charset.empty() && charset.size() <= kLongestName &&
         std::all_of(charset.begin(), charset.end(), [](unsigned char c) {
           return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.' ||
                  c == ':';
         });
}

// Where units are wider than a byte, what is invalid is skipped by units.
std::size_t UnitOf(std::string_view charset) {
  if (charset.starts_with("utf-16") || charset.starts_with("ucs-2")) return 2;
  if (charset.starts_with("utf-32") || charset.starts_with("ucs-4")) return 4;
  return 1;
}

std::string Convert(iconv_t converter, std::string bytes, std::size_t unit) {
  std::string text;
  char* from = bytes.data();
  std::size_t left = bytes.size();
  std::array<char, 16 * 1024> buffer{};
  while (left > 0) {
    char* to = buffer.data();
    std::size_t room = buffer.size();
    const std::size_t done = iconv(converter, &from, &left, &to, &room);
    const int error = done == static_cast<std::size_t>(-1) ? errno : 0;
    text.append(buffer.data(), buffer.size() - room);
    if (error == 0 || error == E2BIG) continue;
    // EILSEQ, or EINVAL where the text ends within a character.
    const std::size_t skipped = std::min(unit, left);
    from += skipped;
    left -= skipped;
    text += kReplacement;
    if (error == EINVAL) break;
  }
  return text;
}

}  // namespace

std::string CharsetOf(std::string_view content_type) {
  constexpr std::string_view kName = "charset=";
  const std::string lower = absl::AsciiStrToLower(
      absl::string_view(content_type.data(), content_type.size()));
  const std::size_t at = lower.find(kName, lower.find(';'));
  if (at == std::string::npos) return "";
  std::string value = lower.substr(at + kName.size());
  value.resize(std::min(value.find(';'), value.size()));
  absl::StripAsciiWhitespace(&value);
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
    return value.substr(1, value.size() - 2);
  }
  return value;
}

std::string DecodeText(std::string_view bytes, const std::string& charset) {
  if (!IsName(charset) || charset == "utf-8") return ToUtf8(bytes);
  const iconv_t converter = iconv_open("UTF-8", charset.c_str());
  // NOLINTNEXTLINE: how iconv says that it does not know the name.
  if (converter == reinterpret_cast<iconv_t>(-1)) return ToUtf8(bytes);
  const absl::Cleanup close = [converter] { iconv_close(converter); };
  return Convert(converter, std::string(bytes), UnitOf(charset));
}

}  // namespace windlass

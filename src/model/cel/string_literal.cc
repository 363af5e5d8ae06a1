#include "model/cel/string_literal.h"

#include <cstdint>
#include <optional>

#include "absl/strings/str_cat.h"
#include "model/cel/utf8.h"

namespace windlass::cel {
namespace {

std::optional<std::uint32_t> ParseDigits(std::string_view digits, int base) {
  std::uint32_t number = 0;
  for (char c : digits) {
    int digit = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : 99;
    if (digit >= base) return std::nullopt;
    number = number * static_cast<std::uint32_t>(base) +
             static_cast<std::uint32_t>(digit);
  }
  return number;
}

std::optional<char> SimpleEscape(char c) {
  switch (c) {
    case 'a':
      return '\a';
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'v':
      return '\v';
    case '\\':
    case '?':
    case '"':
    case '\'':
    case '`':
      return c;
    default:
      return std::nullopt;
  }
}

absl::Status BadEscape(std::string_view escape) {
  return absl::InvalidArgumentError(
      absl::StrCat("invalid escape sequence \\", std::string(escape)));
}

// Escapes that are a number: where their digits are and how many.
struct NumericEscape {
  std::size_t skip;
  std::size_t digits;
  int base;
};

std::optional<NumericEscape> NumericEscapeOf(char c, LiteralKind kind) {
  if (c == 'x' || c == 'X') return NumericEscape{1, 2, 16};
  if (c >= '0' && c <= '3') return NumericEscape{0, 3, 8};
  if (kind == LiteralKind::kBytes) return std::nullopt;
  if (c == 'u') return NumericEscape{1, 4, 16};
  if (c == 'U') return NumericEscape{1, 8, 16};
  return std::nullopt;
}

// Resolves the escape after a backslash; returns how many bytes it took.
absl::StatusOr<std::size_t> AppendEscape(std::string_view rest,
                                         LiteralKind kind, std::string& out) {
  if (rest.empty()) return BadEscape("");
  if (auto simple = SimpleEscape(rest[0])) {
    out += *simple;
    return 1;
  }
  auto escape = NumericEscapeOf(rest[0], kind);
  if (!escape) return BadEscape(rest.substr(0, CodePointLength(rest, 0)));
  std::size_t length = escape->skip + escape->digits;
  std::string_view digits = rest.substr(escape->skip, escape->digits);
  auto number = ParseDigits(digits, escape->base);
  if (digits.size() < escape->digits || !number) {
    return BadEscape(rest.substr(0, std::min(length, rest.size())));
  }
  if (kind == LiteralKind::kBytes) {
    out += static_cast<char>(*number);
    return length;
  }
  if (!IsCodePoint(*number)) return BadEscape(rest.substr(0, length));
  AppendCodePoint(*number, out);
  return length;
}

}  // namespace

absl::StatusOr<std::string> Unescape(std::string_view body, LiteralKind kind) {
  std::string out;
  out.reserve(body.size());
  for (std::size_t i = 0; i < body.size();) {
    if (body[i] != '\\') {
      out += body[i++];
      continue;
    }
    absl::StatusOr<std::size_t> taken =
        AppendEscape(body.substr(i + 1), kind, out);
    if (!taken.ok()) return taken.status();
    i += 1 + *taken;
  }
  return out;
}

}  // namespace windlass::cel

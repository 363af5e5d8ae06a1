// Splits an expression into tokens.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace windlass::cel {

// Where something stands in a text; both count from 1, columns in code points.
struct Position {
  int line = 1;
  int column = 1;

  bool operator==(const Position&) const = default;
};

// InvalidArgument: "line 1, column 5: ...".
absl::Status ErrorAt(Position position, std::string_view message);

enum class TokenKind : std::uint8_t {
  kEnd,
  kIdentifier,        // text
  kQuotedIdentifier,  // text, without the backticks
  kInt,               // text: digits or 0x, no sign and no suffix
  kUint,              // text: the same, without its u
  kDouble,            // text
  kString,            // text, escapes resolved
  kBytes,             // text, escapes resolved
  kPunctuation,       // text: one of ( ) [ ] { } . , ? : ! - + * / % < > <= ...
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string text;
  Position position;
  std::size_t offset = 0;  // In bytes.

  bool Is(std::string_view punctuation) const {
    return kind == TokenKind::kPunctuation && text == punctuation;
  }
};

// A place in a text, as an offset in bytes and as people count.
struct Cursor {
  std::size_t offset = 0;
  Position position;

  // Moves over `count` bytes of `text`.
  void Advance(std::string_view text, std::size_t count);
};

// Tokens of `text` from `start` on, the last of them kEnd. Ends at the end of
// the text or, so that an expression may be embedded, before a `}` that closes
// nothing.
absl::StatusOr<std::vector<Token>> Tokenize(std::string_view text,
                                            Cursor start = {});

}  // namespace windlass::cel

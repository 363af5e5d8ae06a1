#include "model/cel/lexer.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "model/cel/string_literal.h"
#include "model/cel/utf8.h"

namespace windlass::cel {
namespace {

constexpr std::array<std::string_view, 6> kTwoCharacters = {
    "<=", ">=", "==", "!=", "&&", "||"};
// Far beyond what people write; a hostile text stops here.
constexpr std::size_t kMaximumTokens = 200'000;

constexpr std::string_view kOneCharacter = "()[]{}.,?:!-+*/%<>";

bool StartsIdentifier(char c) {
  return absl::ascii_isalpha(static_cast<unsigned char>(c)) || c == '_';
}

bool ContinuesIdentifier(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_';
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsHexDigit(char c) {
  return absl::ascii_isxdigit(static_cast<unsigned char>(c));
}

class Lexer {
 public:
  Lexer(std::string_view text, Cursor start) : text_(text), cursor_(start) {}

  absl::StatusOr<std::vector<Token>> Run() {
    std::vector<Token> tokens;
    for (;;) {
      SkipBlanks();
      Token token;
      token.position = cursor_.position;
      token.offset = At();
      bool closes_nothing = Peek() == '}' && open_braces_ == 0;
      if (At() < text_.size() && !closes_nothing) {
        absl::Status status = Lex(token);
        if (!status.ok()) return status;
      }
      if (tokens.size() == kMaximumTokens) {
        return ErrorAt(token.position, "the expression is too long");
      }
      tokens.push_back(std::move(token));
      if (tokens.back().kind == TokenKind::kEnd) return tokens;
    }
  }

 private:
  char Peek(std::size_t ahead = 0) const {
    return At() + ahead < text_.size() ? text_[At() + ahead] : '\0';
  }

  std::size_t At() const { return cursor_.offset; }

  void Advance(std::size_t count) { cursor_.Advance(text_, count); }

  void SkipBlanks() {
    for (;;) {
      char c = Peek();
      if (At() < text_.size() &&
          std::string_view(" \t\n\r\f").find(c) != std::string_view::npos) {
        Advance(1);
      } else if (c == '/' && Peek(1) == '/') {
        std::size_t end = std::min(text_.find('\n', At()), text_.size());
        Advance(end - At());
      } else {
        return;
      }
    }
  }

  // Fills in a token's kind and text and moves past it.
  absl::Status Lex(Token& token) {
    char c = Peek();
    if (std::size_t prefix; IsLiteralStart(prefix)) return LexText(token);
    if (StartsIdentifier(c)) return LexIdentifier(token);
    if (IsDigit(c) || (c == '.' && IsDigit(Peek(1)))) return LexNumber(token);
    if (c == '`') return LexQuotedIdentifier(token);
    return LexPunctuation(token);
  }

  absl::Status LexIdentifier(Token& token) {
    std::size_t length = 1;
    while (ContinuesIdentifier(Peek(length))) ++length;
    token.kind = TokenKind::kIdentifier;
    Take(length, token);
    return absl::OkStatus();
  }

  absl::Status LexQuotedIdentifier(Token& token) {
    std::size_t end = text_.find_first_of("`\n", At() + 1);
    if (end == std::string_view::npos || text_[end] == '\n') {
      return ErrorAt(token.position, "a name in backticks is not closed");
    }
    if (end == At() + 1) {
      return ErrorAt(token.position, "a name in backticks is empty");
    }
    token.kind = TokenKind::kQuotedIdentifier;
    token.text = text_.substr(At() + 1, end - At() - 1);
    Advance(end + 1 - At());
    return absl::OkStatus();
  }

  absl::Status LexPunctuation(Token& token) {
    token.kind = TokenKind::kPunctuation;
    for (std::string_view operation : kTwoCharacters) {
      if (text_.substr(At(), 2) == operation) {
        Take(2, token);
        return absl::OkStatus();
      }
    }
    char c = Peek();
    if (kOneCharacter.find(c) != std::string_view::npos && c != '\0') {
      if (c == '{') ++open_braces_;
      if (c == '}') --open_braces_;
      Take(1, token);
      return absl::OkStatus();
    }
    return ErrorAt(token.position, Unexpected());
  }

  // What to write instead of what is not CEL but often meant.
  std::string Unexpected() const {
    char c = Peek();
    if (c == '=') return "unexpected '='; did you mean '=='?";
    if (c == '&') return "unexpected '&'; did you mean '&&'?";
    if (c == '|') return "unexpected '|'; did you mean '||'?";
    auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) {
      return absl::StrCat("unexpected character 0x", absl::Hex(byte));
    }
    std::size_t length = CodePointLength(text_, At());
    if (length == 1 && byte >= 0x80) return "the text is not valid UTF-8";
    return absl::StrCat("unexpected character '",
                        std::string(text_.substr(At(), length)), "'");
  }

  absl::Status LexNumber(Token& token) {
    std::size_t length = 0;
    token.kind = TokenKind::kInt;
    if (Peek() == '0' && (Peek(1) == 'x' || Peek(1) == 'X') &&
        IsHexDigit(Peek(2))) {
      length = 2;
      while (IsHexDigit(Peek(length))) ++length;
    } else {
      length = LexDecimal(token);
    }
    bool is_uint = token.kind == TokenKind::kInt &&
                   (Peek(length) == 'u' || Peek(length) == 'U');
    if (ContinuesIdentifier(Peek(length + (is_uint ? 1 : 0)))) {
      return ErrorAt(token.position, "a number runs into a name");
    }
    Take(length, token);
    if (is_uint) {
      token.kind = TokenKind::kUint;
      Advance(1);
    }
    return absl::OkStatus();
  }

  // The length of a number without 0x; makes it a double if it is one.
  std::size_t LexDecimal(Token& token) {
    std::size_t length = 0;
    auto digits = [&] {
      while (IsDigit(Peek(length))) ++length;
    };
    digits();
    if (Peek(length) == '.' && IsDigit(Peek(length + 1))) {
      token.kind = TokenKind::kDouble;
      ++length;
      digits();
    }
    if (Peek(length) == 'e' || Peek(length) == 'E') {
      std::size_t sign = Peek(length + 1) == '+' || Peek(length + 1) == '-';
      if (IsDigit(Peek(length + 1 + sign))) {
        token.kind = TokenKind::kDouble;
        length += 1 + sign;
        digits();
      }
    }
    return length;
  }

  // Whether a string or bytes literal starts here; `prefix` is the length of
  // the b and r before its quote.
  bool IsLiteralStart(std::size_t& prefix) const {
    prefix = 0;
    if (Peek() == 'b' || Peek() == 'B') ++prefix;
    if (Peek(prefix) == 'r' || Peek(prefix) == 'R') ++prefix;
    if (Peek(prefix) == '"' || Peek(prefix) == '\'') return true;
    // `rb` is as good as `br`.
    prefix = 2;
    return (Peek() == 'r' || Peek() == 'R') &&
           (Peek(1) == 'b' || Peek(1) == 'B') &&
           (Peek(2) == '"' || Peek(2) == '\'');
  }

  absl::Status LexText(Token& token) {
    std::size_t prefix;
    IsLiteralStart(prefix);
    std::string_view flags = text_.substr(At(), prefix);
    bool raw = flags.find_first_of("rR") != std::string_view::npos;
    bool bytes = flags.find_first_of("bB") != std::string_view::npos;
    std::size_t start = At() + prefix;
    std::string_view quote = text_.substr(start, 1);
    if (text_.substr(start, 3) == std::string(3, quote[0])) {
      quote = text_.substr(start, 3);
    }
    start += quote.size();
    std::size_t end = EndOfText(start, quote, raw);
    if (end == std::string_view::npos) {
      return ErrorAt(token.position,
                     quote.size() == 1
                         ? "a string is not closed before the line ends"
                         : "a string is not closed");
    }
    std::string_view body = text_.substr(start, end - start);
    token.kind = bytes ? TokenKind::kBytes : TokenKind::kString;
    if (!IsValidUtf8(body)) {
      return ErrorAt(token.position, "a string is not valid UTF-8");
    }
    if (raw) {
      token.text = std::string(body);
    } else {
      absl::StatusOr<std::string> unescaped =
          Unescape(body, bytes ? LiteralKind::kBytes : LiteralKind::kString);
      if (!unescaped.ok()) {
        return ErrorAt(token.position,
                       std::string(unescaped.status().message()));
      }
      token.text = *std::move(unescaped);
    }
    Advance(end + quote.size() - At());
    return absl::OkStatus();
  }

  // The offset of the closing quote, or npos.
  std::size_t EndOfText(std::size_t from, std::string_view quote, bool raw) {
    for (std::size_t i = from; i < text_.size(); ++i) {
      if (text_.substr(i, quote.size()) == quote) return i;
      bool line_end = text_[i] == '\n' || text_[i] == '\r';
      if (line_end && quote.size() == 1) break;
      if (text_[i] == '\\' && !raw) ++i;
    }
    return std::string_view::npos;
  }

  void Take(std::size_t length, Token& token) {
    token.text = text_.substr(At(), length);
    Advance(length);
  }

  const std::string_view text_;
  Cursor cursor_;
  int open_braces_ = 0;
};

}  // namespace

absl::Status ErrorAt(Position position, std::string_view message) {
  return absl::InvalidArgumentError(absl::StrCat("line ", position.line,
                                                 ", column ", position.column,
                                                 ": ", std::string(message)));
}

void Cursor::Advance(std::string_view text, std::size_t count) {
  for (std::size_t end = offset + count; offset < end; ++offset) {
    auto byte = static_cast<unsigned char>(text[offset]);
    if (byte == '\n') {
      ++position.line;
      position.column = 1;
    } else if ((byte & 0xC0) != 0x80) {
      ++position.column;
    }
  }
}

absl::StatusOr<std::vector<Token>> Tokenize(std::string_view text,
                                            Cursor start) {
  return Lexer(text, start).Run();
}

}  // namespace windlass::cel

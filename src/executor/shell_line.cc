#include "executor/shell_line.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"
#include "base/concat.h"

namespace windlass {
namespace {

absl::Status Refuse(std::string_view why) {
  return absl::InvalidArgumentError(
      Concat("an expression cannot stand ", why,
             " of a line for /bin/sh; hand the value over by `env`, or write "
             "`command` as a list of program and arguments"));
}

bool IsNumber(std::string_view text) {
  if (!text.empty() && text[0] == '-') text.remove_prefix(1);
  return !text.empty() &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool StartsWithAt(std::string_view text, std::size_t i, std::string_view what) {
  return text.substr(i, what.size()) == what;
}

}  // namespace

void ShellLine::EndWord() {
  // Its patterns have parentheses that close nothing.
  if (word_ == "case" && !open_.empty()) unsure_ = true;
  word_.clear();
}

// What a dollar sign begins, in words and in double quotes alike.
void ShellLine::TakeDollar(std::string_view text, std::size_t& i) {
  if (StartsWithAt(text, i, "$((")) {
    Push(Context::kArithmetic);
    parens_.push_back(0);
    i += 2;
  } else if (StartsWithAt(text, i, "$(")) {
    Push(Context::kWords);
    word_.clear();
    i += 1;
  } else if (StartsWithAt(text, i, "${")) {
    Push(Context::kBraces);
    i += 1;
  } else if (StartsWithAt(text, i, "$'")) {
    unsure_ = true;  // Shells differ.
  }
}

void ShellLine::InWords(std::string_view text, std::size_t& i) {
  const char c = text[i];
  if (c == '#' && word_.empty()) return Push(Context::kComment);
  if (absl::ascii_isspace(c) ||
      std::string_view(";&|()<>").find(c) != std::string_view::npos) {
    EndWord();
  } else {
    word_ += c;
  }
  switch (c) {
    case '\\':
      escaped_ = true;
      break;
    case '\'':
      Push(Context::kSingle);
      break;
    case '"':
      Push(Context::kDouble);
      break;
    case '`':
      Push(Context::kBackquotes);
      break;
    case '$':
      TakeDollar(text, i);
      break;
    case '(':
      Push(Context::kWords);
      break;
    case ')':
      if (!open_.empty()) Pop();
      word_ += ')';  // What follows is no new word: "a)#b".
      break;
    case '<':
      if (StartsWithAt(text, i, "<<")) here_document_ = true;
      break;
    case '\n':
      if (here_document_) unsure_ = true;
      break;
    default:
      break;
  }
}

void ShellLine::InDouble(std::string_view text, std::size_t& i) {
  if (text[i] == '\\') escaped_ = true;
  if (text[i] == '"') Pop();
  if (text[i] == '`') Push(Context::kBackquotes);
  if (text[i] == '$') TakeDollar(text, i);
}

void ShellLine::InArithmetic(std::string_view text, std::size_t& i) {
  const char c = text[i];
  if (c == '(') ++parens_.back();
  if (c == ')' && parens_.back() > 0) {
    --parens_.back();
  } else if (c == ')') {
    // Anything but "))" was a subshell in a $( ).
    if (!StartsWithAt(text, i, "))")) unsure_ = true;
    ++i;
    parens_.pop_back();
    Pop();
  }
  // Nested quotes and substitutions, and "((" that begins a subshell.
  if (std::string_view("'\"`\\;\n").find(c) != std::string_view::npos ||
      StartsWithAt(text, i, "$(") || StartsWithAt(text, i, "${")) {
    unsure_ = true;
  }
}

void ShellLine::InBraces(char c) {
  if (c == '}') Pop();
  if (std::string_view("'\"`\\$").find(c) != std::string_view::npos) {
    unsure_ = true;
  }
}

void ShellLine::AddLiteral(std::string_view text) {
  for (std::size_t i = 0; i < text.size() && !unsure_; ++i) {
    const char c = text[i];
    if (escaped_) {
      escaped_ = false;
      continue;
    }
    switch (context()) {
      case Context::kWords:
        InWords(text, i);
        break;
      case Context::kDouble:
        InDouble(text, i);
        break;
      case Context::kSingle:
        if (c == '\'') Pop();
        break;
      case Context::kComment:
        if (c == '\n') {
          Pop();
          InWords(text, i);
        }
        break;
      case Context::kBraces:
        InBraces(c);
        break;
      case Context::kArithmetic:
        InArithmetic(text, i);
        break;
      case Context::kBackquotes:
        if (c == '\\') escaped_ = true;
        if (c == '`') Pop();
        break;
    }
  }
  if (!text.empty()) dollar_ = text.back() == '$';
}

absl::StatusOr<std::string> ShellLine::AddValue(std::string_view value) {
  word_ += 'v';  // Whatever it is, the word goes on.
  return Quote(value);
}

absl::StatusOr<std::string> ShellLine::Quote(std::string_view value) const {
  const std::string text(value);
  if (text.find('\0') != std::string::npos) {
    return absl::InvalidArgumentError(
        "the value of an expression has a NUL byte, which no command line can "
        "hold; hand it over by `stdin`");
  }
  if (unsure_) return Refuse("behind a here-document or a nested construct");
  if (escaped_) return Refuse("behind a backslash");
  if (dollar_ && context() != Context::kSingle) {
    return Refuse("behind a dollar sign");
  }
  switch (context()) {
    case Context::kWords:
      return Concat("'", absl::StrReplaceAll(text, {{"'", "'\\''"}}), "'");
    case Context::kSingle:
      return absl::StrReplaceAll(text, {{"'", "'\\''"}});
    case Context::kDouble:
      return absl::StrReplaceAll(
          text, {{"\\", "\\\\"}, {"$", "\\$"}, {"`", "\\`"}, {"\"", "\\\""}});
    case Context::kArithmetic:
      if (IsNumber(text)) return text;
      return absl::InvalidArgumentError(
          "an expression in $(( )) must give a whole number");
    case Context::kComment:
      return Refuse("in a comment");
    case Context::kBraces:
      return Refuse("in ${ }");
    case Context::kBackquotes:
      return Refuse("in backquotes (write $( ) instead)");
  }
  return Refuse("here");
}

}  // namespace windlass

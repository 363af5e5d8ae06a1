#include "handlers/duckdb/sql_text.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "absl/strings/ascii.h"
#include "base/concat.h"

namespace windlass::duckdb {
namespace {

std::string Quoted(std::string_view text, char quote) {
  std::string out(1, quote);
  for (char c : text.substr(0, text.find('\0'))) {
    out += c;
    if (c == quote) out += quote;
  }
  return out += quote;
}

bool IsTagCharacter(char c) {
  return c == '_' || std::isalnum(static_cast<unsigned char>(c)) != 0;
}

// The end of `text` after `terminator`, searched from `from`; all of it when it
// never comes.
std::size_t After(std::string_view text, std::string_view terminator,
                  std::size_t from) {
  const std::size_t found = text.find(terminator, from);
  return found == std::string_view::npos ? text.size()
                                         : found + terminator.size();
}

// "$$" or "$tag$" at `at`; empty where a "$" is something else, as in $name.
std::string_view DollarTag(std::string_view sql, std::size_t at) {
  std::size_t end = at + 1;
  while (end < sql.size() && IsTagCharacter(sql[end])) ++end;
  if (end >= sql.size() || sql[end] != '$') return "";
  return sql.substr(at, end + 1 - at);
}

// Comments nest, as in PostgreSQL.
std::size_t AfterBlockComment(std::string_view sql, std::size_t at) {
  int depth = 0;
  while (at + 1 < sql.size()) {
    const std::string_view pair = sql.substr(at, 2);
    if (pair == "/*") {
      ++depth;
    } else if (pair == "*/") {
      --depth;
    } else {
      ++at;
      continue;
    }
    at += 2;
    if (depth == 0) return at;
  }
  return sql.size();
}

// After the comment at `at`, or `at`.
std::size_t AfterComment(std::string_view sql, std::size_t at) {
  if (sql.substr(at, 2) == "--") return After(sql, "\n", at);
  if (sql.substr(at, 2) == "/*") return AfterBlockComment(sql, at);
  return at;
}

// After the quoted text at `at`, or `at`.
std::size_t AfterQuoted(std::string_view sql, std::size_t at) {
  const char c = sql[at];
  if (c == '"') return After(sql, "\"", at + 1);
  if (c == '$') {
    const std::string_view tag = DollarTag(sql, at);
    return tag.empty() ? at : After(sql, tag, at + tag.size());
  }
  if (c != '\'') return at;
  // In e'..' a backslash hides the quote.
  const bool escapes = at > 0 && (sql[at - 1] == 'e' || sql[at - 1] == 'E') &&
                       (at < 2 || !IsTagCharacter(sql[at - 2]));
  for (++at; at < sql.size() && sql[at] != '\''; ++at) {
    if (escapes && sql[at] == '\\') ++at;
  }
  return std::min(at + 1, sql.size());
}

// What follows blanks and comments at the beginning of `sql`.
std::string_view AfterBlanks(std::string_view sql) {
  std::size_t at = 0;
  while (at < sql.size()) {
    const std::size_t comment = AfterComment(sql, at);
    if (comment != at) {
      at = comment;
    } else if (std::isspace(static_cast<unsigned char>(sql[at])) != 0) {
      ++at;
    } else {
      break;
    }
  }
  return sql.substr(at);
}

// Functions that execute a text, the one that opens any file for its log, and
// secrets, which belong to all of a process. U&"..." could spell them
// otherwise.
bool IsUnsafe(std::string_view word, std::string_view after,
              std::string_view before) {
  constexpr std::array<std::string_view, 5> kMakeSecret = {
      "create", "replace", "persistent", "temporary", "temp"};
  if (word == "secret") {
    return std::find(kMakeSecret.begin(), kMakeSecret.end(), before) !=
           kMakeSecret.end();
  }
  if (word == "enable_logging" || word == "json_execute_serialized_sql") {
    return true;
  }
  if (word == "u" && after.starts_with("&\"")) return true;
  return word == "query" && AfterBlanks(after).starts_with("(");
}

}  // namespace

std::string Identifier(std::string_view name) { return Quoted(name, '"'); }

std::string Literal(std::string_view text) { return Quoted(text, '\''); }

std::string Literal(const Json& value) {
  if (value.is_string()) {
    return Literal(std::string_view(value.get_string()));
  }
  if (value.is_array()) {
    std::string out;
    for (const Json& item : value.get_array()) {
      out += Concat(out.empty() ? "" : ", ", Literal(item));
    }
    return Concat("[", out, "]");
  }
  if (value.is_object()) {
    std::string out;
    for (const auto& item : value.get_object()) {
      out +=
          Concat(out.empty() ? "" : ", ", Literal(std::string_view(item.key())),
                 ": ", Literal(item.value()));
    }
    return Concat("{", out, "}");
  }
  return value.is_null() ? "NULL" : FormatJson(value);
}

std::string UnsafeWord(std::string_view sql) {
  std::string before;
  bool explains = false;
  for (std::size_t at = 0; at < sql.size();) {
    const std::size_t comment = AfterComment(sql, at);
    if (comment != at) {
      at = comment;
      continue;
    }
    std::string word;
    std::size_t end = at;
    while (end < sql.size() && IsTagCharacter(sql[end])) ++end;
    if (end > at) {
      word = sql.substr(at, end - at);
    } else {
      end = std::max(AfterQuoted(sql, at), at + 1);
      if (sql[at] == '"' && end > at + 2) {
        word = sql.substr(at + 1, end - at - 2);
      }
    }
    absl::AsciiStrToLower(&word);
    if (IsUnsafe(word, sql.substr(end), before)) return word;
    // EXPLAIN ANALYZE executes what it explains.
    explains = explains || word == "explain";
    if (explains && word == "copy") return word;
    if (!word.empty()) before = std::move(word);
    at = end;
  }
  return "";
}

bool StandsAlone(std::string_view sql) {
  int depth = 0;
  for (std::size_t at = 0; at < sql.size();) {
    std::size_t after = AfterComment(sql, at);
    if (after == at) after = AfterQuoted(sql, at);
    if (after != at) {
      at = after;
      continue;
    }
    if (sql[at] == ';') return false;
    if (sql[at] == '(') ++depth;
    if (sql[at] == ')' && --depth < 0) return false;
    ++at;
  }
  return depth == 0;
}

StatementSpan LastStatement(std::string_view sql) {
  StatementSpan last{.start = 0, .end = sql.size()};
  bool ended = false;
  for (std::size_t at = 0; at < sql.size();) {
    const std::size_t comment = AfterComment(sql, at);
    if (comment != at) {
      at = comment;
      continue;
    }
    if (sql[at] == ';') {
      if (!ended) last.end = at;
      ended = true;
    } else if (ended &&
               std::isspace(static_cast<unsigned char>(sql[at])) == 0) {
      last = {.start = at, .end = sql.size()};
      ended = false;
    }
    const std::size_t quoted = AfterQuoted(sql, at);
    at = quoted == at ? at + 1 : quoted;
  }
  return last;
}

}  // namespace windlass::duckdb

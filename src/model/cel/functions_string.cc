// Functions on strings: CEL's own and its string extensions. Positions count
// code points.

#include <string.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "model/cel/functions.h"
#include "model/cel/regex.h"
#include "model/cel/utf8.h"

namespace windlass::cel {
namespace {

constexpr std::size_t kNowhere = std::string_view::npos;

// Linear whatever the texts are, which string_view::find() is not.
std::size_t Find(std::string_view text, std::string_view part,
                 std::size_t from = 0) {
  if (from > text.size()) return kNowhere;
  if (part.empty()) return from;
  const void* found =
      memmem(text.data() + from, text.size() - from, part.data(), part.size());
  if (found == nullptr) return kNowhere;
  return static_cast<std::size_t>(static_cast<const char*>(found) -
                                  text.data());
}

bool AllStrings(const Call& call) {
  return std::all_of(
      call.arguments.begin(), call.arguments.end(),
      [](const Value& value) { return value.Is(Kind::kString); });
}

absl::Status OutOfRange(std::int64_t index) {
  return EvaluationError(absl::StrCat("index out of range: ", index));
}

// The bytes before code point `index`.
absl::StatusOr<std::size_t> OffsetOf(std::string_view text,
                                     std::int64_t index) {
  if (index < 0) return OutOfRange(index);
  auto offset = ByteOffset(text, static_cast<std::size_t>(index));
  if (!offset) return OutOfRange(index);
  return *offset;
}

// A byte offset as CEL counts, -1 for nowhere.
Value PositionOf(std::string_view text, std::size_t offset) {
  if (offset == kNowhere) return Value::Int(-1);
  return Value::Int(
      static_cast<std::int64_t>(CountCodePoints(text.substr(0, offset))));
}

absl::StatusOr<Value> Contains(const Call& call) {
  if (!AllStrings(call)) return call.NoSuchOverload();
  return Value::Bool(Find(call[0].AsString(), call[1].AsString()) != kNowhere);
}

absl::StatusOr<Value> StartsWith(const Call& call) {
  if (!AllStrings(call)) return call.NoSuchOverload();
  return Value::Bool(call[0].AsString().starts_with(call[1].AsString()));
}

absl::StatusOr<Value> EndsWith(const Call& call) {
  if (!AllStrings(call)) return call.NoSuchOverload();
  return Value::Bool(call[0].AsString().ends_with(call[1].AsString()));
}

// With a pattern that was not known before.
absl::StatusOr<Value> Matches(const Call& call) {
  if (!AllStrings(call)) return call.NoSuchOverload();
  // Compiling is far dearer than any other step.
  if (!call.budget.Step(1000 + call[1].AsString().size() * 10)) {
    return call.budget.Exceeded();
  }
  auto regex = Regex::Compile(call[1].AsString());
  if (!regex.ok()) return regex.status();
  return Value::Bool((*regex)->Matches(call[0].AsString()));
}

absl::StatusOr<Value> CharAt(const Call& call) {
  if (!call.Has(0, Kind::kString) || !call.Has(1, Kind::kInt)) {
    return call.NoSuchOverload();
  }
  std::string_view text = call[0].AsString();
  absl::StatusOr<std::size_t> offset = OffsetOf(text, call[1].AsInt());
  if (!offset.ok()) return offset.status();
  if (*offset == text.size()) return Value::StringView("");
  return NewString(
      std::string(text.substr(*offset, CodePointLength(text, *offset))),
      call.budget);
}

absl::StatusOr<Value> IndexOf(const Call& call) {
  if (!call.Has(0, Kind::kString) || !call.Has(1, Kind::kString)) {
    return call.NoSuchOverload();
  }
  std::string_view text = call[0].AsString();
  std::size_t from = 0;
  if (call.size() == 3) {
    if (!call.Has(2, Kind::kInt)) return call.NoSuchOverload();
    absl::StatusOr<std::size_t> offset = OffsetOf(text, call[2].AsInt());
    if (!offset.ok()) return offset.status();
    from = *offset;
  }
  return PositionOf(text, Find(text, call[1].AsString(), from));
}

absl::StatusOr<Value> LastIndexOf(const Call& call) {
  if (!call.Has(0, Kind::kString) || !call.Has(1, Kind::kString)) {
    return call.NoSuchOverload();
  }
  std::string_view text = call[0].AsString();
  std::string_view part = call[1].AsString();
  std::size_t from = kNowhere;
  if (call.size() == 3) {
    if (!call.Has(2, Kind::kInt)) return call.NoSuchOverload();
    absl::StatusOr<std::size_t> offset = OffsetOf(text, call[2].AsInt());
    if (!offset.ok()) return offset.status();
    from = *offset;
  }
  // Searching backwards compares anew at each place.
  if (!call.budget.Step(text.size() / 16 * (part.size() / 16 + 1))) {
    return call.budget.Exceeded();
  }
  return PositionOf(text, text.rfind(part, from));
}

absl::StatusOr<Value> Substring(const Call& call) {
  if (!call.Has(0, Kind::kString) || !call.Has(1, Kind::kInt)) {
    return call.NoSuchOverload();
  }
  std::string_view text = call[0].AsString();
  absl::StatusOr<std::size_t> start = OffsetOf(text, call[1].AsInt());
  if (!start.ok()) return start.status();
  std::size_t end = text.size();
  if (call.size() == 3) {
    if (!call.Has(2, Kind::kInt)) return call.NoSuchOverload();
    absl::StatusOr<std::size_t> given = OffsetOf(text, call[2].AsInt());
    if (!given.ok()) return given.status();
    end = *given;
  }
  if (end < *start) {
    return EvaluationError(
        absl::StrCat("invalid substring range. start: ", call[1].AsInt(),
                     ", end: ", call[2].AsInt()));
  }
  return NewString(std::string(text.substr(*start, end - *start)), call.budget);
}

absl::StatusOr<Value> LowerAscii(const Call& call) {
  if (!AllStrings(call)) return call.NoSuchOverload();
  std::string text(call[0].AsString());
  absl::AsciiStrToLower(&text);
  return NewString(std::move(text), call.budget);
}

absl::StatusOr<Value> UpperAscii(const Call& call) {
  if (!AllStrings(call)) return call.NoSuchOverload();
  std::string text(call[0].AsString());
  absl::AsciiStrToUpper(&text);
  return NewString(std::move(text), call.budget);
}

absl::StatusOr<Value> Replace(const Call& call) {
  bool fits = call.Has(0, Kind::kString) && call.Has(1, Kind::kString) &&
              call.Has(2, Kind::kString) &&
              (call.size() == 3 || call.Has(3, Kind::kInt));
  if (!fits) return call.NoSuchOverload();
  std::string_view text = call[0].AsString();
  std::string_view old = call[1].AsString();
  std::string_view replacement = call[2].AsString();
  std::int64_t count = call.size() == 4 ? call[3].AsInt() : -1;
  std::string out;
  std::size_t copied = 0;
  std::size_t from = 0;
  for (; count != 0; --count) {  // A negative count is without limit.
    std::size_t at = Find(text, old, from);
    if (at == kNowhere) break;
    if (!call.budget.Allocate(replacement.size() + (at - copied) + 1)) {
      return call.budget.Exceeded();
    }
    out += text.substr(copied, at - copied);
    out += replacement;
    copied = at + old.size();
    // An empty text stands once between any two code points.
    from = !old.empty()       ? copied
           : at < text.size() ? at + CodePointLength(text, at)
                              : text.size() + 1;
  }
  out += text.substr(copied);
  return NewString(std::move(out), call.budget);
}

// Appends a part of the text; every part is charged as it comes.
bool AddPart(std::string_view part, const Call& call,
             std::vector<Value>& parts) {
  if (!call.budget.Allocate(part.size() + sizeof(Value))) return false;
  parts.push_back(Value::String(std::string(part)));
  return true;
}

absl::StatusOr<Value> Split(const Call& call) {
  bool fits = call.Has(0, Kind::kString) && call.Has(1, Kind::kString) &&
              (call.size() == 2 || call.Has(2, Kind::kInt));
  if (!fits) return call.NoSuchOverload();
  std::string_view text = call[0].AsString();
  std::string_view separator = call[1].AsString();
  std::int64_t limit = call.size() == 3 ? call[2].AsInt() : -1;
  std::vector<Value> parts;
  if (limit == 0) return NewList(std::move(parts), call.budget);
  // Without a separator every code point is a part.
  if (separator.empty() && text.empty()) {
    return NewList(std::move(parts), call.budget);
  }
  std::size_t start = 0;
  for (; limit != 1; --limit) {  // A negative limit is without one.
    std::size_t end;
    if (separator.empty()) {
      end = start + CodePointLength(text, start);
      if (end >= text.size()) break;
    } else {
      end = Find(text, separator, start);
      if (end == kNowhere) break;
    }
    if (!AddPart(text.substr(start, end - start), call, parts)) {
      return call.budget.Exceeded();
    }
    start = end + separator.size();
  }
  if (!AddPart(text.substr(start), call, parts)) return call.budget.Exceeded();
  return Value::OfList(List(std::move(parts)));
}

absl::StatusOr<Value> Join(const Call& call) {
  bool fits = call.Has(0, Kind::kList) &&
              (call.size() == 1 || call.Has(1, Kind::kString));
  if (!fits) return call.NoSuchOverload();
  const List& list = call[0].AsList();
  std::string_view separator = call.size() == 2 ? call[1].AsString() : "";
  std::string out;
  for (std::size_t i = 0; i < list.size(); ++i) {
    Value item = list[i];
    if (!item.Is(Kind::kString)) {
      return EvaluationError(absl::StrCat(
          "no such overload: join() of a list with ",
          std::string(KindName(item.kind())), ", expected only strings"));
    }
    std::size_t added = separator.size() + item.AsString().size();
    if (!call.budget.Step() || !call.budget.Allocate(added)) {
      return call.budget.Exceeded();
    }
    if (i > 0) out += separator;
    out += item.AsString();
  }
  return Value::String(std::move(out));
}

// Unicode's White_Space property.
bool IsSpace(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 ||
         c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 ||
         c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

absl::StatusOr<Value> Trim(const Call& call) {
  if (!AllStrings(call)) return call.NoSuchOverload();
  std::string_view text = call[0].AsString();
  std::size_t first = text.size();
  std::size_t last = text.size();
  for (std::size_t i = 0; i < text.size();) {
    std::size_t length = CodePointLength(text, i);
    if (!IsSpace(DecodeCodePoint(text, i))) {
      first = std::min(first, i);
      last = i + length;
    }
    i += length;
  }
  return NewString(std::string(text.substr(first, last - first)), call.budget);
}

absl::StatusOr<Value> Reverse(const Call& call) {
  if (!AllStrings(call)) return call.NoSuchOverload();
  std::string_view text = call[0].AsString();
  std::string out(text.size(), '\0');
  std::size_t to = text.size();
  for (std::size_t i = 0; i < text.size();) {
    std::size_t length = CodePointLength(text, i);
    to -= length;
    text.copy(out.data() + to, length, i);
    i += length;
  }
  return NewString(std::move(out), call.budget);
}

absl::StatusOr<Value> Quote(const Call& call) {
  if (!AllStrings(call)) return call.NoSuchOverload();
  static constexpr std::string_view kSpecial = "\a\b\f\n\r\t\v\\\"";
  static constexpr std::string_view kLetters = "abfnrtv\\\"";
  std::string_view text = call[0].AsString();
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size();) {
    std::size_t length = CodePointLength(text, i);
    std::size_t special = kSpecial.find(text[i]);
    if (special != kNowhere) {
      out += '\\';
      out += kLetters[special];
    } else {
      AppendCodePoint(DecodeCodePoint(text, i), out);
    }
    i += length;
  }
  out += '"';
  return NewString(std::move(out), call.budget);
}

constexpr std::array kFunctions = {
    Function{"contains", CallStyle::kMethod, 2, 2, Contains},
    Function{"startsWith", CallStyle::kMethod, 2, 2, StartsWith},
    Function{"endsWith", CallStyle::kMethod, 2, 2, EndsWith},
    Function{"matches", CallStyle::kEither, 2, 2, Matches},
    Function{"charAt", CallStyle::kMethod, 2, 2, CharAt},
    Function{"indexOf", CallStyle::kMethod, 2, 3, IndexOf},
    Function{"lastIndexOf", CallStyle::kMethod, 2, 3, LastIndexOf},
    Function{"substring", CallStyle::kMethod, 2, 3, Substring},
    Function{"lowerAscii", CallStyle::kMethod, 1, 1, LowerAscii},
    Function{"upperAscii", CallStyle::kMethod, 1, 1, UpperAscii},
    Function{"replace", CallStyle::kMethod, 3, 4, Replace},
    Function{"split", CallStyle::kMethod, 2, 3, Split},
    Function{"join", CallStyle::kMethod, 1, 2, Join},
    Function{"trim", CallStyle::kMethod, 1, 1, Trim},
    Function{"reverse", CallStyle::kMethod, 1, 1, Reverse},
    Function{"strings.quote", CallStyle::kFunction, 1, 1, Quote},
};

}  // namespace

absl::Span<const Function> StringFunctions() { return kFunctions; }

}  // namespace windlass::cel

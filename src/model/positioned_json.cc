#include "model/positioned_json.h"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/concat.h"
#include "model/yaml/yaml.h"

namespace windlass {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

PositionedJson Refuse(std::size_t offset, std::string message,
                      std::string suggestion = "") {
  PositionedJson out;
  out.problems.push_back({offset, std::move(message), std::move(suggestion)});
  return out;
}

// The length of the UTF-8 sequence at the start of `text`; 0 if it is not one
// (overlong forms, surrogates and points beyond U+10FFFF included).
std::size_t SequenceLength(std::string_view text) {
  auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  auto continues = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4 || !continues(1)) return 0;
  if (first < 0xE0) return 2;
  bool overlong =
      (first == 0xE0 && byte(1) < 0xA0) || (first == 0xF0 && byte(1) < 0x90);
  bool surrogate = first == 0xED && byte(1) > 0x9F;
  bool too_large = first == 0xF4 && byte(1) > 0x8F;
  if (overlong || surrogate || too_large || !continues(2)) return 0;
  if (first < 0xF0) return 3;
  return continues(3) ? 4 : 0;
}

bool IsControl(char c) {
  auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t' && c != '\n' && c != '\r') || byte == 0x7F;
}

// What keeps `text` from being a text at all, if anything.
std::optional<TextProblem> CheckCharacters(std::string_view text) {
  std::string_view start = text.substr(0, 2);
  if (start == "\xFF\xFE" || start == "\xFE\xFF") {
    return TextProblem{0, "the file is UTF-16", "save it as UTF-8"};
  }
  for (std::size_t i = 0; i < text.size();) {
    if (IsControl(text[i])) {
      return TextProblem{
          i,
          absl::StrFormat("the file is not text: it has the byte 0x%02X",
                          static_cast<unsigned char>(text[i])),
          "a workflow is a YAML or JSON file in UTF-8"};
    }
    std::size_t length = SequenceLength(text.substr(i));
    if (length == 0) {
      return TextProblem{
          i,
          absl::StrFormat("the file is not UTF-8: it has the byte 0x%02X",
                          static_cast<unsigned char>(text[i])),
          "save it as UTF-8"};
    }
    i += length;
  }
  return std::nullopt;
}

// ParseJson() names line and column; the offset is looked for again.
std::size_t OffsetOfJsonError(std::string_view message, std::string_view text) {
  int line = 0;
  int column = 0;
  if (std::sscanf(std::string(message).c_str(), "JSON line %d, column %d",
                  &line, &column) != 2) {
    return kNoOffset;
  }
  std::size_t offset = 0;
  for (int i = 1; i < line; ++i) offset = text.find('\n', offset) + 1;
  return std::min(offset + static_cast<std::size_t>(column) - 1, text.size());
}

PositionedJson RefuseJson(const absl::Status& status, std::string_view text) {
  std::string_view message(status.message().data(), status.message().size());
  std::size_t colon = message.find(": ");
  std::string_view reason =
      colon == std::string_view::npos ? message : message.substr(colon + 2);
  return Refuse(OffsetOfJsonError(message, text),
                Concat("this is not valid JSON: ", reason));
}

PositionedJson ParseAsJson(std::string_view text, const TextLimits& limits,
                           absl::Status& status) {
  PositionedJson out;
  auto value = ParseJson(text);
  status = value.status();
  if (!status.ok()) return out;
  out.value = *std::move(value);
  MarkJson(text, limits, out);
  return out;
}

}  // namespace

std::string_view WithoutByteOrderMark(std::string_view text) {
  bool has = text.substr(0, kByteOrderMark.size()) == kByteOrderMark;
  return has ? text.substr(kByteOrderMark.size()) : text;
}

PositionedJson ParsePositioned(std::string_view text, TextFormat format,
                               const TextLimits& limits) {
  if (text.size() > limits.maximum_bytes) {
    return Refuse(kNoOffset,
                  Concat("the file has ", text.size(), " bytes; at most ",
                         limits.maximum_bytes, " are read"),
                  "keep data out of the workflow file; name files by path");
  }
  if (auto problem = CheckCharacters(text)) {
    return Refuse(problem->offset, problem->message, problem->suggestion);
  }
  std::size_t start = text.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos) {
    return Refuse(kNoOffset, "the file is empty",
                  "start it with 'windlass: 1'");
  }
  if (format != TextFormat::kJson && text[start] != '{') {
    return ParseYaml(text, limits);
  }
  absl::Status status;
  PositionedJson out = ParseAsJson(text, limits, status);
  if (status.ok()) return out;
  // `{a: 1}` is YAML; `{"a": 1,}` was meant as JSON.
  std::size_t next = text.find_first_not_of(" \t\r\n", start + 1);
  bool meant_as_json = next != std::string_view::npos && text[next] == '"';
  if (format == TextFormat::kJson) return RefuseJson(status, text);
  out = ParseYaml(text, limits);
  if (!out.problems.empty() && meant_as_json) return RefuseJson(status, text);
  return out;
}

}  // namespace windlass

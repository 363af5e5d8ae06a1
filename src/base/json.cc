#include "windlass/json.h"

#include <algorithm>
#include <boost/json/parser.hpp>
#include <boost/json/serialize.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace windlass {
namespace {

constexpr std::size_t kMaximumDepth = 200;

struct Position {
  std::size_t line;
  std::size_t column;
};

Position PositionAt(std::string_view text, std::size_t offset) {
  std::string_view before = text.substr(0, std::min(offset, text.size()));
  auto line = std::count(before.begin(), before.end(), '\n') + 1;
  std::size_t line_start = before.rfind('\n');
  std::size_t column = line_start == std::string_view::npos
                           ? before.size() + 1
                           : before.size() - line_start;
  return {static_cast<std::size_t>(line), column};
}

void Indent(std::string& out, int depth) { out.append(depth * 2UL, ' '); }

void AppendPretty(const Json& value, int depth, std::string& out) {
  if (value.is_object() && !value.get_object().empty()) {
    out += "{\n";
    bool first = true;
    for (const auto& member : value.get_object()) {
      if (!first) out += ",\n";
      first = false;
      Indent(out, depth + 1);
      out += boost::json::serialize(boost::json::string(member.key()));
      out += ": ";
      AppendPretty(member.value(), depth + 1, out);
    }
    out += '\n';
    Indent(out, depth);
    out += '}';
  } else if (value.is_array() && !value.get_array().empty()) {
    out += "[\n";
    bool first = true;
    for (const Json& item : value.get_array()) {
      if (!first) out += ",\n";
      first = false;
      Indent(out, depth + 1);
      AppendPretty(item, depth + 1, out);
    }
    out += '\n';
    Indent(out, depth);
    out += ']';
  } else {
    out += boost::json::serialize(value);
  }
}

}  // namespace

absl::StatusOr<Json> ParseJson(std::string_view text) {
  boost::json::parse_options options;
  options.max_depth = kMaximumDepth;
  boost::json::parser parser({}, options);
  boost::json::error_code error;
  std::size_t parsed =
      parser.write_some(text.data(), text.size(), error);
  if (!error && parsed < text.size()) {
    error = boost::json::error::extra_data;
  }
  if (!error && !parser.done()) {
    // A bare number ends only with the text.
    boost::json::error_code unfinished;
    parser.write("", 0, unfinished);
    if (!parser.done()) error = boost::json::error::incomplete;
  }
  if (error) {
    Position at = PositionAt(text, parsed);
    return absl::InvalidArgumentError(
        absl::StrFormat("JSON line %d, column %d: %s", at.line, at.column,
                        error.message()));
  }
  return parser.release();
}

std::string FormatJson(const Json& value) {
  return boost::json::serialize(value);
}

std::string FormatJsonPretty(const Json& value) {
  std::string out;
  AppendPretty(value, 0, out);
  return out;
}

std::string JsonToText(const Json& value) {
  if (value.is_string()) return std::string(value.get_string());
  return FormatJson(value);
}

}  // namespace windlass

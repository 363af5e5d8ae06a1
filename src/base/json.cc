#include "windlass/json.h"

#include <algorithm>
#include <boost/json/stream_parser.hpp>
#include <charconv>
#include <cmath>
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

// Shortest text that reads back as the same double, and as a double: JSON's
// own grammar has one kind of number, ours keeps 1 and 1.0 apart.
void AppendDouble(double value, std::string& out) {
  if (!std::isfinite(value)) {
    out += "null";  // JSON has no NaN and no infinity.
    return;
  }
  char digits[32];
  auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  std::string_view text(digits, static_cast<std::size_t>(end - digits));
  out += text;
  if (text.find_first_of(".e") == std::string_view::npos) out += ".0";
}

void AppendString(std::string_view text, std::string& out) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  std::size_t plain = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out += text.substr(plain, i - plain);
    plain = i + 1;
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        out += "\\u00";
        out += kHex[c >> 4];
        out += kHex[c & 15];
    }
  }
  out += text.substr(plain);
  out += '"';
}

// Writes one document; `indent` < 0 writes it on one line.
class Writer {
 public:
  Writer(int indent, std::string& out) : indent_(indent), out_(out) {}

  void Write(const Json& value, int depth = 0) {
    switch (value.kind()) {
      case boost::json::kind::null:
        out_ += "null";
        break;
      case boost::json::kind::bool_:
        out_ += value.get_bool() ? "true" : "false";
        break;
      case boost::json::kind::int64:
        AppendInteger(value.get_int64());
        break;
      case boost::json::kind::uint64:
        AppendInteger(value.get_uint64());
        break;
      case boost::json::kind::double_:
        AppendDouble(value.get_double(), out_);
        break;
      case boost::json::kind::string:
        AppendString(value.get_string(), out_);
        break;
      case boost::json::kind::array:
        WriteArray(value.get_array(), depth);
        break;
      case boost::json::kind::object:
        WriteObject(value.get_object(), depth);
        break;
    }
  }

 private:
  template <typename Integer>
  void AppendInteger(Integer value) {
    char digits[24];
    auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    out_.append(digits, end);
  }

  void NewLine(int depth) {
    if (indent_ < 0) return;
    out_ += '\n';
    out_.append(static_cast<std::size_t>(indent_) * depth, ' ');
  }

  void WriteArray(const JsonArray& array, int depth) {
    out_ += '[';
    bool first = true;
    for (const Json& item : array) {
      if (!first) out_ += ',';
      first = false;
      NewLine(depth + 1);
      Write(item, depth + 1);
    }
    if (!first) NewLine(depth);
    out_ += ']';
  }

  void WriteObject(const JsonObject& object, int depth) {
    out_ += '{';
    bool first = true;
    for (const auto& member : object) {
      if (!first) out_ += ',';
      first = false;
      NewLine(depth + 1);
      AppendString(member.key(), out_);
      out_ += indent_ < 0 ? ":" : ": ";
      Write(member.value(), depth + 1);
    }
    if (!first) NewLine(depth);
    out_ += '}';
  }

  const int indent_;
  std::string& out_;
};

}  // namespace

absl::StatusOr<Json> ParseJson(std::string_view text) {
  boost::json::parse_options options;
  options.max_depth = kMaximumDepth;
  boost::json::stream_parser parser(boost::json::storage_ptr(), options);
  boost::json::error_code error;
  std::size_t parsed = parser.write_some(text.data(), text.size(), error);
  if (!error && parsed < text.size()) error = boost::json::error::extra_data;
  if (!error) parser.finish(error);
  if (error) {
    Position at = PositionAt(text, parsed);
    return absl::InvalidArgumentError(absl::StrFormat(
        "JSON line %d, column %d: %s", at.line, at.column, error.message()));
  }
  return parser.release();
}

std::string FormatJson(const Json& value) {
  std::string out;
  Writer(-1, out).Write(value);
  return out;
}

std::string FormatJsonPretty(const Json& value) {
  std::string out;
  Writer(2, out).Write(value);
  return out;
}

std::string JsonToText(const Json& value) {
  if (value.is_string()) return std::string(value.get_string());
  return FormatJson(value);
}

}  // namespace windlass

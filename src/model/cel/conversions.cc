// Conversions between types, and size().

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "absl/strings/charconv.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "model/cel/functions.h"
#include "model/cel/text_of.h"
#include "model/cel/time_text.h"
#include "model/cel/utf8.h"

namespace windlass::cel {
namespace {

absl::Status BadText(const Call& call) {
  return EvaluationError(absl::StrCat(
      "cannot convert '", std::string(call[0].AsString().substr(0, 64)),
      "' to ", std::string(call.function.name)));
}

absl::Status RangeError(const Call& call) {
  return EvaluationError(absl::StrCat("range error: ", FormatScalar(call[0]),
                                      " is out of range for ",
                                      std::string(call.function.name)));
}

absl::StatusOr<Value> Size(const Call& call) {
  auto size = [](std::size_t count) {
    return Value::Int(static_cast<std::int64_t>(count));
  };
  switch (call[0].kind()) {
    case Kind::kString:
      return size(CountCodePoints(call[0].AsString()));
    case Kind::kBytes:
      return size(call[0].AsBytes().size());
    case Kind::kList:
      return size(call[0].AsList().size());
    case Kind::kMap:
      return size(call[0].AsMap().size());
    default:
      return call.NoSuchOverload();
  }
}

// The whole of a text as an integer, with a sign if it likes.
template <typename Integer>
std::optional<Integer> ParseWhole(std::string_view text) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') {
    text.remove_prefix(1);
  }
  Integer number;
  const char* end = text.data() + text.size();
  auto parsed = std::from_chars(text.data(), end, number);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return number;
}

absl::StatusOr<Value> ToInt(const Call& call) {
  const Value& value = call[0];
  switch (value.kind()) {
    case Kind::kInt:
      return value;
    case Kind::kUint: {
      constexpr auto kMaximum = std::numeric_limits<std::int64_t>::max();
      if (value.AsUint() > std::uint64_t{kMaximum}) return RangeError(call);
      return Value::Int(static_cast<std::int64_t>(value.AsUint()));
    }
    case Kind::kDouble:
      // -2^63 itself is refused too: the double may stand for less.
      if (!(value.AsDouble() > -0x1p63 && value.AsDouble() < 0x1p63)) {
        return RangeError(call);
      }
      return Value::Int(static_cast<std::int64_t>(value.AsDouble()));
    case Kind::kString: {
      auto number = ParseWhole<std::int64_t>(value.AsString());
      if (!number) return BadText(call);
      return Value::Int(*number);
    }
    case Kind::kTimestamp:
      return Value::Int(value.AsTimestamp().seconds);
    default:
      return call.NoSuchOverload();
  }
}

absl::StatusOr<Value> ToUint(const Call& call) {
  const Value& value = call[0];
  switch (value.kind()) {
    case Kind::kUint:
      return value;
    case Kind::kInt:
      if (value.AsInt() < 0) return RangeError(call);
      return Value::Uint(static_cast<std::uint64_t>(value.AsInt()));
    case Kind::kDouble:
      if (!(value.AsDouble() > -1 && value.AsDouble() < 0x1p64)) {
        return RangeError(call);
      }
      return Value::Uint(static_cast<std::uint64_t>(value.AsDouble()));
    case Kind::kString: {
      auto number = ParseWhole<std::uint64_t>(value.AsString());
      if (!number) return BadText(call);
      return Value::Uint(*number);
    }
    default:
      return call.NoSuchOverload();
  }
}

std::optional<double> ParseDouble(std::string_view text) {
  std::string_view digits = text;
  if (digits.size() > 1 && digits[0] == '+' && digits[1] != '-') {
    digits.remove_prefix(1);
  }
  double number = 0;
  const char* end = digits.data() + digits.size();
  auto parsed = absl::from_chars(digits.data(), end, number);
  if (digits.empty() || parsed.ptr != end) return std::nullopt;
  // Too small becomes zero; too large is an error.
  if (parsed.ec == std::errc::result_out_of_range && std::fabs(number) > 1) {
    return std::nullopt;
  }
  if (parsed.ec == std::errc::invalid_argument) return std::nullopt;
  return number;
}

absl::StatusOr<Value> ToDouble(const Call& call) {
  const Value& value = call[0];
  if (value.IsNumber()) return Value::Double(value.ToDouble());
  if (!value.Is(Kind::kString)) return call.NoSuchOverload();
  std::optional<double> number = ParseDouble(value.AsString());
  if (!number) return BadText(call);
  return Value::Double(*number);
}

absl::StatusOr<Value> ToBool(const Call& call) {
  if (call.Has(0, Kind::kBool)) return call[0];
  if (!call.Has(0, Kind::kString)) return call.NoSuchOverload();
  std::string_view text = call[0].AsString();
  for (std::string_view yes : {"1", "t", "true", "TRUE", "True", "T"}) {
    if (text == yes) return Value::Bool(true);
  }
  for (std::string_view no : {"0", "f", "false", "FALSE", "False", "F"}) {
    if (text == no) return Value::Bool(false);
  }
  return BadText(call);
}

absl::StatusOr<Value> ToString(const Call& call) {
  const Value& value = call[0];
  switch (value.kind()) {
    case Kind::kString:
      return value;
    case Kind::kBytes:
      if (!IsValidUtf8(value.AsBytes())) {
        return EvaluationError(
            "invalid UTF-8 in bytes, cannot convert to string");
      }
      return NewString(std::string(value.AsBytes()), call.budget);
    case Kind::kNull:
    case Kind::kList:
    case Kind::kMap:
      return call.NoSuchOverload();
    default:
      return NewString(FormatScalar(value), call.budget);
  }
}

absl::StatusOr<Value> ToBytes(const Call& call) {
  if (call.Has(0, Kind::kBytes)) return call[0];
  if (!call.Has(0, Kind::kString)) return call.NoSuchOverload();
  return NewBytes(std::string(call[0].AsString()), call.budget);
}

absl::StatusOr<Value> ToTimestamp(const Call& call) {
  const Value& value = call[0];
  if (value.Is(Kind::kTimestamp)) return value;
  if (value.Is(Kind::kInt)) {
    std::optional<Timestamp> time = TimeFromSeconds(value.AsInt());
    if (!time) return RangeError(call);
    return Value::OfTimestamp(*time);
  }
  if (!value.Is(Kind::kString)) return call.NoSuchOverload();
  absl::StatusOr<Timestamp> time = ParseTime(value.AsString());
  if (!time.ok()) return time.status();
  return Value::OfTimestamp(*time);
}

absl::StatusOr<Value> ToDuration(const Call& call) {
  const Value& value = call[0];
  if (value.Is(Kind::kDuration)) return value;
  if (!value.Is(Kind::kString)) return call.NoSuchOverload();
  absl::StatusOr<Duration> duration = ParseSpan(value.AsString());
  if (!duration.ok()) return duration.status();
  return Value::OfDuration(*duration);
}

absl::StatusOr<Value> TypeOf(const Call& call) {
  return Value::Type(call[0].kind());
}

// Only a hint for type checkers, which this language has none of.
absl::StatusOr<Value> Dyn(const Call& call) { return call[0]; }

constexpr std::array kFunctions = {
    Function{"size", CallStyle::kEither, 1, 1, Size},
    Function{"int", CallStyle::kFunction, 1, 1, ToInt},
    Function{"uint", CallStyle::kFunction, 1, 1, ToUint},
    Function{"double", CallStyle::kFunction, 1, 1, ToDouble},
    Function{"bool", CallStyle::kFunction, 1, 1, ToBool},
    Function{"string", CallStyle::kFunction, 1, 1, ToString},
    Function{"bytes", CallStyle::kFunction, 1, 1, ToBytes},
    Function{"timestamp", CallStyle::kFunction, 1, 1, ToTimestamp},
    Function{"duration", CallStyle::kFunction, 1, 1, ToDuration},
    Function{"type", CallStyle::kFunction, 1, 1, TypeOf},
    Function{"dyn", CallStyle::kFunction, 1, 1, Dyn},
};

}  // namespace

absl::Span<const Function> ConversionFunctions() { return kFunctions; }

}  // namespace windlass::cel

// The functions of the language. Macros and operators are not among them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "model/cel/budget.h"
#include "model/cel/value.h"

namespace windlass::cel {

struct Function;

// One call at run time. A method's receiver is its first argument.
struct Call {
  const Function& function;
  absl::Span<const Value> arguments;
  Budget& budget;

  std::size_t size() const { return arguments.size(); }
  const Value& operator[](std::size_t i) const { return arguments[i]; }

  // Whether there is an argument `i`, and of this kind.
  bool Has(std::size_t i, Kind kind) const {
    return i < arguments.size() && arguments[i].Is(kind);
  }

  // "no such overload: string.charAt(bool)".
  absl::Status NoSuchOverload() const;
};

enum class CallStyle : std::uint8_t { kFunction, kMethod, kEither };

struct Function {
  std::string_view name;  // With its namespace: "math.greatest".
  CallStyle style;
  std::size_t minimum_arguments;  // With the receiver.
  std::size_t maximum_arguments;
  // Called with a number of arguments between the two; checks their kinds.
  absl::StatusOr<Value> (*implementation)(const Call& call);
};

// Null when there is none.
const Function* FindFunction(std::string_view name);

// All names, for suggestions.
std::vector<std::string_view> FunctionNames();

// Each area's functions, put together by FindFunction().
absl::Span<const Function> ConversionFunctions();
absl::Span<const Function> StringFunctions();
absl::Span<const Function> FormatFunctions();
absl::Span<const Function> TimeFunctions();
absl::Span<const Function> MathFunctions();
absl::Span<const Function> BitFunctions();
absl::Span<const Function> CodingFunctions();

// InvalidArgument with the message.
absl::Status EvaluationError(std::string_view message);

// A string or bytes result, charged to the budget.
absl::StatusOr<Value> NewString(std::string text, Budget& budget);
absl::StatusOr<Value> NewBytes(std::string bytes, Budget& budget);
absl::StatusOr<Value> NewList(std::vector<Value> items, Budget& budget);

}  // namespace windlass::cel

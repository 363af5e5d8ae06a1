// Expressions: CEL (github.com/google/cel-spec) over JSON values.
//
// The language is CEL's operators, macros, conversions, timestamps, durations
// and string extensions, without messages and enums, plus default(x, y),
// json(x), sha256(x) and arithmetic on numbers of mixed types. There are no
// loops and no effects; time and memory of an evaluation are limited.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "model/cel/activation.h"
#include "model/cel/budget.h"
#include "model/cel/checker.h"
#include "model/cel/lexer.h"
#include "model/cel/value.h"

namespace windlass::cel {

// Immutable and thread-safe: parse once, evaluate as often as you like, from
// as many threads as you like. Copies share the parsed tree.
class Expression {
 public:
  // Parses and checks. InvalidArgument names line and column, what was found
  // and what was expected: "line 1, column 7: unknown function 'sizes'; did
  // you mean 'size'?". Never crashes or recurses without bound, whatever the
  // text is.
  static absl::StatusOr<Expression> Parse(
      std::string_view text,
      UnknownFunctions unknown = UnknownFunctions::kRefuse);

  // Parses the expression that starts at `start` and ends before the first
  // `}` that closes nothing; moves `start` there.
  static absl::StatusOr<Expression> ParseEmbedded(std::string_view text,
                                                  Cursor& start);

  // What it reads from outside, in the order it stands in the text.
  const std::vector<Reference>& References() const;

  // The value, which may borrow from what the activation gave out. A missing
  // key, index or variable is NotFound and names its path; spending `limits`
  // is ResourceExhausted; anything else wrong with the values is
  // InvalidArgument.
  absl::StatusOr<Value> Evaluate(const Activation& activation,
                                 const Limits& limits = {}) const;

 private:
  struct Parsed;

  explicit Expression(std::shared_ptr<const Parsed> parsed);

  // Shared between copies, which cannot change it.
  std::shared_ptr<const Parsed> parsed_;
};

}  // namespace windlass::cel

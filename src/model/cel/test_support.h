// What the tests of the language share. Only for tests.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "model/cel/expression.h"
#include "model/cel/output.h"

namespace windlass::cel {

// "int 3", "string \"a\"", "list [1,2]", or "error: ..." with the message.
inline std::string Show(
    std::string_view text, const Json& data = JsonObject(),
    UnknownFunctions unknown = UnknownFunctions::kFailWhenCalled) {
  auto error = [](const absl::Status& status) {
    return absl::StrCat("error: ", status.message());
  };
  absl::StatusOr<Expression> expression = Expression::Parse(text, unknown);
  if (!expression.ok()) return error(expression.status());
  absl::StatusOr<Value> value = expression->Evaluate(JsonActivation(data));
  if (!value.ok()) return error(value.status());
  absl::StatusOr<Json> json = ToJson(*value);
  if (!json.ok()) return error(json.status());
  // FormatJson() has no NaN and no infinity.
  if (value->Is(Kind::kDouble)) {
    return absl::StrCat("double ", *ToText(*value));
  }
  return absl::StrCat(TypeName(*value), " ", FormatJson(*json));
}

struct Case {
  std::string_view expression;
  // As Show() prints it; of an error, a part of it.
  std::string_view expected;
};

inline void Check(const std::vector<Case>& cases,
                  const Json& data = JsonObject()) {
  for (const Case& c : cases) {
    std::string shown = Show(c.expression, data);
    if (c.expected.substr(0, 5) == "error") {
      std::string part(c.expected.substr(
          std::min<std::size_t>(c.expected.size(), 7)));  // After "error: ".
      EXPECT_TRUE(shown.starts_with("error: "))
          << c.expression << " = " << shown;
      EXPECT_THAT(shown, ::testing::HasSubstr(part)) << c.expression;
    } else {
      EXPECT_EQ(shown, c.expected) << c.expression;
    }
  }
}

// Every one of them is true.
inline void CheckTrue(const std::vector<std::string_view>& expressions,
                      const Json& data = JsonObject()) {
  for (std::string_view text : expressions) {
    EXPECT_EQ(Show(text, data), "bool true") << text;
  }
}

}  // namespace windlass::cel

#include "server/http_message.h"

#include <gtest/gtest.h>

namespace windlass {
namespace {

TEST(HttpMessageTest, AProblemNamesTheFields) {
  const HttpResponse response = FieldProblem("count", "expected a number");
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.content_type, "application/problem+json");
  EXPECT_EQ(response.body,
            "{\"type\":\"about:blank\",\"title\":\"Bad Request\","
            "\"status\":400,\"detail\":\"count: expected a number\","
            "\"errors\":[{\"field\":\"count\",\"message\":\"expected a "
            "number\"}]}\n");
  const HttpResponse same =
      ProblemResponse(FieldStatus("count", "expected a number"));
  EXPECT_EQ(same.body, response.body);
}

TEST(HttpMessageTest, EachCodeHasItsStatus) {
  const auto status = [](const absl::Status& from) {
    return ProblemResponse(from).status;
  };
  EXPECT_EQ(status(absl::InvalidArgumentError("x")), 400);
  EXPECT_EQ(status(absl::NotFoundError("x")), 404);
  EXPECT_EQ(status(absl::FailedPreconditionError("x")), 409);
  EXPECT_EQ(status(absl::UnimplementedError("x")), 501);
  EXPECT_EQ(status(absl::UnavailableError("x")), 503);
  EXPECT_EQ(status(absl::DataLossError("x")), 500);
}

TEST(HttpMessageTest, QueriesAreDecoded) {
  using Query = std::map<std::string, std::string>;
  EXPECT_EQ(ParseQuery(""), Query());
  EXPECT_EQ(ParseQuery("a=1&b=x%20y+z&&c&a=2&d=="),
            (Query{{"a", "1"}, {"b", "x y z"}, {"c", ""}, {"d", "="}}));
  for (const char* text : {"a=%", "a=%4", "a=%zz", "%=1", "a=%00"}) {
    EXPECT_EQ(ParseQuery(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace windlass

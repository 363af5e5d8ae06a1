#include "windlass/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace windlass {
namespace {

using ::testing::HasSubstr;

TEST(JsonTest, NumbersKeepTheirTypeThroughText) {
  for (std::string text : {"1", "1.0", "-7", "2.5", "1e+300", "0.1",
                           "9223372036854775807", "18446744073709551615"}) {
    ASSERT_TRUE(ParseJson(text).ok()) << text;
    EXPECT_EQ(FormatJson(*ParseJson(text)), text);
  }
}

TEST(JsonTest, AnErrorNamesLineAndColumn) {
  auto parsed = ParseJson("{\"a\": 1,\n  oops}");
  ASSERT_FALSE(parsed.ok());
  EXPECT_THAT(std::string(parsed.status().message()), HasSubstr("line 2"));
}

TEST(JsonTest, TextAfterTheDocumentIsRefused) {
  EXPECT_FALSE(ParseJson("{} {}").ok());
  EXPECT_FALSE(ParseJson("").ok());
  EXPECT_FALSE(ParseJson("[1").ok());
}

TEST(JsonTest, DeepNestingIsRefusedNotCrashedOn) {
  EXPECT_FALSE(ParseJson(std::string(200'000, '[')).ok());
}

TEST(JsonTest, ControlCharactersAreEscaped) {
  EXPECT_EQ(FormatJson(Json("a\"b\\c\n\x01")), R"("a\"b\\c\n\u0001")");
}

TEST(JsonTest, NotANumberBecomesNull) {
  EXPECT_EQ(FormatJson(Json(std::numeric_limits<double>::quiet_NaN())), "null");
}

TEST(JsonTest, PrettyTextIsIndentedByTwo) {
  EXPECT_EQ(FormatJsonPretty(*ParseJson(R"({"a":[1],"b":{}})")),
            "{\n  \"a\": [\n    1\n  ],\n  \"b\": {}\n}");
}

}  // namespace
}  // namespace windlass

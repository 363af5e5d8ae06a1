#include "model/json_schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace windlass {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> Violations(std::string_view schema,
                                    std::string_view value) {
  auto compiled = JsonSchema::Compile(*ParseJson(schema));
  if (!compiled.ok()) return {std::string(compiled.status().message())};
  std::vector<std::string> out;
  for (const auto& violation : compiled->Check(*ParseJson(value))) {
    out.push_back(violation.path + ": " + violation.message);
  }
  return out;
}

// One keyword with a value that fits and one that does not.
struct Case {
  const char* schema;
  const char* fits;
  const char* does_not_fit;
};

class JsonSchemaKeywordTest : public testing::TestWithParam<Case> {};

TEST_P(JsonSchemaKeywordTest, IsKept) {
  EXPECT_THAT(Violations(GetParam().schema, GetParam().fits), ElementsAre());
}

TEST_P(JsonSchemaKeywordTest, IsMissed) {
  EXPECT_THAT(Violations(GetParam().schema, GetParam().does_not_fit),
              testing::SizeIs(testing::Ge(1U)));
}

INSTANTIATE_TEST_SUITE_P(
    Keywords, JsonSchemaKeywordTest,
    testing::Values(
        Case{R"({"type":"integer"})", "1.0", "1.5"},
        Case{R"({"type":["string","null"]})", "null", "1"},
        Case{R"({"enum":[1,{"a":[]}]})", R"({"a":[]})", R"({"a":{}})"},
        Case{R"({"const":1})", "1.0", "true"},
        Case{R"({"minimum":2})", "2", "1.9"},
        Case{R"({"maximum":2})", "2", "3"},
        Case{R"({"exclusiveMinimum":2})", "2.1", "2"},
        Case{R"({"exclusiveMaximum":2})", "1", "2"},
        Case{R"({"multipleOf":0.1})", "0.3", "0.35"},
        Case{R"({"minLength":2})", "\"äö\"", "\"ä\""},
        Case{R"({"maxLength":2})", "\"äö\"", "\"abc\""},
        Case{R"({"pattern":"^a+$"})", "\"aa\"", "\"ab\""},
        Case{R"({"items":{"type":"null"}})", "[null]", "[1]"},
        Case{R"({"items":[{"type":"null"}],"additionalItems":false})", "[null]",
             "[null,1]"},
        Case{R"({"minItems":1})", "[1]", "[]"},
        Case{R"({"maxItems":1})", "[1]", "[1,2]"},
        Case{R"({"uniqueItems":true})", "[1,2]", "[1,1.0]"},
        Case{R"({"contains":{"const":3}})", "[1,3]", "[1]"},
        Case{R"({"minProperties":1})", R"({"a":1})", "{}"},
        Case{R"({"maxProperties":0})", "{}", R"({"a":1})"},
        Case{R"({"required":["a"]})", R"({"a":null})", R"({"b":1})"},
        Case{R"({"properties":{"a":{"type":"null"}}})", R"({"a":null})",
             R"({"a":1})"},
        Case{R"({"patternProperties":{"^x":{"type":"null"}}})", R"({"y":1})",
             R"({"x1":1})"},
        Case{R"({"properties":{"a":true},"additionalProperties":false})",
             R"({"a":1})", R"({"b":1})"},
        Case{R"({"propertyNames":{"maxLength":1}})", R"({"a":1})",
             R"({"ab":1})"},
        Case{R"({"dependencies":{"a":["b"]}})", R"({"a":1,"b":1})",
             R"({"a":1})"},
        Case{R"({"dependencies":{"a":{"required":["c"]}}})", R"({"b":1})",
             R"({"a":1})"},
        Case{R"({"allOf":[{"minimum":1},{"maximum":2}]})", "1", "3"},
        Case{R"({"anyOf":[{"minimum":5},{"maximum":2}]})", "1", "3"},
        Case{R"({"oneOf":[{"minimum":1},{"maximum":2}]})", "3", "1.5"},
        Case{R"({"not":{"type":"null"}})", "1", "null"},
        Case{R"({"if":{"minimum":5},"then":{"maximum":9}})", "1", "10"},
        Case{R"({"if":{"minimum":5},"else":{"minimum":3}})", "6", "1"},
        Case{
            R"({"$ref":"#/definitions/a~1b","definitions":{"a/b":{"minimum":1}}})",
            "1", "0"}));

TEST(JsonSchemaTest, ViolationsNamePathAndExpectation) {
  EXPECT_THAT(
      Violations(R"({"properties":{"rows":{"items":{"required":["price"],
                     "properties":{"price":{"type":"number"}}}}}})",
                 R"({"rows":[{"price":1},{"price":"x"},{}]})"),
      ElementsAre("rows[1].price: expected a number, got \"x\"",
                  "rows[2]: 'price' is missing"));
}

TEST(JsonSchemaTest, BadSchemasSayWhere) {
  EXPECT_THAT(Violations(R"({"properties":{"a":{"type":"strng"}}})", "1"),
              ElementsAre(HasSubstr("properties/a/type: expected null,")));
  EXPECT_THAT(Violations(R"({"pattern":"("})", "1"),
              ElementsAre(HasSubstr("pattern: bad regular expression '('")));
  EXPECT_THAT(Violations(R"({"minLength":-1})", "1"),
              ElementsAre(HasSubstr("minLength: expected a whole number")));
  EXPECT_THAT(Violations(R"({"items":5})", "1"),
              ElementsAre(HasSubstr("items: expected an object")));
  EXPECT_THAT(Violations("[]", "1"),
              ElementsAre(HasSubstr("schema: expected an object")));
}

TEST(JsonSchemaTest, NothingIsFetchedForAReference) {
  EXPECT_THAT(Violations(R"({"$ref":"http://example.org/schema"})", "1"),
              ElementsAre(HasSubstr("is nowhere in this schema")));
}

TEST(JsonSchemaTest, AReferenceMayNameAnIdOrADocumentThatWasGiven) {
  EXPECT_THAT(Violations(R"({"$ref":"#port","definitions":{
                              "p":{"$id":"#port","maximum":65535}}})",
                         "70000"),
              testing::SizeIs(1));
  auto schema = JsonSchema::Compile(
      *ParseJson(R"({"$ref":"https://e.org/a.json#/x"})"),
      {{"https://e.org/a.json", *ParseJson(R"({"x":{"$ref":"#/y"},
                                               "y":{"type":"null"}})")}});
  ASSERT_TRUE(schema.ok()) << schema.status();
  const JsonSchema moved = *std::move(schema);
  EXPECT_THAT(moved.Check(nullptr), testing::IsEmpty());
  EXPECT_THAT(moved.Check(1), testing::SizeIs(1));
}

TEST(JsonSchemaTest, ARecursiveSchemaFollowsTheValue) {
  constexpr std::string_view kTree =
      R"({"properties":{"next":{"$ref":"#"}},"additionalProperties":false})";
  EXPECT_THAT(Violations(kTree, R"({"next":{"next":{}}})"), ElementsAre());
  EXPECT_THAT(Violations(kTree, R"({"next":{"x":1}})"),
              ElementsAre("next.x: unknown field"));
}

TEST(JsonSchemaTest, ASchemaThatRefersToItselfEnds) {
  EXPECT_THAT(Violations(R"({"$ref":"#"})", "1"),
              ElementsAre(": too complex to check"));
}

TEST(JsonSchemaTest, LongChainsOfReferencesEnd) {
  std::string schema = R"({"$ref":"#/definitions/d0","definitions":{)";
  for (int i = 0; i < 50'000; ++i) {
    schema += "\"d" + std::to_string(i) + R"(":{"$ref":"#/definitions/d)" +
              std::to_string(i + 1) + "\"},";
  }
  schema += R"("d50000":true}})";
  EXPECT_THAT(Violations(schema, "1"), ElementsAre(": too complex to check"));
}

TEST(JsonSchemaTest, ExponentialSchemasEnd) {
  std::string schema = R"({"$ref":"#/definitions/d0","definitions":{)";
  for (int i = 0; i < 60; ++i) {
    std::string next = R"({"$ref":"#/definitions/d)" + std::to_string(i + 1);
    schema += "\"d" + std::to_string(i) + R"(":{"anyOf":[)" + next + "\"}," +
              next + "\"}]},";
  }
  schema += R"("d60":false}})";
  EXPECT_THAT(Violations(schema, "1"), testing::SizeIs(1));
}

TEST(JsonSchemaTest, ViolationsAreLimited) {
  std::string list = "[1";
  for (int i = 0; i < 1000; ++i) list += ",1";
  EXPECT_EQ(Violations(R"({"items":{"type":"null"}})", list + "]").size(),
            100U);
}

}  // namespace
}  // namespace windlass

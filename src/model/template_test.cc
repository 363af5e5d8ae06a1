#include "model/template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "model/cel/output.h"

namespace windlass {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const Json& Data() {
  static const Json data = *ParseJson(
      R"({"params":{"n":3,"s":"it's","list":[1,"a"],"evil":"${{ params.n }}"},)"
      R"("d":2.5})");
  return data;
}

// The evaluated template as JSON, or "error: ...".
std::string Evaluate(std::string_view text) {
  absl::StatusOr<Template> parsed = Template::Parse(text);
  if (!parsed.ok()) return absl::StrCat("error: ", parsed.status().message());
  absl::StatusOr<Json> value = parsed->Evaluate(cel::JsonActivation(Data()));
  if (!value.ok()) return absl::StrCat("error: ", value.status().message());
  return FormatJson(*value);
}

TEST(TemplateTest, AnExpressionThatIsTheWholeTextKeepsItsType) {
  EXPECT_EQ(Evaluate("${{ params.n }}"), "3");
  EXPECT_EQ(Evaluate("${{params.list}}"), R"([1,"a"])");
  EXPECT_EQ(Evaluate("${{ null }}"), "null");
  EXPECT_EQ(Evaluate("${{ d * 2 }}"), "5.0");
  EXPECT_EQ(Evaluate("${{ params.n }} "), R"("3 ")");
}

TEST(TemplateTest, ExpressionsInsideATextBecomeText) {
  EXPECT_EQ(Evaluate("plain"), R"("plain")");
  EXPECT_EQ(Evaluate(""), R"("")");
  EXPECT_EQ(Evaluate("a ${{ params.n }} b ${{ d }}${{ params.list }}"),
            R"("a 3 b 2.5[1,\"a\"]")");
  EXPECT_EQ(Evaluate("${{ 'x' }}${{ null }}"), R"("xnull")");
}

TEST(TemplateTest, DataIsNeverEvaluated) {
  EXPECT_EQ(Evaluate("${{ params.evil }}"), R"("${{ params.n }}")");
  EXPECT_EQ(Evaluate("<${{ params.evil }}>"), R"("<${{ params.n }}>")");
}

TEST(TemplateTest, BracesInsideAnExpressionDoNotEndIt) {
  EXPECT_EQ(Evaluate("${{ {'a': {'b': 1}} }}"), R"({"a":{"b":1}})");
  EXPECT_EQ(Evaluate("${{{'a': {'b': 1}}}}"), R"({"a":{"b":1}})");
  EXPECT_EQ(Evaluate("${{ '}}' }}"), R"("}}")");
  EXPECT_EQ(Evaluate("${{ '${{' + \"}}\" }}!"), R"("${{}}!")");
  EXPECT_EQ(Evaluate("${{ 1 // }}\n }}"), "1");
  EXPECT_EQ(Evaluate("${{ 1 }}}}"), R"("1}}")");
}

TEST(TemplateTest, ADollarMoreIsALiteral) {
  EXPECT_EQ(Evaluate("$${{ x }}"), R"("${{ x }}")");
  EXPECT_EQ(Evaluate("$$${{ x }}"), R"("$${{ x }}")");
  EXPECT_EQ(Evaluate("a$${{b}} ${{ 1 }}"), R"("a${{b}} 1")");
  EXPECT_EQ(Evaluate("$ ${ $a {{ }}"), R"("$ ${ $a {{ }}")");
  EXPECT_EQ(Evaluate("${{ 1 }}$${{"), R"("1${{")");
}

TEST(TemplateTest, ErrorsNameThePlaceInTheText) {
  EXPECT_EQ(Evaluate("ab\n ${{ 1 + }}"),
            "error: line 2, column 10: unexpected the end of the expression, "
            "expected a value");
  EXPECT_THAT(Evaluate("a ${{ params.n"),
              HasSubstr("line 1, column 3: '${{' is not closed by '}}'"));
  EXPECT_THAT(Evaluate("${{ params.n }"), HasSubstr("is not closed by"));
  EXPECT_THAT(Evaluate("${{ }}"), HasSubstr("the expression is empty"));
  EXPECT_THAT(Evaluate("${{ params.x }}"),
              HasSubstr("no such key: 'x' in params"));
}

TEST(TemplateTest, EveryInterpolatedValueCanBeQuoted) {
  Template text = *Template::Parse("echo ${{ params.s }} 'x' ${{ params.n }}");
  auto quoted =
      text.Render(cel::JsonActivation(Data()),
                  [](const cel::Value& value, std::string_view before) {
                    return absl::StrCat("<", *cel::ToText(value), "|",
                                        std::string(before), ">");
                  });
  EXPECT_EQ(*quoted, "echo <it's|echo > 'x' <3| 'x' >");
  EXPECT_EQ(*text.Render(cel::JsonActivation(Data())), "echo it's 'x' 3");
}

TEST(TemplateTest, ManyPartsParseInLinearTime) {
  std::string text;
  for (int i = 0; i < 50'000; ++i) text += "line\n${{ 1 }}";
  absl::StatusOr<Template> parsed = Template::Parse(text);
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->Render(cel::JsonActivation(Data()))->size(), 300'000u);
}

TEST(JsonTemplateTest, EveryStringMayHoldExpressions) {
  Json document = *ParseJson(
      R"({"${{k}}":1,"a":["${{ params.n }}",{"b":"n=${{ params.n }}"}],)"
      R"("c":"$${{x}}","d":[1,null]})");
  JsonTemplate parsed = *JsonTemplate::Parse(document);
  EXPECT_FALSE(parsed.IsConstant());
  EXPECT_EQ(FormatJson(*parsed.Render(cel::JsonActivation(Data()))),
            R"({"${{k}}":1,"a":[3,{"b":"n=3"}],"c":"${{x}}","d":[1,null]})");
}

TEST(JsonTemplateTest, ADocumentWithoutExpressionsIsConstant) {
  Json document = *ParseJson(R"({"a":["x",{"b":"$HOME ${x}"}]})");
  JsonTemplate parsed = *JsonTemplate::Parse(document);
  EXPECT_TRUE(parsed.IsConstant());
  EXPECT_EQ(*parsed.Render(cel::JsonActivation(Data())), document);
}

TEST(JsonTemplateTest, AllErrorsAreFoundAndNameTheirPath) {
  Json document = *ParseJson(
      R"({"args":["ok","${{ 1 + }}"],"x y":{"b":"${{ sizes(1) }}"}})");
  std::vector<std::string> paths;
  for (const TemplateError& error : JsonTemplate::Check(document, "params")) {
    paths.push_back(error.path);
  }
  EXPECT_THAT(paths, ElementsAre("params.args[1]", "params[\"x y\"].b"));
  std::string message(
      JsonTemplate::Parse(document, "params").status().message());
  EXPECT_THAT(message, HasSubstr("params.args[1]: line 1, column 9: "));
  EXPECT_THAT(message,
              HasSubstr("\nparams[\"x y\"].b: line 1, column 5: unknown"
                        " function 'sizes'; did you mean 'size'?"));
  EXPECT_THAT(JsonTemplate::Check(Json("${{ a }}")), IsEmpty());
}

TEST(JsonTemplateTest, AnEvaluationErrorNamesItsPathAndKeepsItsCode) {
  JsonTemplate parsed = *JsonTemplate::Parse(
      *ParseJson(R"({"a":[0,"${{ params.rows }}"]})"), "params");
  absl::Status status = parsed.Render(cel::JsonActivation(Data())).status();
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_EQ(status.message(), "params.a[1]: no such key: 'rows' in params");
}

TEST(JsonTemplateTest, ReferencesNameTheStringThatHoldsThem) {
  JsonTemplate parsed = *JsonTemplate::Parse(
      *ParseJson(R"({"a":["x ${{ tasks.t.result }} ${{ n }}"]})"), "params");
  std::vector<std::string> all;
  for (const TemplateReference& found : parsed.References()) {
    all.push_back(absl::StrCat(found.path, " ", found.reference.path.back(),
                               " ", found.reference.position.column));
  }
  EXPECT_THAT(all, ElementsAre("params.a[0] result 7", "params.a[0] n 29"));
}

}  // namespace
}  // namespace windlass

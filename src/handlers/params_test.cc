#include "handlers/params.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windlass {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

const std::vector<ParamRule> kRules = {
    {"command", ParamType::kTextList, ParamRule::Presence::kRequired},
    {"env", ParamType::kTextMap},
    {"size", ParamType::kByteSize},
    {"after", ParamType::kDuration},
    {"result",
     ParamType::kText,
     ParamRule::Presence::kOptional,
     {"text", "json"}},
};

ParamProblems Check(std::string_view json,
                    ParamStage stage = ParamStage::kAsWritten) {
  return CheckParams(*ParseJson(json), kRules, stage);
}

TEST(ParamsTest, AnUnknownNameSuggestsTheOneThatWasMeant) {
  EXPECT_THAT(Check(R"({"command": ["x"], "resutl": "text"})"),
              ElementsAre(Pair("resutl", HasSubstr("did you mean result?"))));
}

TEST(ParamsTest, AMissingAndAnIllTypedParamAreBothNamed) {
  EXPECT_THAT(Check(R"({"size": true})"),
              ElementsAre(Pair("size", HasSubstr("64MiB")),
                          Pair("command", "is missing")));
}

TEST(ParamsTest, AWordThatIsNoneOfTheChoicesNamesThem) {
  EXPECT_THAT(
      Check(R"({"command": ["x"], "result": "jsn"})"),
      ElementsAre(
          Pair("result", "\"jsn\" is none of text, json; did you mean json?")));
}

TEST(ParamsTest, ATemplateMayBecomeAnything) {
  EXPECT_THAT(Check(R"({"command": "${{ params.argv }}",
                        "size": "${{ params.n }}", "env": "${{ params.e }}"})"),
              ElementsAre());
}

TEST(ParamsTest, DataThatLooksLikeATemplateIsStillData) {
  EXPECT_THAT(Check(R"({"command": ["x"], "size": "${{ 1 }}"})",
                    ParamStage::kEvaluated),
              ElementsAre(Pair("size", HasSubstr("64MiB"))));
}

TEST(ParamsTest, NullInsideAListIsRefusedWithItsPlace) {
  EXPECT_THAT(Check(R"({"command": ["x", null]})"),
              ElementsAre(Pair("command[1]", HasSubstr("null"))));
}

TEST(ParamsTest, ListsAndMapsTakeNumbersAndObjectsAsTheirJsonText) {
  Json params =
      *ParseJson(R"({"command": ["x", 5, {"a": 1}], "env": {"N": 2.5}})");
  EXPECT_THAT(TextListParam(params, "command"),
              ElementsAre("x", "5", R"({"a":1})"));
  EXPECT_THAT(TextMapParam(params, "env"), ElementsAre(Pair("N", "2.5")));
}

TEST(ParamsTest, ANullParamCountsAsAbsent) {
  EXPECT_THAT(Check(R"({"command": ["x"], "env": null})"), ElementsAre());
  EXPECT_EQ(TextParam(*ParseJson(R"({"a": null})"), "a", "b"), "b");
}

TEST(ParamsTest, InvalidParamsIsAFinalFailureThatNamesEveryProblem) {
  Outcome outcome = InvalidParams({{"a", "is bad"}, {"", "is worse"}});
  EXPECT_EQ(outcome.error->type, "InvalidParams");
  EXPECT_FALSE(outcome.error->retryable);
  EXPECT_EQ(outcome.error->message, "params.a: is bad; params: is worse");
}

}  // namespace
}  // namespace windlass

// Files that were made to hurt: each is refused, clearly and soon.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/definition/load_testing.h"

namespace windlass {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

TEST(LoadHostileTest, EmptyFilesAreRefused) {
  for (const char* text : {"", "\n \n", "# only a comment\n", "\xEF\xBB\xBF"}) {
    EXPECT_THAT(ProblemsOf(text), ElementsAre("f: the file is empty; start it "
                                              "with 'windlass: 1'"));
  }
}

TEST(LoadHostileTest, BinaryFilesAreRefused) {
  EXPECT_THAT(ProblemsOf(std::string("windlass: 1\nna\0me: x", 20)),
              ElementsAre("f:2:3: the file is not text: it has the byte 0x00; "
                          "a workflow is a YAML or JSON file in UTF-8"));
  EXPECT_THAT(ProblemsOf("\x7F"
                         "ELF\x02\x01"),
              ElementsAre(HasSubstr("is not text")));
}

TEST(LoadHostileTest, OtherEncodingsAreRefused) {
  EXPECT_THAT(ProblemsOf("name: caf\xE9\n"),
              ElementsAre("f:1:10: the file is not UTF-8: it has the byte "
                          "0xE9; save it as UTF-8"));
  EXPECT_THAT(ProblemsOf("\xFF\xFEw\0"),
              ElementsAre(HasSubstr("the file is UTF-16")));
  EXPECT_THAT(ProblemsOf("name: \xC0\xAF"),
              ElementsAre(HasSubstr("not UTF-8")));
  EXPECT_THAT(ProblemsOf("name: \xED\xA0\x80"),
              ElementsAre(HasSubstr("not UTF-8")));
}

TEST(LoadHostileTest, LargeFilesAreNotParsed) {
  std::string text(16 * 1024 * 1024 + 1, '[');
  EXPECT_THAT(ProblemsOf(text),
              ElementsAre(StartsWith("f: the file has 16777217 bytes; at most "
                                     "16777216 are read")));
}

TEST(LoadHostileTest, DeepNestingIsRefused) {
  EXPECT_THAT(ProblemsOf(std::string(20'000, '[')),
              ElementsAre(HasSubstr("nested deeper than 64 levels")));
  std::string json = "{\"a\":";
  for (int i = 0; i < 20'000; ++i) json += "{\"a\":";
  EXPECT_THAT(ProblemsOf(json), ElementsAre(HasSubstr("not valid JSON")));
  json = "{\"a\":" + std::string(100, '[') + std::string(100, ']') + "}";
  EXPECT_THAT(ProblemsOf(json),
              ElementsAre(HasSubstr("nested deeper than 64 levels")));
}

TEST(LoadHostileTest, DeepValuesAreRefused) {
  Json value = 1;
  for (int i = 0; i < 1000; ++i) value = JsonArray{value};
  EXPECT_THAT(Messages(ParseWorkflow(value, {})),
              ElementsAre(HasSubstr("nested deeper than 64 levels")));
}

TEST(LoadHostileTest, AnAliasBombIsRefused) {
  std::string text = "windlass: 1\nname: w\nlabels:\n  a0: &a0 [x, x, x, x]\n";
  for (int i = 1; i < 40; ++i) {
    std::string last = "*a" + std::to_string(i - 1);
    text += "  a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" +
            last + ", " + last + ", " + last + ", " + last + "]\n";
  }
  EXPECT_THAT(ProblemsOf(text), ElementsAre(HasSubstr("too large")));
}

std::string Chain(int tasks) {
  std::string text = "windlass: 1\nname: w\ntasks:\n  t0: {type: noop}\n";
  for (int i = 1; i < tasks; ++i) {
    std::string last = std::to_string(i - 1);
    text += "  t" + std::to_string(i) + ": {type: noop, depends_on: [t" + last +
            "], params: {x: \"${{ tasks.t" + last + ".result }}\"}}\n";
  }
  return text;
}

TEST(LoadHostileTest, AHundredThousandTasksAreRead) {
  LoadedWorkflow loaded = ParseWorkflow(Chain(100'000), {});
  ASSERT_THAT(Messages(loaded), ElementsAre());
  EXPECT_EQ(loaded.workflow->tasks.size(), 100'000U);
}

TEST(LoadHostileTest, ALongCycleIsShownInPart) {
  std::string text = Chain(50'000);
  text.replace(text.find("t0: {"), 5, "t0: {depends_on: [t49999], ");
  EXPECT_THAT(ProblemsOf(text),
              testing::Contains(HasSubstr("t0 -> t49999 -> t49998 -> ")));
}

TEST(LoadHostileTest, ManyMistakesAreListedUpToALimit) {
  std::string text = "windlass: 1\nname: w\ntasks:\n";
  for (int i = 0; i < 20'000; ++i) {
    text += "  t" + std::to_string(i) + ": {type: noop, depends_on: [u" +
            std::to_string(i) + "]}\n";
  }
  auto problems = ProblemsOf(text);
  ASSERT_EQ(problems.size(), 10'001U);
  EXPECT_THAT(problems.back(), HasSubstr("more than 10000 problems"));
}

}  // namespace
}  // namespace windlass

#include "model/yaml/yaml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace windlass {
namespace {

std::string ToJson(std::string_view text) {
  PositionedJson out = ParseYaml(text, {});
  if (!out.problems.empty()) {
    return "problem at " + std::to_string(out.problems[0].offset) + ": " +
           out.problems[0].message;
  }
  return FormatJson(out.value);
}

TEST(YamlTest, PlainScalarsFollowTheCoreSchema) {
  EXPECT_EQ(ToJson("[~, null, '', true, False, NO, yes, on]"),
            R"([null,null,"",true,false,"NO","yes","on"])");
  EXPECT_EQ(ToJson("[010, 0o10, 0xff, -7, +7, 1_000]"),
            R"([10,8,255,-7,7,"1_000"])");
  EXPECT_EQ(ToJson("[1.10, 1e3, .5, 5., 1.2.3, 2026-11-23, 12:30]"),
            R"([1.1,1000.0,0.5,5.0,"1.2.3","2026-11-23","12:30"])");
  EXPECT_EQ(ToJson("[9223372036854775808, 18446744073709551616]"),
            "[9223372036854775808,18446744073709551616.0]");
}

TEST(YamlTest, QuotedScalarsStayText) {
  EXPECT_EQ(ToJson(R"(['1', "true", "a\tb", !!str 5])"),
            R"(["1","true","a\tb","5"])");
}

TEST(YamlTest, NumbersJsonCannotHoldAreRefused) {
  EXPECT_EQ(ToJson("a: .inf"),
            "problem at 3: '.inf' is no number that JSON can hold");
  EXPECT_EQ(ToJson("a: .NaN"),
            "problem at 3: '.NaN' is no number that JSON can hold");
  EXPECT_EQ(ToJson("a: 1e999"),
            "problem at 3: '1e999' is beyond the range of a number");
}

TEST(YamlTest, AliasesAndMergesAreExpanded) {
  EXPECT_EQ(ToJson("a: &x {p: 1, q: 2}\n"
                   "b: {<<: *x, q: 3}\n"
                   "c: [*x, *x]\n"),
            R"({"a":{"p":1,"q":2},"b":{"q":3,"p":1},)"
            R"("c":[{"p":1,"q":2},{"p":1,"q":2}]})");
  EXPECT_EQ(ToJson("a: &x {p: 1}\nb: &y {p: 2, q: 2}\nc: {<<: [*x, *y]}"),
            R"({"a":{"p":1},"b":{"p":2,"q":2},"c":{"p":1,"q":2}})");
}

TEST(YamlTest, AQuotedMergeKeyIsAnOrdinaryKey) {
  EXPECT_EQ(ToJson("'<<': 1"), R"({"<<":1})");
}

TEST(YamlTest, MergingAnythingButMappingsIsRefused) {
  EXPECT_EQ(ToJson("<<: 1"),
            "problem at 0: '<<' merges a mapping or a list of mappings");
}

TEST(YamlTest, AnAliasNeedsAnAnchorBeforeIt) {
  EXPECT_THAT(ToJson("a: *x"), testing::HasSubstr("'*x' names no anchor"));
  EXPECT_THAT(ToJson("a: &x [*x]"), testing::HasSubstr("names no anchor"));
}

TEST(YamlTest, DuplicateKeysAreAllReported) {
  PositionedJson out = ParseYaml("a: 1\nb: 2\na: 3\nb: 4\n", {});
  ASSERT_EQ(out.problems.size(), 2U);
  EXPECT_EQ(out.problems[0].offset, 10U);
  EXPECT_EQ(out.problems[0].message, "duplicate key 'a'");
  EXPECT_EQ(out.problems[1].offset, 15U);
}

TEST(YamlTest, ForeignTagsAreRefused) {
  EXPECT_EQ(ToJson("a: !secret x"),
            "problem at 3: the tag '!secret' does not fit here");
  EXPECT_EQ(ToJson("a: !!python/object x"),
            "problem at 3: the tag 'python/object' does not fit here");
  EXPECT_EQ(ToJson("a: !!int x"),
            "problem at 3: the tag 'int' does not fit here");
}

TEST(YamlTest, CoreTagsAreKept) {
  EXPECT_EQ(ToJson("[!!float 1, !!int 2, !!null null, !!map {}, !!seq []]"),
            "[1.0,2,null,{},[]]");
}

TEST(YamlTest, OnlyOneDocumentIsRead) {
  EXPECT_EQ(ToJson("--- 1\n--- 2\n"),
            "problem at 6: the file has more than one YAML document");
  EXPECT_EQ(ToJson("---\na: 1\n...\n"), R"({"a":1})");
}

TEST(YamlTest, KeysAreText) {
  EXPECT_EQ(ToJson("{1: a, true: b}"), R"({"1":"a","true":"b"})");
  EXPECT_EQ(ToJson("? [a]\n: b\n"), "problem at 2: a key must be text");
}

TEST(YamlTest, MarksAreByteOffsets) {
  std::string text = "é: [1, 'two']\nb:\n  c: |\n    text\n";
  PositionedJson out = ParseYaml(text, {});
  ASSERT_TRUE(out.problems.empty());
  ASSERT_EQ(out.marks.children.size(), 2U);
  const Marks& list = out.marks.children[0];
  EXPECT_EQ(list.key, 0U);
  EXPECT_EQ(list.begin, text.find('['));
  EXPECT_EQ(list.children[1].begin, text.find("'two'"));
  EXPECT_EQ(list.children[1].end, text.find(']'));
  EXPECT_EQ(out.marks.children[1].children[0].key, text.find("c:"));
}

TEST(YamlTest, SyntaxErrorsHaveAPlace) {
  EXPECT_THAT(ToJson("a: 1\nb: [1, 2\nc: 3\n"),
              testing::StartsWith("problem at 1"));
  EXPECT_THAT(ToJson("a: 1\n\tb: 2\n"), testing::HasSubstr("not valid YAML"));
}

TEST(YamlTest, EmptyTextsAreRefused) {
  EXPECT_THAT(ToJson("# only a comment\n"), testing::HasSubstr("is empty"));
}

TEST(YamlTest, AnAliasBombStopsAtTheLimit) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    std::string last = "*a" + std::to_string(i - 1);
    std::string name = "a" + std::to_string(i);
    text += name + ": &" + name + " [" + last;
    for (int j = 1; j < 10; ++j) text += ", " + last;
    text += "]\n";
  }
  EXPECT_THAT(ToJson(text), testing::HasSubstr("too large"));
}

TEST(YamlTest, RepeatingALongTextStopsAtTheLimit) {
  std::string text = "a: &a " + std::string(1'000'000, 'x') + "\nb: [*a";
  for (int i = 0; i < 100; ++i) text += ", *a";
  EXPECT_THAT(ToJson(text + "]"), testing::HasSubstr("too large"));
}

TEST(YamlTest, DeepNestingStopsAtTheLimit) {
  EXPECT_THAT(ToJson(std::string(20'000, '[')),
              testing::HasSubstr("nested deeper than 64 levels"));
  std::string flow;
  for (int i = 0; i < 20'000; ++i) flow += "{a: ";
  EXPECT_THAT(ToJson(flow), testing::HasSubstr("nested deeper than 64 levels"));
  std::string block;
  for (int i = 0; i < 70; ++i) block += std::string(i, ' ') + "a:\n";
  EXPECT_THAT(ToJson(block), testing::HasSubstr("nested deeper"));
  std::string dashes;
  for (int i = 0; i < 20'000; ++i) dashes += "- ";
  EXPECT_THAT(ToJson(dashes), testing::HasSubstr("nested deeper"));
}

TEST(YamlTest, DeepNestingByAliasesStopsAtTheLimit) {
  std::string text = "a0: &a0 [x]\n";
  for (int i = 1; i < 80; ++i) {
    std::string name = "a" + std::to_string(i);
    text += name + ": &" + name + " [*a" + std::to_string(i - 1) + "]\n";
  }
  EXPECT_THAT(ToJson(text), testing::HasSubstr("aliases nest deeper"));
}

}  // namespace
}  // namespace windlass

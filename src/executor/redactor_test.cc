#include "executor/redactor.h"

#include <gtest/gtest.h>

namespace windlass {
namespace {

TEST(RedactorTest, ReplacesASecretWhereverItStands) {
  Redactor redactor;
  redactor.Add("hunter22");
  EXPECT_EQ(redactor.Redact("a hunter22 b hunter22"), "a *** b ***");
  EXPECT_EQ(redactor.Redact("nothing"), "nothing");
}

TEST(RedactorTest, KnowsASecretInItsUsualDisguises) {
  Redactor redactor;
  redactor.Add("p\"ss w/rd");
  EXPECT_EQ(redactor.Redact(R"({"x":"p\"ss w/rd"})"), R"({"x":"***"})");
  EXPECT_EQ(redactor.Redact("?p=p%22ss%20w%2Frd"), "?p=***");
  EXPECT_EQ(redactor.Redact("Basic cCJzcyB3L3Jk"), "Basic ***");
}

TEST(RedactorTest, ALongerSecretIsNotLeftHalfVisible) {
  Redactor redactor;
  redactor.Add("abcd");
  redactor.Add("abcdefgh");
  EXPECT_EQ(redactor.Redact("x abcdefgh"), "x ***");
}

TEST(RedactorTest, AShortSecretIsReplacedOnlyAsAWhole) {
  Redactor redactor;
  redactor.Add("a");
  EXPECT_EQ(redactor.Redact("banana"), "banana");
  EXPECT_EQ(redactor.Redact("a"), "***");
}

TEST(RedactorTest, AShortSecretThatIsTheOnlyLineIsReplaced) {
  Redactor redactor;
  redactor.Add("a");
  EXPECT_EQ(redactor.Redact("a\n"), "***\n");
  EXPECT_EQ(redactor.Redact("a\n\n"), "a\n\n");
}

TEST(RedactorTest, NoPieceOfOverlappingSecretsStays) {
  Redactor redactor;
  redactor.Add("abcdX");
  redactor.Add("Xefghi");
  EXPECT_EQ(redactor.Redact("1abcdXefghi2"), "1***2");
  EXPECT_EQ(redactor.Redact("1abcdXabcdX2"), "1******2");
}

TEST(RedactorTest, ASecretIsFoundHoweverTheTextIsCut) {
  Redactor redactor;
  redactor.Add("hunter22");
  redactor.Add("p\"ss w/rd");
  const std::string text =
      "hunter22 hunter2 hunthunter22 p%22ss%20w%2Frd p\\\"ss w/rd hunter22";
  const std::string expected = "*** hunter2 hunt*** *** *** ***";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    Redactor::Pass pass(redactor);
    std::string out;
    for (std::size_t at = 0; at < text.size(); at += piece) {
      pass.Feed(std::string_view(text).substr(at, piece), out);
    }
    pass.Finish(out);
    EXPECT_EQ(out, expected) << "pieces of " << piece;
  }
}

TEST(RedactorTest, ReachesEveryStringOfAnError) {
  Redactor redactor;
  redactor.Add("hunter22");
  TaskError error;
  error.message = "hunter22!";
  error.details =
      JsonObject{{"list", JsonArray{"hunter22", 7}}, {"hunter22", "x"}};
  redactor.RedactIn(error);
  EXPECT_EQ(error.message, "***!");
  EXPECT_EQ(FormatJson(error.details), R"({"list":["***",7],"***":"x"})");
}

}  // namespace
}  // namespace windlass

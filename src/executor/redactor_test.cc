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

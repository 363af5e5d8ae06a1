#include "base/utf8.h"

#include <gtest/gtest.h>

namespace windlass {
namespace {

TEST(Utf8Test, OverlongFormsSurrogatesAndCutCharactersAreNotUtf8) {
  EXPECT_TRUE(IsUtf8("a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80"));
  for (const char* bad : {"\x80", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80",
                          "\xF4\x90\x80\x80", "\xE2\x82", "\xFF"}) {
    EXPECT_FALSE(IsUtf8(bad)) << bad;
  }
}

TEST(Utf8Test, EveryBadByteBecomesOneReplacementCharacter) {
  EXPECT_EQ(ToUtf8("a\xFF\xFE"
                   "b"),
            "a\xEF\xBF\xBD\xEF\xBF\xBD"
            "b");
}

TEST(Utf8Test, ATailBeginsWithAWholeCharacter) {
  EXPECT_EQ(Utf8Tail("x\xE2\x82\xACy", 2), "y");
  EXPECT_EQ(Utf8Tail("x\xE2\x82\xACy", 4), "\xE2\x82\xACy");
}

TEST(Utf8Test, AHeadEndsWithAWholeCharacterAndShowsThatItIsCut) {
  EXPECT_EQ(Utf8Head("x\xE2\x82\xACy", 3), "x...");
  EXPECT_EQ(Utf8Head("xy", 3), "xy");
}

}  // namespace
}  // namespace windlass

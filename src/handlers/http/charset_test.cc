#include "handlers/http/charset.h"

#include <gtest/gtest.h>

#include <string>

namespace windlass {
namespace {

using std::string_literals::operator""s;

TEST(CharsetTest, IsReadFromTheContentType) {
  EXPECT_EQ(CharsetOf("text/plain; charset=latin1"), "latin1");
  EXPECT_EQ(CharsetOf("text/html; a=b;  Charset=\"UTF-16\" ; c=d"), "utf-16");
  EXPECT_EQ(CharsetOf("text/plain"), "");
  EXPECT_EQ(CharsetOf("text/plain; charset"), "");
  EXPECT_EQ(CharsetOf(""), "");
}

TEST(CharsetTest, TextsBecomeUtf8) {
  EXPECT_EQ(DecodeText("gr\xFCn", "iso-8859-1"), "grün");
  EXPECT_EQ(DecodeText("gr\xFCn", "latin1"), "grün");
  EXPECT_EQ(DecodeText("5 \x80", "windows-1252"), "5 €");
  EXPECT_EQ(DecodeText("\xFF\xFEg\0r\0\xFC\0n\0"s, "utf-16"), "grün");
  EXPECT_EQ(DecodeText("\0g\0r\0\xFC\0n"s, "utf-16be"), "grün");
  EXPECT_EQ(DecodeText("\x82\xB1", "shift_jis"), "こ");
  EXPECT_EQ(DecodeText("grün", "utf-8"), "grün");
  EXPECT_EQ(DecodeText("grün", ""), "grün");
}

TEST(CharsetTest, LongTextsAreWhole) {
  const std::string bytes(100'000, '\xE9');
  const std::string text = DecodeText(bytes, "latin1");
  ASSERT_EQ(text.size(), 200'000U);
  EXPECT_EQ(text.substr(199'998), "é");
}

TEST(CharsetTest, WhatIsNoTextInItIsReplaced) {
  EXPECT_EQ(DecodeText("a\x81z", "windows-1252"), "a\xEF\xBF\xBDz");
  // Half of a surrogate pair, and half a unit.
  EXPECT_EQ(DecodeText("a\0\0\xDCz\0"s, "utf-16le"), "a\xEF\xBF\xBDz");
  EXPECT_EQ(DecodeText("a\0z"s, "utf-16le"), "a\xEF\xBF\xBD");
}

TEST(CharsetTest, ANameThatMeansSomethingElseIsNotOne) {
  for (const char* name :
       {"no-such-charset", "latin1//TRANSLIT", "../../etc", "a b", "\xFF"}) {
    EXPECT_EQ(DecodeText("gr\xFCn", name), "gr\xEF\xBF\xBDn") << name;
  }
}

}  // namespace
}  // namespace windlass

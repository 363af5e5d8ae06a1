#include "model/uri.h"

#include <gtest/gtest.h>

namespace windlass {
namespace {

// The examples of RFC 3986, section 5.4.
TEST(UriTest, ReferencesAreResolvedAsTheStandardShows) {
  const auto at = [](std::string_view reference) {
    return ResolveUri("http://a/b/c/d;p?q", reference);
  };
  EXPECT_EQ(at("g:h"), "g:h");
  EXPECT_EQ(at("g"), "http://a/b/c/g");
  EXPECT_EQ(at("./g"), "http://a/b/c/g");
  EXPECT_EQ(at("g/"), "http://a/b/c/g/");
  EXPECT_EQ(at("/g"), "http://a/g");
  EXPECT_EQ(at("//g"), "http://g");
  EXPECT_EQ(at("?y"), "http://a/b/c/d;p?y");
  EXPECT_EQ(at("g?y#s"), "http://a/b/c/g?y#s");
  EXPECT_EQ(at("#s"), "http://a/b/c/d;p?q#s");
  EXPECT_EQ(at(""), "http://a/b/c/d;p?q");
  EXPECT_EQ(at("."), "http://a/b/c/");
  EXPECT_EQ(at(".."), "http://a/b/");
  EXPECT_EQ(at("../g"), "http://a/b/g");
  EXPECT_EQ(at("../../../g"), "http://a/g");
  EXPECT_EQ(at("g/./h/../i"), "http://a/b/c/g/i");
}

TEST(UriTest, WithoutABaseAReferenceStandsForItself) {
  EXPECT_EQ(ResolveUri("", "common.json#/a"), "common.json#/a");
  EXPECT_EQ(ResolveUri("http://a", "g"), "http://a/g");
}

TEST(UriTest, AFragmentIsDecoded) {
  const auto [document, fragment] = SplitFragment("a.json#/x%25y%zz");
  EXPECT_EQ(document, "a.json");
  EXPECT_EQ(fragment, "/x%y%zz");
  EXPECT_EQ(SplitFragment("a.json").second, "");
}

}  // namespace
}  // namespace windlass

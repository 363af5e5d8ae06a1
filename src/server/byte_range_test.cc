#include "server/byte_range.h"

#include <gtest/gtest.h>

#include <string>

namespace windlass {
namespace {

constexpr std::string_view kTag = "\"abc\"";

// "3-9", "none" or "all" of a content of ten bytes.
std::string Wanted(std::string_view range, std::string_view if_range = "",
                   std::int64_t size = 10) {
  const WantedRange wanted = ParseRange(range, if_range, kTag, size);
  switch (wanted.kind) {
    case WantedRange::Kind::kAll:
      return "all";
    case WantedRange::Kind::kNone:
      return "none";
    case WantedRange::Kind::kPart:
      break;
  }
  EXPECT_LE(wanted.first, wanted.last);
  EXPECT_LT(wanted.last, size);
  return std::to_string(wanted.first) + "-" + std::to_string(wanted.last);
}

TEST(ByteRangeTest, PartsAreWithinTheContent) {
  EXPECT_EQ(Wanted("bytes=0-3"), "0-3");
  EXPECT_EQ(Wanted("bytes=3-3"), "3-3");
  EXPECT_EQ(Wanted("bytes=3-"), "3-9");
  EXPECT_EQ(Wanted("bytes=3-99999999999999999999"), "3-9");
  EXPECT_EQ(Wanted("bytes=-3"), "7-9");
  EXPECT_EQ(Wanted("bytes=-30"), "0-9");
}

TEST(ByteRangeTest, WhatLiesBehindTheEndIsNothing) {
  EXPECT_EQ(Wanted("bytes=10-"), "none");
  EXPECT_EQ(Wanted("bytes=99999999999999999999-"), "none");
  EXPECT_EQ(Wanted("bytes=-0"), "none");
  EXPECT_EQ(Wanted("bytes=0-", "", 0), "none");
  EXPECT_EQ(Wanted("bytes=-5", "", 0), "none");
}

TEST(ByteRangeTest, WhatIsNotUnderstoodIsAll) {
  for (const char* range :
       {"", "bytes", "bytes=", "bytes=-", "bytes=3", "bytes=5-3", "bytes=a-3",
        "bytes=3-b", "bytes=0-1,3-4", "bytes=--3", "bytes=+1-3", "bytes= 1-3",
        "items=0-3"}) {
    EXPECT_EQ(Wanted(range), "all") << range;
  }
}

TEST(ByteRangeTest, AnotherContentIsSentWhole) {
  EXPECT_EQ(Wanted("bytes=3-", kTag), "3-9");
  EXPECT_EQ(Wanted("bytes=3-", "\"xyz\""), "all");
  EXPECT_EQ(Wanted("bytes=3-", "W/\"abc\""), "all");
}

}  // namespace
}  // namespace windlass

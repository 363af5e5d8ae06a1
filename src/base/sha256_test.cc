#include "base/sha256.h"

#include <gtest/gtest.h>

namespace windlass {
namespace {

constexpr char kAbc[] =
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(Sha256Test, MatchesTheStandardsExamples) {
  EXPECT_EQ(Sha256Hex("abc"), kAbc);
  EXPECT_EQ(Sha256Hex(""),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256Hex(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256Test, PiecesGiveTheSameAsTheWhole) {
  Sha256 checksum;
  for (const char* piece : {"a", "", "b", "c"}) checksum.Update(piece);
  EXPECT_EQ(checksum.HexDigest(), kAbc);
}

TEST(Sha256Test, ADigestStartsOver) {
  Sha256 checksum;
  checksum.Update("something else");
  checksum.HexDigest();
  Sha256 moved = std::move(checksum);
  moved.Update("abc");
  EXPECT_EQ(moved.HexDigest(), kAbc);
}

}  // namespace
}  // namespace windlass

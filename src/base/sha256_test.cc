#include "base/sha256.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace windlass {
namespace {

constexpr char kOfNothing[] =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr char kOfAbc[] =
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(Sha256Test, TheStandardsExamplesAreMet) {
  EXPECT_EQ(Sha256Hex(""), kOfNothing);
  EXPECT_EQ(Sha256Hex("abc"), kOfAbc);
  EXPECT_EQ(Sha256Hex(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256Test, PiecesGiveTheChecksumOfTheWhole) {
  Sha256 sha256;
  EXPECT_EQ(sha256.HexDigest(), kOfNothing);
  sha256.Update("a");
  sha256.Update("");
  sha256.Update("bc");
  EXPECT_EQ(sha256.HexDigest(), kOfAbc);
}

TEST(Sha256Test, ADigestTakenHalfwayChangesNothing) {
  Sha256 sha256;
  sha256.Update("ab");
  EXPECT_EQ(sha256.HexDigest(), Sha256Hex("ab"));
  sha256.Update("c");
  EXPECT_EQ(sha256.HexDigest(), kOfAbc);
}

TEST(Sha256Test, AMovedChecksumGoesOn) {
  Sha256 first;
  first.Update("ab");
  Sha256 second = std::move(first);
  second.Update("c");
  EXPECT_EQ(second.HexDigest(), kOfAbc);
}

}  // namespace
}  // namespace windlass

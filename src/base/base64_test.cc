#include "base/base64.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace windlass {
namespace {

TEST(Base64Test, TheVectorsOfTheRfcHold) {
  const std::vector<std::pair<std::string, std::string>> vectors = {
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(EncodeBase64(bytes), text);
    ASSERT_TRUE(DecodeBase64(text).ok()) << text;
    EXPECT_EQ(*DecodeBase64(text), bytes);
  }
}

TEST(Base64Test, EveryByteAtEveryPlaceComesBack) {
  for (int length = 1; length <= 5; ++length) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string bytes(static_cast<std::size_t>(length), 'x');
      bytes.back() = static_cast<char>(byte);
      auto decoded = DecodeBase64(EncodeBase64(bytes));
      ASSERT_TRUE(decoded.ok());
      ASSERT_EQ(*decoded, bytes);
    }
  }
}

TEST(Base64Test, WhatItDoesNotWriteItRefuses) {
  for (std::string text :
       {"Z", "Zg", "Zg=", "Zg===", "====", "Z===", "Zg==Zg==", "Zh==", "Zm9=",
        "Zm9v\n", "Zm 9", "Zm-_", "=Zg="}) {
    EXPECT_FALSE(DecodeBase64(text).ok()) << text;
  }
}

}  // namespace
}  // namespace windlass

#include "results/compressibility.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace windlass {
namespace {

std::string Noise() {
  std::mt19937_64 random(1);
  std::string noise;
  while (noise.size() < 100'000) noise += static_cast<char>(random());
  return noise;
}

TEST(CompressibilityTest, TextIsWorthItAndNoiseIsNot) {
  EXPECT_TRUE(IsWorthCompressing("text/csv", std::string(100'000, 'a')));
  EXPECT_FALSE(IsWorthCompressing("text/csv", Noise()));
  EXPECT_FALSE(IsWorthCompressing("text/csv", ""));
}

TEST(CompressibilityTest, CompressedMediaTypesAreLeftAlone) {
  const std::string text(100'000, 'a');
  for (std::string type :
       {"image/jpeg", "image/PNG", "application/zip", "application/gzip",
        "application/zstd", "application/vnd.apache.parquet", "video/mp4",
        "audio/ogg", "application/zip; charset=binary", "font/woff2"}) {
    EXPECT_FALSE(IsWorthCompressing(type, text)) << type;
  }
  for (std::string type : {"image/bmp", "image/svg+xml", "audio/wav",
                           "application/json", "", "application/zipper"}) {
    EXPECT_TRUE(IsWorthCompressing(type, text)) << type;
  }
}

TEST(CompressibilityTest, OnlyTheStartIsLookedAt) {
  EXPECT_FALSE(IsWorthCompressing(
      "text/csv",
      Noise().substr(0, kCompressionProbe) + std::string(1'000'000, 'a')));
}

TEST(CompressibilityTest, ParametersAndCaseAreNotPartOfTheType) {
  EXPECT_EQ(BareMediaType(" Text/Plain ; charset=utf-8"), "text/plain");
  EXPECT_EQ(BareMediaType(""), "");
}

}  // namespace
}  // namespace windlass

#include "base/compress.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"

namespace windlass {
namespace {

constexpr std::size_t kNoLimit = std::size_t{1} << 30;

// Half noise, half pattern, so that it compresses but not to nothing.
std::string SampleBytes(std::size_t size) {
  Random random(7);
  std::string bytes;
  while (bytes.size() < size) {
    bytes += static_cast<char>(random());
    bytes += "row";
  }
  bytes.resize(size);
  return bytes;
}

TEST(CompressTest, EverySizeComesBackTheSame) {
  for (std::size_t size : {0, 1, 100, 131'072, 131'073, 3'000'000}) {
    std::string bytes = SampleBytes(size);
    auto packed = ZstdCompress(bytes, kDefaultZstdLevel);
    ASSERT_TRUE(packed.ok());
    EXPECT_TRUE(*ZstdDecompress(*packed, kNoLimit) == bytes) << size;
    EXPECT_TRUE(*ZstdDecompress(*packed, size) == bytes) << size;
  }
}

TEST(CompressTest, ABombStopsAtTheLimit) {
  auto bomb = ZstdCompress(std::string(100'000'000, '\0'), 3);
  ASSERT_TRUE(bomb.ok());
  ASSERT_LT(bomb->size(), 100'000u);
  std::size_t seen = 0;
  ZstdDecompressor decompressor(1'000'000, [&](std::string_view piece) {
    seen += piece.size();
    return absl::OkStatus();
  });
  EXPECT_EQ(decompressor.Write(*bomb).code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_LE(seen, 1'000'000u);
  EXPECT_EQ(ZstdDecompress(*bomb, 99'999'999).status().code(),
            absl::StatusCode::kResourceExhausted);
}

TEST(CompressTest, EveryFlippedByteIsDataLoss) {
  std::string bytes = SampleBytes(300);
  std::string packed = *ZstdCompress(bytes, 3);
  for (std::size_t i = 0; i < packed.size(); ++i) {
    std::string damaged = packed;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x41);
    auto unpacked = ZstdDecompress(damaged, kNoLimit);
    // A flipped header bit may only ask for more memory, or say nothing at all
    // of the content.
    if (unpacked.ok()) {
      EXPECT_EQ(*unpacked, bytes) << "byte " << i;
    } else {
      EXPECT_TRUE(absl::IsDataLoss(unpacked.status()) ||
                  absl::IsResourceExhausted(unpacked.status()))
          << "byte " << i << ": " << unpacked.status();
    }
  }
  std::string wrong_checksum = packed;
  wrong_checksum.back() = static_cast<char>(wrong_checksum.back() ^ 1);
  EXPECT_TRUE(absl::IsDataLoss(ZstdDecompress(wrong_checksum, 400).status()));
}

TEST(CompressTest, EveryCutIsDataLoss) {
  std::string packed = *ZstdCompress(SampleBytes(300), 3);
  for (std::size_t size = 0; size < packed.size(); ++size) {
    EXPECT_TRUE(absl::IsDataLoss(
        ZstdDecompress(packed.substr(0, size), kNoLimit).status()))
        << size;
  }
  EXPECT_TRUE(
      absl::IsDataLoss(ZstdDecompress("no zstd here", kNoLimit).status()));
  EXPECT_TRUE(absl::IsDataLoss(
      ZstdDecompress(packed + "trailing bytes", kNoLimit).status()));
}

TEST(CompressTest, FramesAfterOneAnotherAreJoined) {
  std::string two = *ZstdCompress("ab", 3) + *ZstdCompress("cd", 3);
  EXPECT_EQ(*ZstdDecompress(two, 4), "abcd");
  EXPECT_TRUE(absl::IsResourceExhausted(ZstdDecompress(two, 3).status()));
}

TEST(CompressTest, StreamsOfSmallPiecesComeBackTheSame) {
  std::string bytes = SampleBytes(300'000);
  std::string packed;
  auto compressor = ZstdCompressor::Open(1, [&](std::string_view piece) {
    packed += piece;
    return absl::OkStatus();
  });
  ASSERT_TRUE(compressor.ok());
  for (std::size_t i = 0; i < bytes.size(); i += 777) {
    ASSERT_TRUE(compressor->Write(std::string_view(bytes).substr(i, 777)).ok());
  }
  ASSERT_TRUE(compressor->Finish().ok());

  std::string unpacked;
  ZstdDecompressor decompressor(kNoLimit, [&](std::string_view piece) {
    unpacked += piece;
    return absl::OkStatus();
  });
  for (char c : packed) {
    ASSERT_TRUE(decompressor.Write(std::string_view(&c, 1)).ok());
  }
  EXPECT_TRUE(decompressor.Finish().ok());
  EXPECT_TRUE(unpacked == bytes);
}

TEST(CompressTest, TheSinksErrorEndsTheStream) {
  auto full = [](std::string_view) {
    return absl::ResourceExhaustedError("disk full");
  };
  auto compressor = ZstdCompressor::Open(3, full);
  ASSERT_TRUE(compressor.ok());
  (void)compressor->Write("x");
  EXPECT_EQ(compressor->Finish().message(), "disk full");
  EXPECT_EQ(compressor->Write("y").message(), "disk full");

  ZstdDecompressor decompressor(kNoLimit, full);
  EXPECT_EQ(decompressor.Write(*ZstdCompress("x", 3)).message(), "disk full");
  EXPECT_EQ(decompressor.Finish().message(), "disk full");
}

TEST(CompressTest, ALevelThatDoesNotExistIsRefused) {
  for (int level : {-1, 0, 23}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ZstdCompress("x", level).status()));
  }
}

}  // namespace
}  // namespace windlass

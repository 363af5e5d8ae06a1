#include "base/zstd_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "base/compress.h"

namespace windlass {
namespace {

// Hands out at most `step` bytes at a time.
ZstdReader::Input InputOf(std::string text, std::size_t step) {
  return [text = std::move(text), step, offset = std::size_t{0}](
             std::span<char> buffer) mutable -> absl::StatusOr<std::size_t> {
    const std::size_t n = std::min({step, buffer.size(), text.size() - offset});
    std::memcpy(buffer.data(), text.data() + offset, n);
    offset += n;
    return n;
  };
}

absl::StatusOr<std::string> Drain(ZstdReader& reader, std::size_t step) {
  std::string all;
  std::string buffer(step, '\0');
  for (;;) {
    absl::StatusOr<std::size_t> n =
        reader.Read(std::span<char>(buffer.data(), buffer.size()));
    if (!n.ok()) return n.status();
    if (*n == 0) return all;
    all.append(buffer, 0, *n);
  }
}

std::string Text() {
  std::string text;
  for (int i = 0; i < 50'000; ++i) text += std::to_string(i * 7919) + ",";
  return text;
}

TEST(ZstdReaderTest, AnyStepsGiveTheSameContent) {
  const std::string packed = *ZstdCompress(Text(), 3);
  for (std::size_t in : {1UL, 1000UL, 1UL << 20}) {
    for (std::size_t out : {1UL, 777UL, 1UL << 20}) {
      ZstdReader reader(InputOf(packed, in));
      auto text = Drain(reader, out);
      ASSERT_TRUE(text.ok()) << text.status();
      EXPECT_EQ(*text, Text());
    }
  }
}

TEST(ZstdReaderTest, FramesAfterOneAnotherAreJoined) {
  ZstdReader reader(
      InputOf(*ZstdCompress("ab", 3) + *ZstdCompress("cd", 3), 3));
  EXPECT_EQ(*Drain(reader, 100), "abcd");
}

TEST(ZstdReaderTest, AnEmptyFrameIsEmpty) {
  ZstdReader reader(InputOf(*ZstdCompress("", 3), 100));
  auto text = Drain(reader, 100);
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_EQ(*text, "");
}

TEST(ZstdReaderTest, EveryCutIsDataLoss) {
  const std::string packed = *ZstdCompress("a text that is not so long", 3);
  for (std::size_t size = 0; size < packed.size(); ++size) {
    ZstdReader reader(InputOf(packed.substr(0, size), 100));
    EXPECT_EQ(Drain(reader, 100).status().code(), absl::StatusCode::kDataLoss)
        << size;
    EXPECT_FALSE(Drain(reader, 100).ok()) << "the error must stay";
  }
}

TEST(ZstdReaderTest, ABombIsDeliveredOnlyAsFarAsItIsRead) {
  const std::string packed = *ZstdCompress(std::string(64 << 20, 'x'), 3);
  ASSERT_LT(packed.size(), 64U << 10);
  ZstdReader reader(InputOf(packed, packed.size()));
  std::string buffer(1000, '\0');
  auto n = reader.Read(std::span<char>(buffer.data(), buffer.size()));
  ASSERT_TRUE(n.ok());
  EXPECT_EQ(buffer, std::string(1000, 'x'));
}

}  // namespace
}  // namespace windlass

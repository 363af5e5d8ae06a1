#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <limits>
#include <string>

#include "support/temporary_folder.h"
#include "windlass/result_store.h"

namespace windlass {
namespace {

using ::testing::HasSubstr;

TEST(ByteSourceTest, AStringIsReadInAnyStepsToItsEnd) {
  auto source = MakeStringSource("abcdefg");
  std::string buffer(3, '\0');
  std::string all;
  for (std::size_t n : {3UL, 3UL, 1UL, 0UL, 0UL}) {
    auto read = source->Read(std::span<char>(buffer.data(), buffer.size()));
    ASSERT_TRUE(read.ok());
    EXPECT_EQ(*read, n);
    all.append(buffer, 0, *read);
  }
  EXPECT_EQ(all, "abcdefg");
}

TEST(ByteSourceTest, AFileIsReadAsItIs) {
  testing::TemporaryFolder folder;
  const std::string content = std::string(700'000, 'x') + '\0' + "end\r\n";
  std::ofstream(folder.path() + "/f", std::ios::binary) << content;
  auto source = OpenFileSource(folder.path() + "/f");
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_TRUE(*ReadAll(**source, 1 << 20) == content);
}

TEST(ByteSourceTest, AMissingFileIsNotFoundByName) {
  auto source = OpenFileSource("/nowhere/to/be/found");
  EXPECT_EQ(source.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(source.status().message()),
              HasSubstr("/nowhere/to/be/found"));
}

TEST(ByteSourceTest, AFolderCannotBeRead) {
  testing::TemporaryFolder folder;
  auto source = OpenFileSource(folder.path());
  EXPECT_FALSE(source.ok() && ReadAll(**source, 10).ok());
}

TEST(ByteSourceTest, TheLimitIsExact) {
  EXPECT_EQ(*ReadAll(*MakeStringSource("12345"), 5), "12345");
  EXPECT_EQ(*ReadAll(*MakeStringSource(""), 0), "");
  EXPECT_EQ(*ReadAll(*MakeStringSource("12345"),
                     std::numeric_limits<std::size_t>::max()),
            "12345");
  for (std::size_t limit : {0UL, 4UL}) {
    EXPECT_EQ(ReadAll(*MakeStringSource("12345"), limit).status().code(),
              absl::StatusCode::kResourceExhausted);
  }
}

}  // namespace
}  // namespace windlass

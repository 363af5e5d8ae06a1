#include "engine/log_buffer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "base/utf8.h"

namespace windlass {
namespace {

// What a store would hold.
class Stored {
 public:
  void Put(const LogBuffer::Taken& taken) {
    for (auto it = pieces_.lower_bound(taken.drop_from);
         it != pieces_.end() && it->first < taken.drop_before;) {
      size_ -= it->second.size();
      it = pieces_.erase(it);
    }
    for (const LogBuffer::Piece& piece : taken.pieces) {
      EXPECT_LE(piece.text.size(), LogBuffer::kMaximumPiece);
      EXPECT_TRUE(piece.text.ends_with('\n'));
      EXPECT_TRUE(pieces_.emplace(piece.offset, piece.text).second);
      size_ += piece.text.size();
    }
  }
  std::size_t size() const { return size_; }
  // With a line for each gap.
  std::string Text() const {
    std::string all;
    std::int64_t end = 0;
    for (const auto& [offset, text] : pieces_) {
      EXPECT_GE(offset, end);
      if (offset > end) all += "GAP\n";
      all += text;
      end = offset + static_cast<std::int64_t>(text.size());
    }
    return all;
  }

 private:
  std::map<std::int64_t, std::string> pieces_;
  std::size_t size_ = 0;
};

std::string Number(int i) {
  std::string digits = std::to_string(i);
  return std::string(6 - digits.size(), '0') + digits;
}

void Add(LogBuffer& buffer, std::string_view lines) {
  buffer.Append(LogSource::kStdout, LogLevel::kInfo, lines);
}

TEST(LogBufferTest, LinesKeepTheirOrderAndTellTheirSource) {
  LogBuffer buffer(1 << 20);
  Add(buffer, "one\ntwo\n");
  buffer.Append(LogSource::kStderr, LogLevel::kInfo, "three");
  buffer.Append(LogSource::kHandler, LogLevel::kWarn, "four\n");
  Stored stored;
  stored.Put(buffer.Take());
  EXPECT_EQ(buffer.size(), 0U);
  Add(buffer, "\n");
  stored.Put(buffer.Take());
  EXPECT_EQ(stored.Text(), "1one\n1two\n2three\nwfour\n1\n");
}

TEST(LogBufferTest, OfALongLogTheBeginningAndTheEndAreKept) {
  constexpr std::int64_t kLimit = 64 * 1024;
  constexpr int kLines = 100'000;
  for (const int lines_per_take : {1, 7, 1000, kLines}) {
    SCOPED_TRACE(lines_per_take);
    LogBuffer buffer(kLimit);
    Stored stored;
    for (int i = 1; i <= kLines; ++i) {
      Add(buffer, Number(i) + "\n");
      EXPECT_LE(buffer.size(), kLimit * 3 / 2 + 16);
      if (i % lines_per_take != 0) continue;
      stored.Put(buffer.Take());
      ASSERT_LE(stored.size(), kLimit + LogBuffer::kMaximumPiece + 16);
    }
    stored.Put(buffer.Take());
    const std::string text = stored.Text();
    EXPECT_GE(stored.size(), kLimit - 16);
    EXPECT_TRUE(text.starts_with("1000001\n1000002\n"));
    EXPECT_TRUE(text.ends_with("1099999\n1100000\n"));
    // One gap, and on each side of it no line is missing.
    const std::size_t gap = text.find("GAP\n");
    ASSERT_NE(gap, std::string::npos);
    EXPECT_EQ(text.find("GAP\n", gap + 1), std::string::npos);
    EXPECT_EQ(text.substr(0, gap).size() % 8, 0U);
    EXPECT_EQ(text.substr(gap + 4).size() % 8, 0U);
    EXPECT_GE(gap, kLimit / 2);
    EXPECT_GE(text.size() - gap - 4, kLimit / 2 - 8);
  }
}

TEST(LogBufferTest, OfAHugeOutputOnlyItsEndIsCopied) {
  LogBuffer buffer(8 * 1024);
  std::string lines;
  for (int i = 1; i <= 100'000; ++i) lines += Number(i) + "\n";
  Add(buffer, std::string(8 * 1024, 'x'));
  Stored stored;
  stored.Put(buffer.Take());
  Add(buffer, lines);
  EXPECT_LE(buffer.size(), 16 * 1024U);
  stored.Put(buffer.Take());
  EXPECT_TRUE(stored.Text().ends_with("1100000\n"));
  EXPECT_NE(stored.Text().find("GAP\n1"), std::string::npos);
}

TEST(LogBufferTest, LongLinesAreCutBetweenCharacters) {
  LogBuffer buffer(1 << 20);
  std::string line = "x";
  for (int i = 0; i < 20'000; ++i) line += "\u00fc";
  Add(buffer, line);
  std::string joined;
  for (const LogBuffer::Piece& piece : buffer.Take().pieces) {
    EXPECT_TRUE(IsUtf8(piece.text));
    for (std::string_view rest = piece.text; !rest.empty();) {
      const std::size_t end = rest.find('\n');
      joined += rest.substr(1, end - 1);
      rest.remove_prefix(end + 1);
    }
  }
  EXPECT_EQ(joined, line);
}

TEST(LogBufferTest, WhatIsSkippedLeavesAGapAndEndsTheBeginning) {
  LogBuffer buffer(1 << 20);
  Add(buffer, "one");
  buffer.Skip(10);
  Add(buffer, "two");
  Stored stored;
  stored.Put(buffer.Take());
  EXPECT_EQ(stored.Text(), "1one\nGAP\n1two\n");
  EXPECT_EQ(buffer.end(), 20);
}

TEST(LogBufferTest, WhatNoStoreTakesIsReplaced) {
  LogBuffer buffer(1 << 20);
  Add(buffer, std::string_view("a\0b\xff", 4));
  EXPECT_EQ(buffer.Take().pieces.at(0).text, "1a\uFFFDb\uFFFD\n");
  // However much longer that makes it.
  Stored stored;
  Add(buffer, std::string(100'000, '\xff'));
  stored.Put(buffer.Take());
  EXPECT_GT(stored.size(), 300'000U);
}

}  // namespace
}  // namespace windlass

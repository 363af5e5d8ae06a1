// What one attempt has logged and nobody has written yet: its beginning, and of
// the rest the end, however much there is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "windlass/log_level.h"
#include "windlass/log_source.h"

namespace windlass {

// Not thread-safe.
class LogBuffer {
 public:
  // A longer line goes on in a next one.
  static constexpr std::size_t kMaximumLine = 16 * 1024;
  static constexpr std::size_t kMaximumPiece = 32 * 1024;

  // About `limit` bytes of a log are kept: the first half and the last half.
  explicit LogBuffer(std::int64_t limit)
      : head_limit_(limit - limit / 2), tail_limit_(limit / 2) {}

  // Lines that need not end with a line feed.
  void Append(LogSource source, LogLevel level, std::string_view lines);
  // Counts bytes that are not kept.
  void Skip(std::size_t bytes);

  // Bytes held; at most the limit and half of it.
  std::size_t size() const { return head_.size() + tail_.size(); }
  // Where the next byte belongs.
  std::int64_t end() const { return end_; }
  // Whether the beginning is complete: what comes now pushes out other lines.
  bool is_full() const { return is_broken_ || end_ >= head_limit_; }

  struct Piece {
    std::int64_t offset = 0;
    std::string text;
  };
  // What to write, and which pieces that were taken before to drop for it.
  struct Taken {
    std::vector<Piece> pieces;
    std::int64_t drop_from = 0;
    std::int64_t drop_before = 0;
  };
  // Afterwards nothing is held.
  Taken Take();

 private:
  struct Range {
    std::int64_t begin = 0;
    std::int64_t end = 0;
  };

  void AppendLines(char letter, std::string_view lines);
  void AppendLine(char letter, std::string_view line);
  void TrimTail();
  void DropOld(Taken& taken);

  const std::int64_t head_limit_;
  const std::int64_t tail_limit_;
  std::int64_t end_ = 0;
  bool is_broken_ = false;  // Something was skipped: the beginning ends there.
  std::string head_;
  std::int64_t head_offset_ = 0;
  std::string tail_;
  std::int64_t tail_offset_ = 0;
  std::deque<Range> written_;  // Pieces of the tail that were taken.
};

}  // namespace windlass

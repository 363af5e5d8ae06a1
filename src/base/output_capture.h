// Keeps the beginning and the end of an output of any length.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace windlass {

// What was kept. Nothing is missing when `truncated_bytes` is 0: then the
// output is head + tail.
struct CapturedOutput {
  std::string head;
  std::string tail;
  std::uint64_t total_bytes = 0;
  std::uint64_t truncated_bytes = 0;

  // For people: the head, a line that says how much is missing, the tail.
  std::string Text() const;
};

// Holds at most `limit` bytes in memory: the first half and the last half.
class OutputCapture {
 public:
  explicit OutputCapture(std::size_t limit)
      : head_limit_(limit - limit / 2), tail_limit_(limit / 2) {}

  void Append(std::string_view bytes);
  CapturedOutput Get() const;

 private:
  void AppendToTail(std::string_view bytes);

  std::size_t head_limit_;
  std::size_t tail_limit_;
  std::string head_;
  std::string tail_;            // a ring once it is full
  std::size_t tail_start_ = 0;  // its oldest byte
  std::uint64_t total_ = 0;
};

}  // namespace windlass

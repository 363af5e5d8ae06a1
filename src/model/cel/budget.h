// What one evaluation may cost. An expression has no loops, but nested macros
// multiply: ten thousand rows inside ten thousand rows is a hundred million
// steps, and strings can double with every `+`.
#pragma once

#include <cstdint>

#include "absl/status/status.h"

namespace windlass::cel {

struct Limits {
  // Nodes evaluated, elements compared, and so on: about 20 ns each. More
  // lets an expression keep its thread for longer.
  std::uint64_t steps = 10'000'000;
  // Bytes of all strings, lists and maps made on the way, and of the output.
  // More lets an expression hold more memory.
  std::uint64_t bytes = 64 * 1024 * 1024;
};

// Counts down. Once something was refused, everything is: an error that an
// expression may swallow (`x || true`) cannot swallow this one. Not
// thread-safe: one per evaluation.
class Budget {
 public:
  explicit Budget(const Limits& limits)
      : steps_(limits.steps), bytes_(limits.bytes), limits_(limits) {}

  [[nodiscard]] bool Step(std::uint64_t count = 1) {
    if (count > steps_) {
      steps_ = 0;
      exceeded_ = true;
      return false;
    }
    steps_ -= count;
    return true;
  }

  [[nodiscard]] bool Allocate(std::uint64_t count) {
    if (count > bytes_) {
      steps_ = 0;
      bytes_ = 0;
      exceeded_ = true;
      return false;
    }
    bytes_ -= count;
    return !exceeded_;
  }

  bool exceeded() const { return exceeded_; }

  // ResourceExhausted, naming the limit that was met.
  absl::Status Exceeded() const;

 private:
  std::uint64_t steps_;
  std::uint64_t bytes_;
  bool exceeded_ = false;
  const Limits limits_;
};

}  // namespace windlass::cel

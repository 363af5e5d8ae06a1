// Reading a Zstandard stream by pulling, for readers that must stay small.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>

#include "absl/status/statusor.h"

namespace windlass {

// Decompresses as much as is asked for and no more: unlike with
// ZstdDecompressor, where one piece of input may become a thousand times as
// much output at once, memory use is constant for hostile input too (the
// frame's window, at most 8 MiB, and one buffer). What is not Zstandard,
// damaged or cut short is DataLoss; after an error, every further call returns
// it. Not thread-safe.
class ZstdReader {
 public:
  // Fills the buffer and returns how much; 0 is the end.
  using Input = std::function<absl::StatusOr<std::size_t>(std::span<char>)>;

  explicit ZstdReader(Input input);
  ~ZstdReader();
  ZstdReader(ZstdReader&&) noexcept;
  ZstdReader& operator=(ZstdReader&&) noexcept;

  // Returns how many bytes it put into `buffer`; 0 is the end.
  absl::StatusOr<std::size_t> Read(std::span<char> buffer);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace windlass

// Content in pieces of one size, each kept until the next is asked for.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "windlass/result_store.h"

namespace windlass {

// One piece is in memory. Not thread-safe.
class ChunkReader {
 public:
  // `head` comes first, then what is left of `rest`, which is borrowed.
  ChunkReader(std::string head, ByteSource& rest, std::size_t chunk_bytes)
      : buffer_(std::move(head)),
        filled_(buffer_.size()),
        rest_(rest),
        chunk_bytes_(chunk_bytes) {}

  // The next piece, valid until the next call; of `chunk_bytes` but for the
  // last, which may be empty only when everything is.
  absl::StatusOr<std::string_view> Next();

  // Whether the piece of the last Next() was the last: known before it is sent.
  bool is_last() const { return filled_ <= chunk_bytes_; }

 private:
  // Of one piece and a byte, once it was needed: growing it for every read
  // would write zeros over all of the room that is left.
  std::string buffer_;
  std::size_t filled_;
  std::size_t given_ = 0;
  ByteSource& rest_;
  const std::size_t chunk_bytes_;
};

// InvalidArgument: content of another size than PutOptions announced.
absl::Status WrongContentSize(std::string_view key);

}  // namespace windlass

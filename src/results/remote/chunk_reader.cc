#include "results/remote/chunk_reader.h"

#include <algorithm>

#include "base/concat.h"

namespace windlass {

absl::StatusOr<std::string_view> ChunkReader::Next() {
  buffer_.erase(0, given_);
  given_ = 0;
  // A byte more tells whether this is the last.
  const std::size_t wanted = chunk_bytes_ + 1;
  while (buffer_.size() < wanted) {
    const std::size_t old = buffer_.size();
    buffer_.resize(wanted);
    absl::StatusOr<std::size_t> n =
        rest_.Read(std::span(buffer_.data() + old, wanted - old));
    buffer_.resize(old + (n.ok() ? *n : 0));
    if (!n.ok()) return n.status();
    if (*n == 0) break;
  }
  given_ = std::min(buffer_.size(), chunk_bytes_);
  return std::string_view(buffer_).substr(0, given_);
}

absl::Status WrongContentSize(std::string_view key) {
  return absl::InvalidArgumentError(
      Concat("write ", key, ": the content has another size than announced"));
}

}  // namespace windlass

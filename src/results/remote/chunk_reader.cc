#include "results/remote/chunk_reader.h"

#include <algorithm>

#include "base/concat.h"

namespace windlass {

absl::StatusOr<std::string_view> ChunkReader::Next() {
  buffer_.erase(0, given_);
  filled_ -= given_;
  // A byte more tells whether this is the last.
  const std::size_t wanted = chunk_bytes_ + 1;
  if (filled_ < wanted) buffer_.resize(wanted);
  while (filled_ < wanted) {
    absl::StatusOr<std::size_t> n =
        rest_.Read(std::span(buffer_.data() + filled_, wanted - filled_));
    if (!n.ok()) return n.status();
    if (*n == 0) break;
    filled_ += *n;
  }
  given_ = std::min(filled_, chunk_bytes_);
  return std::string_view(buffer_).substr(0, given_);
}

absl::Status WrongContentSize(std::string_view key) {
  return absl::InvalidArgumentError(
      Concat("write ", key, ": the content has another size than announced"));
}

}  // namespace windlass

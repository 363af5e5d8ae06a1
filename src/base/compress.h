// Zstandard, for results on disk and on the wire. The home of libzstd.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace windlass {

// A good middle for results: about 200 MB/s per core. 1 is twice as fast and a
// little larger, 19 is fifty times slower and a quarter smaller.
inline constexpr int kDefaultZstdLevel = 3;

// Levels run from 1 to 22; another one is InvalidArgument. In one go: of a text
// of 100 KB it needs a quarter of the memory that a stream does.
absl::StatusOr<std::string> ZstdCompress(std::string_view bytes, int level);

// Never holds more than `limit` bytes of output: a small input that would grow
// beyond is ResourceExhausted. What is not Zstandard, damaged or cut short is
// DataLoss. Several frames after one another give their contents joined.
absl::StatusOr<std::string> ZstdDecompress(std::string_view bytes,
                                           std::size_t limit);

// Takes the output piece by piece; its error ends the stream and is returned.
using ByteSink = std::function<absl::Status(std::string_view)>;

// Compresses a stream of any length in constant memory. After an error, every
// further call returns that error. Not thread-safe.
class ZstdCompressor {
 public:
  static absl::StatusOr<ZstdCompressor> Open(int level, ByteSink sink);
  ~ZstdCompressor();
  ZstdCompressor(ZstdCompressor&&) noexcept;
  ZstdCompressor& operator=(ZstdCompressor&&) noexcept;

  absl::Status Write(std::string_view bytes);

  // Ends the frame, with a checksum. Call it once; without it the output is
  // incomplete, which a decompressor will notice.
  absl::Status Finish();

 private:
  struct State;
  explicit ZstdCompressor(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The way back, with the same rules.
class ZstdDecompressor {
 public:
  // More than `limit` bytes of output in all is ResourceExhausted.
  ZstdDecompressor(std::size_t limit, ByteSink sink);
  ~ZstdDecompressor();
  ZstdDecompressor(ZstdDecompressor&&) noexcept;
  ZstdDecompressor& operator=(ZstdDecompressor&&) noexcept;

  absl::Status Write(std::string_view bytes);

  // DataLoss unless the input ended where a frame ends.
  absl::Status Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace windlass

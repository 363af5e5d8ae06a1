// gzip streams in constant memory. The home of zlib.
#pragma once

#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/compress.h"

namespace windlass {

// Not thread-safe. Levels run from 1 to 9.
class GzipCompressor {
 public:
  static absl::StatusOr<GzipCompressor> Open(int level, ByteSink sink);
  ~GzipCompressor();
  GzipCompressor(GzipCompressor&&) noexcept;

  absl::Status Write(std::string_view bytes);
  absl::Status Finish();  // Once, at the end.

 private:
  struct State;
  explicit GzipCompressor(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The way back. What is not gzip, damaged or cut short is DataLoss. Several
// members after one another give their contents joined, as gunzip does.
class GzipDecompressor {
 public:
  explicit GzipDecompressor(ByteSink sink);
  ~GzipDecompressor();
  GzipDecompressor(GzipDecompressor&&) noexcept;

  absl::Status Write(std::string_view bytes);
  absl::Status Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace windlass

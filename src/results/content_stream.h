// The stages a result's content flows through on its way to and from a result
// store. Each is a ByteSource that reads from another; chained, they use
// constant memory for content of any size. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "base/compress.h"
#include "base/sha256.h"
#include "base/zstd_reader.h"
#include "windlass/result.h"
#include "windlass/result_store.h"

namespace windlass {

// `head`, then what is left of `rest`. Counts and hashes what passes.
class HashingSource : public ByteSource {
 public:
  // `rest` is borrowed.
  HashingSource(std::string head, ByteSource& rest);
  absl::StatusOr<std::size_t> Read(std::span<char> buffer) override;

  std::int64_t size() const { return size_; }
  // Of everything read. Call it once, after the end.
  std::string HexDigest() { return hash_.HexDigest(); }

 private:
  const std::string head_;
  std::size_t head_offset_ = 0;
  ByteSource& rest_;
  std::int64_t size_ = 0;
  Sha256 hash_;
};

// What `content` gives, compressed with Zstandard.
class CompressingSource : public ByteSource {
 public:
  // `content` is borrowed.
  CompressingSource(ByteSource& content, int level);
  CompressingSource(const CompressingSource&) = delete;
  CompressingSource& operator=(const CompressingSource&) = delete;
  absl::StatusOr<std::size_t> Read(std::span<char> buffer) override;

 private:
  absl::Status Produce();

  ByteSource& content_;
  std::string input_;
  std::string pending_;  // Compressed, from pending_offset_ not yet read.
  std::size_t pending_offset_ = 0;
  bool finished_ = false;
  absl::StatusOr<ZstdCompressor> compressor_;
};

// The reverse. DataLoss when the stream is damaged.
class DecompressingSource : public ByteSource {
 public:
  explicit DecompressingSource(std::unique_ptr<ByteSource> packed);
  DecompressingSource(const DecompressingSource&) = delete;
  DecompressingSource& operator=(const DecompressingSource&) = delete;
  absl::StatusOr<std::size_t> Read(std::span<char> buffer) override {
    return reader_.Read(buffer);
  }

 private:
  std::unique_ptr<ByteSource> packed_;
  ZstdReader reader_;
};

// Of what `content` gives the bytes of `range`.
class RangeSource : public ByteSource {
 public:
  RangeSource(std::unique_ptr<ByteSource> content, const ByteRange& range);
  absl::StatusOr<std::size_t> Read(std::span<char> buffer) override;

 private:
  const std::unique_ptr<ByteSource> content_;
  std::int64_t skip_;
  std::int64_t left_;
};

// What `content` gives, which must be what `envelope` describes: as soon as it
// is longer, and at its end if it is shorter or its SHA-256 is another one,
// Read() is DataLoss, which names the uri and what can be done. An envelope
// without a checksum (a reference to something foreign) is not checked.
std::unique_ptr<ByteSource> MakeVerifyingSource(
    std::unique_ptr<ByteSource> content, const ResultEnvelope& envelope);

// The same for content in memory.
absl::Status VerifyContent(std::string_view content,
                           const ResultEnvelope& envelope);

// Up to `size` bytes from the start of `content`; fewer only at its end.
absl::StatusOr<std::string> ReadHead(ByteSource& content, std::size_t size);

}  // namespace windlass

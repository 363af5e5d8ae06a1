// Turning what handlers produce into result envelopes, and back.
//
// Writing decides where the content goes (inline up to a limit, otherwise the
// result store), compresses what is worth it, and computes the SHA-256 of the
// uncompressed content while streaming. Reading undoes that and verifies: a
// reader never sees content whose checksum is wrong (I8). Memory use is
// constant for content in the result store. Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "windlass/handler.h"
#include "windlass/result.h"
#include "windlass/result_store.h"

namespace windlass {

struct WriteOptions {
  // Object key, used when the content does not fit inline; must be new.
  std::string key;
  std::int64_t maximum_inline_bytes = 64 * 1024;
  enum class Compression : std::uint8_t { kAutomatic, kZstd, kNone };
  Compression compression = Compression::kAutomatic;
};

class ResultIo {
 public:
  // `store` is borrowed.
  explicit ResultIo(ResultStore& store) : store_(store) {}

  absl::StatusOr<ResultEnvelope> Write(const Content& content,
                                       const WriteOptions& options);
  absl::StatusOr<ResultEnvelope> WriteStream(ByteSource& content,
                                             std::string_view media_type,
                                             const WriteOptions& options);

  // The value of the result: JSON as it is; text as a string; kNone as null.
  // Other bytes become an object {"uri","media_type","size","sha256"}, so an
  // expression can hand them on without loading them. Content that does not
  // match its checksum is DataLoss.
  absl::StatusOr<Json> ReadValue(const ResultEnvelope& envelope);

  // The content as bytes: JSON as compact text. The last Read() returns
  // DataLoss when the checksum is wrong.
  absl::StatusOr<std::unique_ptr<ByteSource>> Open(
      const ResultEnvelope& envelope);

 private:
  ResultStore& store_;
};

}  // namespace windlass

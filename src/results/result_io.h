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
#include <utility>

#include "absl/status/statusor.h"
#include "base/compress.h"
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
  int zstd_level = kDefaultZstdLevel;
  std::string place = {};  // As in PutOptions.
};

// The largest result that is read as a value; larger ones only as streams.
inline constexpr std::int64_t kMaximumValueBytes = 256LL * 1024 * 1024;

class ResultIo {
 public:
  // `store` is borrowed.
  explicit ResultIo(ResultStore& store) : store_(store) {}

  // What all keys begin with: "" or "ab12/". To be set before anything is
  // written.
  void set_key_prefix(std::string prefix) { key_prefix_ = std::move(prefix); }
  const std::string& key_prefix() const { return key_prefix_; }

  // JSON becomes kJson. Bytes stay bytes whatever their media type: kTable for
  // CSV, Parquet and Arrow, otherwise kBinary. An envelope is passed on as it
  // is, and no content is kNone.
  absl::StatusOr<ResultEnvelope> Write(const Content& content,
                                       const WriteOptions& options);
  absl::StatusOr<ResultEnvelope> WriteStream(ByteSource& content,
                                             std::string_view media_type,
                                             const WriteOptions& options);

  // The value of the result: JSON (kJson, and bytes that are application/json)
  // as it is; text/plain as a string; kNone as null. Any other bytes, and
  // references, become the envelope itself as an object ({"kind","media_type",
  // "size","sha256","encoding","uri",...}), so an expression can hand them on
  // without loading them; ResultEnvelopeFromJson() and Open() read those.
  // Content that does not match its checksum is DataLoss, more than
  // kMaximumValueBytes are ResourceExhausted.
  absl::StatusOr<Json> ReadValue(const ResultEnvelope& envelope);

  // Whether ReadValue() loads the content, rather than handing it on.
  static bool IsLoadedAsValue(const ResultEnvelope& envelope);

  // The content as bytes: JSON as compact text. The last Read() returns
  // DataLoss when the checksum is wrong; so does Open() for inline content. A
  // reference without a checksum is not verified.
  absl::StatusOr<std::unique_ptr<ByteSource>> Open(
      const ResultEnvelope& envelope);

  // Those of the content's bytes; of a content that ends before, what there is.
  // They are not verified, which takes all of it. What is compressed is read
  // from its beginning.
  absl::StatusOr<std::unique_ptr<ByteSource>> OpenRange(
      const ResultEnvelope& envelope, const ByteRange& range);

  // As ResultStore::SignUrl().
  absl::StatusOr<std::string> SignUrl(std::string_view uri, Duration lifetime) {
    return store_.SignUrl(uri, lifetime);
  }

  // NotFound when the content is not where the envelope says. Reads none of it.
  absl::Status CheckExists(const ResultEnvelope& envelope);

 private:
  absl::StatusOr<std::string> ReadText(const ResultEnvelope& envelope);
  // Not verified yet.
  absl::StatusOr<std::unique_ptr<ByteSource>> OpenStored(
      const ResultEnvelope& envelope);

  ResultStore& store_;
  std::string key_prefix_;
};

}  // namespace windlass

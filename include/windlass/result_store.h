// Where results live that are too large for the system of record.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "windlass/time.h"

namespace windlass {

// A stream of bytes being read. Not thread-safe. Read() fills up to
// `buffer.size()` bytes and returns how many; 0 is the end.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  virtual absl::StatusOr<std::size_t> Read(std::span<char> buffer) = 0;
};

std::unique_ptr<ByteSource> MakeStringSource(std::string text);
// The file must not change while it is read. NotFound names the path.
absl::StatusOr<std::unique_ptr<ByteSource>> OpenFileSource(
    const std::string& path);
// Everything that is left, at most `limit` bytes (ResourceExhausted above).
absl::StatusOr<std::string> ReadAll(ByteSource& source, std::size_t limit);

struct ObjectInfo {
  std::string uri;        // What Get() takes: "file:r42/report/7".
  std::int64_t size = 0;  // As stored.
  Timestamp modified_at;
};

struct PutOptions {
  std::string media_type = "application/octet-stream";
  // Of the bytes in the source, where the caller knows it.
  std::optional<std::int64_t> size;
  // The URL of another result store to write to, for those that know others
  // (MakeRoutedResultStore()); the rest ignore it.
  std::string place = {};
};

struct ByteRange {
  std::int64_t offset = 0;
  std::optional<std::int64_t> length;  // To the end when absent.
};

// Objects under keys such as "r42/report/1007" (run, task, lease token: two
// attempts never share a key). Keys consist of [A-Za-z0-9._/-], segments are
// never "." or "..". Implementations are safe for any number of threads. An
// object appears whole or not at all.
class ResultStore {
 public:
  virtual ~ResultStore() = default;

  // Writes an object that does not exist yet; AlreadyExists otherwise. When it
  // returns, the object is durable.
  virtual absl::StatusOr<ObjectInfo> Put(std::string_view key,
                                         ByteSource& content,
                                         const PutOptions& options) = 0;

  virtual absl::StatusOr<std::unique_ptr<ByteSource>> Get(
      std::string_view uri, const ByteRange& range) = 0;

  virtual absl::StatusOr<ObjectInfo> Stat(std::string_view uri) = 0;

  // OK when there is no such object.
  virtual absl::Status Delete(std::string_view uri) = 0;

  // Calls `visit` for every object whose key starts with `prefix` until it
  // returns false.
  virtual absl::Status List(
      std::string_view prefix,
      const std::function<bool(const ObjectInfo&)>& visit) = 0;

  // A path that programs on this machine can read the object from, if it is
  // stored as it is on a local disk.
  virtual std::optional<std::string> LocalPath(std::string_view uri) const {
    (void)uri;
    return std::nullopt;
  }

  // A URL from which anyone who has it can read the object as it is stored, for
  // `lifetime` and no longer; it cannot be taken back. Unimplemented where
  // there is no such thing.
  virtual absl::StatusOr<std::string> SignUrl(std::string_view uri,
                                              Duration lifetime) {
    (void)uri, (void)lifetime;
    return absl::UnimplementedError(
        "this result store cannot hand out URLs; results are read through "
        "`windlass result`");
  }
};

}  // namespace windlass

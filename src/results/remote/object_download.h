// Reading an object from a server that may fail in the middle.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "absl/status/statusor.h"
#include "results/remote/retries.h"
#include "windlass/result_store.h"

namespace windlass {

// Part of an object as it is being read from the server.
struct ObjectBody {
  std::unique_ptr<ByteSource> content;
  std::int64_t size = 0;  // Of this part.
  std::string etag;       // Another one is another object.
};

// Asks for the part that begins at `range.offset`, once. NotFound, or what
// IsWorthRetrying(), or another final error. A range that begins at or after
// the end has size 0.
using OpenObject = std::function<absl::StatusOr<ObjectBody>(
    const ByteRange& range, std::stop_token stop)>;

struct DownloadOptions {
  RetryOptions retry;
  // How many ranges are asked for at once. More than 1 is faster where a server
  // limits each connection, and slower where it reads the whole object for
  // every range (Supabase Storage with local files).
  int parallel = 1;
  // Of each, when parallel; objects up to twice this size are read in one.
  // `parallel` of them are in memory.
  std::int64_t range_bytes = 4 << 20;
};

// What `range` of the object holds. When the connection breaks, it goes on from
// there with another request; that the object has become another one meanwhile
// is DataLoss. Stopped by being destroyed. `clock` is borrowed.
absl::StatusOr<std::unique_ptr<ByteSource>> DownloadObject(
    OpenObject open, const ByteRange& range, const DownloadOptions& options,
    Clock& clock);

}  // namespace windlass

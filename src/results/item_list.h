// How the items of a mapped task are kept: one JSON array as a result, written
// when the map is expanded and read by every one of its instances.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "results/result_io.h"
#include "windlass/json.h"
#include "windlass/result.h"

namespace windlass {

absl::StatusOr<ResultEnvelope> WriteItems(ResultIo& io, JsonArray items,
                                          const WriteOptions& options);

// Parsed item lists, so that the thousand instances of a map read and parse it
// once. Lists are known by their checksum: two runs with equal items share
// one. Least recently used ones are dropped; a list that alone exceeds the
// limit is not kept. Thread-safe; several threads that ask for the same list
// wait for one of them to read it.
class ItemCache {
 public:
  // `io` is borrowed. `maximum_bytes` is an estimate of memory, which for JSON
  // is several times its text.
  ItemCache(ResultIo& io, std::size_t maximum_bytes)
      : io_(io), maximum_bytes_(maximum_bytes) {}
  ItemCache(const ItemCache&) = delete;
  ItemCache& operator=(const ItemCache&) = delete;

  // The whole list; InvalidArgument when the result is not a JSON array.
  absl::StatusOr<std::shared_ptr<const JsonArray>> Get(
      const ResultEnvelope& items);

  // One of them; OutOfRange when there are fewer.
  absl::StatusOr<Json> Item(const ResultEnvelope& items, std::int64_t index);

  // An estimate of the memory in use.
  std::size_t bytes() const;

 private:
  struct Entry {
    // Shared with whoever is reading the list when it is dropped here. Null
    // while it is being read.
    std::shared_ptr<const JsonArray> list;
    std::size_t bytes = 0;
    std::list<std::string>::iterator use;  // Valid when `list` is not null.
  };

  // The kept list, or null when the caller has to read it and then to call
  // Keep() or Abandon().
  std::shared_ptr<const JsonArray> FindOrBegin(const std::string& sha256);
  void Keep(const std::string& sha256, std::shared_ptr<const JsonArray> list);
  void Abandon(const std::string& sha256);
  void DropUntilWithinLimit() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  ResultIo& io_;
  const std::size_t maximum_bytes_;

  mutable Mutex mutex_;
  std::condition_variable_any changed_;
  absl::flat_hash_map<std::string, Entry> entries_ ABSL_GUARDED_BY(mutex_);
  // Most recently used first.
  std::list<std::string> uses_ ABSL_GUARDED_BY(mutex_);
  std::size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace windlass

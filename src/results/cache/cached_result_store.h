// Copies, on a local disk, of the objects that were read last.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "windlass/result_store.h"

namespace windlass {

struct CacheOptions {
  // Made when missing. Several processes and result stores may share one.
  std::string folder;
  // Of all copies. Those used least lately go first; one that does not fit by
  // itself is not kept.
  std::int64_t maximum_bytes = std::int64_t{10} << 30;
  // Tells the objects of this place from those of another with the same uris.
  std::string place;
};

// Reads whole objects from the folder when they are there, and leaves a copy of
// what it reads from `real`; objects never change, so a copy is never old.
// Ranges are read from `real`. A copy ends with its SHA-256: a damaged one is
// removed and the read is Unavailable at its end, so that another try gets the
// object itself. A full disk only means that nothing is kept.
absl::StatusOr<std::unique_ptr<ResultStore>> OpenCachedResultStore(
    std::unique_ptr<ResultStore> real, CacheOptions options);

}  // namespace windlass

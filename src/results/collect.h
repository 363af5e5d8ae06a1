// Removing objects that no result points to: what attempts wrote that lost
// their lease or died before their success was recorded, and what is left of
// runs whose history was dropped.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "windlass/result_store.h"
#include "windlass/time.h"

namespace windlass {

// Those of the uris that something still refers to: a result, a saved
// intermediate result, the items of a map, a cache entry.
using FindReferenced =
    std::function<absl::StatusOr<absl::flat_hash_set<std::string>>(
        const std::vector<std::string>& uris)>;

struct CollectOptions {
  std::string prefix;  // Of the keys to look at; all by default.
  Timestamp now;       // By the clock that dates the store's objects.
  // Younger objects are never touched: the row that will point to one may not
  // be written yet. Must be longer than any attempt may take between writing
  // its result and reporting it.
  Duration minimum_age = std::chrono::hours(24);
  enum class Mode : std::uint8_t { kDelete, kDryRun };
  Mode mode = Mode::kDelete;
};

struct CollectReport {
  std::int64_t examined = 0;
  std::int64_t young = 0;
  std::int64_t referenced = 0;
  std::int64_t orphans = 0;  // Deleted, or those that would have been.
  std::int64_t orphan_bytes = 0;
  // Orphans that could not be deleted; the next collection tries again.
  std::int64_t failed = 0;
  absl::Status first_failure;
};

// Asks about the uris in batches, in constant memory. Ends early, with what
// the store or `find_referenced` returned, only when one of those fails.
absl::StatusOr<CollectReport> CollectOrphans(
    ResultStore& store, const FindReferenced& find_referenced,
    const CollectOptions& options);

}  // namespace windlass

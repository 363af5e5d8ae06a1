// What the URL of a result store says about copies on a local disk:
//
//   cache       folder for copies of what is read; none by default
//   cache_size  10GiB: of all copies
#pragma once

#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "results/cache/cached_result_store.h"
#include "results/remote/place_url.h"
#include "windlass/result_store.h"

namespace windlass {

absl::StatusOr<std::optional<CacheOptions>> ReadCacheParams(
    const PlaceUrl& url);

// `real` itself without options.
absl::StatusOr<std::unique_ptr<ResultStore>> WithCache(
    std::unique_ptr<ResultStore> real,
    const std::optional<CacheOptions>& options);

}  // namespace windlass

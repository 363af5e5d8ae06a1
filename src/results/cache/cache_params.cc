#include "results/cache/cache_params.h"

#include <utility>

#include "base/concat.h"

namespace windlass {

absl::StatusOr<std::optional<CacheOptions>> ReadCacheParams(
    const PlaceUrl& url) {
  CacheOptions options;
  options.folder = url.Text("cache", "");
  auto size = url.Size("cache_size", options.maximum_bytes, 1 << 20,
                       std::int64_t{1} << 60);
  if (!size.ok()) return size.status();
  if (options.folder.empty()) return std::nullopt;
  options.maximum_bytes = *size;
  options.place = Concat(url.scheme(), "://", url.host(), url.path(), "?",
                         url.Text("bucket", ""), "&", url.Text("endpoint", ""));
  return options;
}

absl::StatusOr<std::unique_ptr<ResultStore>> WithCache(
    std::unique_ptr<ResultStore> real,
    const std::optional<CacheOptions>& options) {
  if (!options) return real;
  return OpenCachedResultStore(std::move(real), *options);
}

}  // namespace windlass

#include "results/cache/cached_result_store.h"

#include <utility>

#include "base/concat.h"
#include "base/sha256.h"
#include "results/cache/copy_folder.h"
#include "results/forwarding_result_store.h"

namespace windlass {
namespace {

// What an object gives, which becomes a copy once it has all been read.
class CopyingSource : public ByteSource {
 public:
  CopyingSource(std::unique_ptr<ByteSource> real, CopyFolder& folder,
                std::string name)
      : real_(std::move(real)), copy_(folder, std::move(name)) {}

  absl::StatusOr<std::size_t> Read(std::span<char> buffer) override {
    absl::StatusOr<std::size_t> n = real_->Read(buffer);
    if (n.ok() && *n > 0) copy_.Append(std::string_view(buffer.data(), *n));
    if (n.ok() && *n == 0 && !buffer.empty()) copy_.Finish();
    return n;
  }

 private:
  const std::unique_ptr<ByteSource> real_;
  NewCopy copy_;
};

class CachedResultStore : public ForwardingResultStore {
 public:
  CachedResultStore(std::unique_ptr<ResultStore> real,
                    std::unique_ptr<CopyFolder> copies, std::string place)
      : ForwardingResultStore(std::move(real)),
        copies_(std::move(copies)),
        place_(std::move(place)) {}

  absl::StatusOr<std::unique_ptr<ByteSource>> Get(
      std::string_view uri, const ByteRange& range) override {
    if (range.offset != 0 || range.length) return real().Get(uri, range);
    const std::string name = NameOf(uri);
    if (auto copy = copies_->Read(name)) return copy;
    absl::StatusOr<std::unique_ptr<ByteSource>> object = real().Get(uri, range);
    if (!object.ok()) return object;
    return std::make_unique<CopyingSource>(*std::move(object), *copies_, name);
  }

  absl::Status Delete(std::string_view uri) override {
    copies_->Remove(NameOf(uri));
    return real().Delete(uri);
  }

 private:
  std::string NameOf(std::string_view uri) const {
    return Sha256Hex(Concat(place_, "\n", uri));
  }

  const std::unique_ptr<CopyFolder> copies_;
  const std::string place_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ResultStore>> OpenCachedResultStore(
    std::unique_ptr<ResultStore> real, CacheOptions options) {
  auto copies =
      CopyFolder::Open(std::move(options.folder), options.maximum_bytes);
  if (!copies.ok()) return copies.status();
  return std::make_unique<CachedResultStore>(
      std::move(real), *std::move(copies), std::move(options.place));
}

}  // namespace windlass

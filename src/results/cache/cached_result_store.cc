#include "results/cache/cached_result_store.h"

#include <utility>

#include "base/concat.h"
#include "base/sha256.h"
#include "results/cache/copy_folder.h"

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

class CachedResultStore : public ResultStore {
 public:
  CachedResultStore(std::unique_ptr<ResultStore> real,
                    std::unique_ptr<CopyFolder> copies, std::string place)
      : real_(std::move(real)),
        copies_(std::move(copies)),
        place_(std::move(place)) {}

  absl::StatusOr<ObjectInfo> Put(std::string_view key, ByteSource& content,
                                 const PutOptions& options) override {
    return real_->Put(key, content, options);
  }

  absl::StatusOr<std::unique_ptr<ByteSource>> Get(
      std::string_view uri, const ByteRange& range) override {
    if (range.offset != 0 || range.length) return real_->Get(uri, range);
    const std::string name = NameOf(uri);
    if (auto copy = copies_->Read(name)) return copy;
    absl::StatusOr<std::unique_ptr<ByteSource>> object = real_->Get(uri, range);
    if (!object.ok()) return object;
    return std::make_unique<CopyingSource>(*std::move(object), *copies_, name);
  }

  absl::StatusOr<ObjectInfo> Stat(std::string_view uri) override {
    return real_->Stat(uri);
  }
  absl::Status Delete(std::string_view uri) override {
    copies_->Remove(NameOf(uri));
    return real_->Delete(uri);
  }
  absl::Status List(
      std::string_view prefix,
      const std::function<bool(const ObjectInfo&)>& visit) override {
    return real_->List(prefix, visit);
  }
  std::optional<std::string> LocalPath(std::string_view uri) const override {
    return real_->LocalPath(uri);
  }
  absl::StatusOr<std::string> SignUrl(std::string_view uri,
                                      Duration lifetime) override {
    return real_->SignUrl(uri, lifetime);
  }

 private:
  std::string NameOf(std::string_view uri) const {
    return Sha256Hex(Concat(place_, "\n", uri));
  }

  const std::unique_ptr<ResultStore> real_;
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

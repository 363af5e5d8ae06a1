#include "results/routed_result_store.h"

#include <map>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"
#include "results/forwarding_result_store.h"
#include "results/result_place.h"

namespace windlass {
namespace {

class RoutedResultStore : public ForwardingResultStore {
 public:
  RoutedResultStore(std::unique_ptr<ResultStore> own, OpenResultPlace open)
      : ForwardingResultStore(std::move(own)), open_(std::move(open)) {}

  absl::StatusOr<ObjectInfo> Put(std::string_view key, ByteSource& content,
                                 const PutOptions& options) override {
    absl::StatusOr<ResultStore*> store = StoreAt(options.place);
    if (!store.ok()) return store.status();
    absl::StatusOr<ObjectInfo> put = (*store)->Put(key, content, options);
    if (put.ok()) put->uri = JoinPlacedUri({options.place, put->uri});
    return put;
  }

  absl::StatusOr<std::unique_ptr<ByteSource>> Get(
      std::string_view uri, const ByteRange& range) override {
    const PlacedUri placed = SplitPlacedUri(uri);
    absl::StatusOr<ResultStore*> store = StoreAt(placed.place);
    if (!store.ok()) return store.status();
    return (*store)->Get(placed.uri, range);
  }

  absl::StatusOr<ObjectInfo> Stat(std::string_view uri) override {
    const PlacedUri placed = SplitPlacedUri(uri);
    absl::StatusOr<ResultStore*> store = StoreAt(placed.place);
    if (!store.ok()) return store.status();
    absl::StatusOr<ObjectInfo> info = (*store)->Stat(placed.uri);
    if (info.ok()) info->uri = uri;
    return info;
  }

  absl::Status Delete(std::string_view uri) override {
    const PlacedUri placed = SplitPlacedUri(uri);
    absl::StatusOr<ResultStore*> store = StoreAt(placed.place);
    if (!store.ok()) return store.status();
    return (*store)->Delete(placed.uri);
  }

  std::optional<std::string> LocalPath(std::string_view uri) const override {
    const PlacedUri placed = SplitPlacedUri(uri);
    if (placed.place.empty()) return ForwardingResultStore::LocalPath(uri);
    const ResultStore* store = Known(placed.place);
    return store == nullptr ? std::nullopt : store->LocalPath(placed.uri);
  }

  absl::StatusOr<std::string> SignUrl(std::string_view uri,
                                      Duration lifetime) override {
    const PlacedUri placed = SplitPlacedUri(uri);
    absl::StatusOr<ResultStore*> store = StoreAt(placed.place);
    if (!store.ok()) return store.status();
    return (*store)->SignUrl(placed.uri, lifetime);
  }

 private:
  absl::StatusOr<ResultStore*> StoreAt(std::string_view place) {
    if (place.empty()) return &real();
    if (ResultStore* known = Known(place)) return known;
    // Without the lock: a place that does not answer must not hold others up.
    // Who opens it a second time meanwhile lets go of it.
    auto opened = open_(std::string(place));
    if (!opened.ok()) return opened.status();
    const MutexLock lock(mutex_);
    return places_.emplace(place, *std::move(opened)).first->second.get();
  }

  ResultStore* Known(std::string_view place) const {
    const MutexLock lock(mutex_);
    const auto found = places_.find(place);
    return found == places_.end() ? nullptr : found->second.get();
  }

  const OpenResultPlace open_;
  mutable Mutex mutex_;
  std::map<std::string, std::unique_ptr<ResultStore>, std::less<>> places_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace

std::unique_ptr<ResultStore> MakeRoutedResultStore(
    std::unique_ptr<ResultStore> own, OpenResultPlace open) {
  return std::make_unique<RoutedResultStore>(std::move(own), std::move(open));
}

}  // namespace windlass

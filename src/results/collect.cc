#include "results/collect.h"

#include <utility>

namespace windlass {
namespace {

constexpr std::size_t kBatch = 500;

// One pass over the store.
class Collection {
 public:
  Collection(ResultStore& store, const FindReferenced& find_referenced,
             const CollectOptions& options)
      : store_(store), find_referenced_(find_referenced), options_(options) {}

  absl::StatusOr<CollectReport> Run() {
    absl::Status asked;
    absl::Status listed =
        store_.List(options_.prefix, [&](const ObjectInfo& object) {
          Examine(object);
          if (candidates_.size() >= kBatch) asked = Decide();
          return asked.ok();
        });
    if (asked.ok() && listed.ok()) asked = Decide();
    if (!asked.ok()) return asked;
    if (!listed.ok()) return listed;
    return std::move(report_);
  }

 private:
  void Examine(const ObjectInfo& object) {
    ++report_.examined;
    if (object.modified_at > options_.now - options_.minimum_age) {
      ++report_.young;
    } else {
      candidates_.push_back(object);
    }
  }

  absl::Status Decide() {
    if (candidates_.empty()) return absl::OkStatus();
    std::vector<std::string> uris;
    uris.reserve(candidates_.size());
    for (const ObjectInfo& object : candidates_) uris.push_back(object.uri);
    absl::StatusOr<absl::flat_hash_set<std::string>> referenced =
        find_referenced_(uris);
    if (!referenced.ok()) return referenced.status();
    for (const ObjectInfo& object : candidates_) {
      if (referenced->contains(object.uri)) {
        ++report_.referenced;
      } else {
        Remove(object);
      }
    }
    candidates_.clear();
    return absl::OkStatus();
  }

  void Remove(const ObjectInfo& object) {
    if (options_.mode == CollectOptions::Mode::kDelete) {
      absl::Status deleted = store_.Delete(object.uri);
      if (!deleted.ok()) {
        ++report_.failed;
        report_.first_failure.Update(deleted);
        return;
      }
    }
    ++report_.orphans;
    report_.orphan_bytes += object.size;
  }

  ResultStore& store_;
  const FindReferenced& find_referenced_;
  const CollectOptions& options_;
  std::vector<ObjectInfo> candidates_;
  CollectReport report_;
};

}  // namespace

absl::StatusOr<CollectReport> CollectOrphans(
    ResultStore& store, const FindReferenced& find_referenced,
    const CollectOptions& options) {
  if (options.minimum_age <= Duration::zero()) {
    return absl::InvalidArgumentError(
        "collect results: the minimum age must be more than zero, or results "
        "just being recorded would be deleted");
  }
  return Collection(store, find_referenced, options).Run();
}

}  // namespace windlass

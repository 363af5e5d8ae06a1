#include "results/map_result.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "model/batch_items.h"
#include "results/result_list.h"

namespace windlass {
namespace {

absl::StatusOr<std::int64_t> CountItems(RunQueries& queries, RunId run,
                                        int node) {
  absl::StatusOr<ResultEnvelope> items = queries.GetItems(run, node);
  if (!items.ok()) return items.status();
  const Json* count = items->metadata.if_contains(kBatchItems);
  if (count == nullptr || !count->is_int64()) {
    return absl::DataLossError("it is not known how many items the map has");
  }
  return count->get_int64();
}

// Takes the batches apart. What is null had `size` items, the last one of all
// batches perhaps fewer: `count` is how many there were.
absl::StatusOr<Json> Unbatched(JsonArray batches, int size,
                               std::int64_t count) {
  JsonArray all;
  for (std::size_t i = 0; i < batches.size(); ++i) {
    if (auto* results = batches[i].if_array()) {
      for (Json& result : *results) all.push_back(std::move(result));
    } else if (batches[i].is_null()) {
      const std::int64_t left = count - static_cast<std::int64_t>(all.size());
      for (std::int64_t j = std::min<std::int64_t>(size, left); j > 0; --j) {
        all.emplace_back(nullptr);
      }
    } else {
      return absl::DataLossError(
          absl::StrCat("instance ", i,
                       ": its result is not the list of its items' results"));
    }
  }
  return Json(std::move(all));
}

}  // namespace

absl::StatusOr<Json> ReadMapResult(RunQueries& queries, ResultIo& io, RunId run,
                                   int node, const MapSpec& map,
                                   std::int64_t* bytes,
                                   std::int64_t maximum_bytes) {
  auto results = queries.ListInstanceResults(run, node);
  if (!results.ok()) return results.status();
  if (bytes != nullptr) {
    for (const auto& result : *results) {
      *bytes += 16 + (result.has_value() ? result->size : 0);
    }
  }
  auto list = ReadResultList(io, *results, maximum_bytes);
  if (!list.ok() || !map.item_results) return list;
  JsonArray& batches = list->get_array();
  const bool complete =
      std::none_of(batches.begin(), batches.end(),
                   [](const Json& batch) { return batch.is_null(); });
  absl::StatusOr<std::int64_t> count = 0;
  if (!complete) count = CountItems(queries, run, node);
  if (!count.ok()) return count.status();
  return Unbatched(std::move(batches), map.batch, *count);
}

}  // namespace windlass

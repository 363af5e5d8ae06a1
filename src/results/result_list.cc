#include "results/result_list.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace windlass {
namespace {

// What the JSON object for a result handed on by reference takes, about.
constexpr std::int64_t kReferenceBytes = 512;

std::int64_t TotalToLoad(
    const std::vector<std::optional<ResultEnvelope>>& results) {
  std::int64_t total = 0;
  for (const std::optional<ResultEnvelope>& result : results) {
    if (!result) continue;
    const bool loaded = ResultIo::IsLoadedAsValue(*result) || result->value;
    total += loaded ? result->size : kReferenceBytes;
  }
  return total;
}

}  // namespace

absl::StatusOr<Json> ReadResultList(
    ResultIo& io, const std::vector<std::optional<ResultEnvelope>>& results,
    std::int64_t maximum_bytes) {
  const std::int64_t total = TotalToLoad(results);
  if (total > maximum_bytes) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "the results of the ", results.size(), " instances have ", total,
        " bytes together, but a value may have at most ", maximum_bytes,
        "; let the instances write files (FileContent, WriteResult) and hand "
        "those on by reference"));
  }
  JsonArray list;
  list.reserve(results.size());
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (!results[i]) {
      list.emplace_back(nullptr);
      continue;
    }
    absl::StatusOr<Json> value = io.ReadValue(*results[i]);
    if (!value.ok()) {
      return absl::Status(value.status().code(),
                          absl::StrCat("instance ", i, ": ",
                                       std::string(value.status().message())));
    }
    list.push_back(*std::move(value));
  }
  return Json(std::move(list));
}

}  // namespace windlass

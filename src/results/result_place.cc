#include "results/result_place.h"

#include <algorithm>
#include <filesystem>

#include "base/concat.h"

namespace windlass {

PlacedUri SplitPlacedUri(std::string_view uri) {
  const std::size_t mark = uri.rfind('#');
  if (mark == std::string_view::npos) return {"", uri};
  return {uri.substr(0, mark), uri.substr(mark + 1)};
}

std::string JoinPlacedUri(const PlacedUri& uri) {
  if (uri.place.empty()) return std::string(uri.uri);
  return Concat(uri.place, "#", uri.uri);
}

std::string PlaceOf(const ResultSpec& spec, const std::string& base_dir) {
  constexpr std::string_view kFile = "file:";
  if (!spec.store.starts_with(kFile)) return spec.store;
  namespace fs = std::filesystem;
  const fs::path path = fs::path(base_dir) / spec.store.substr(kFile.size());
  return Concat(kFile, fs::absolute(path).lexically_normal().string());
}

absl::Status CheckPlace(const RunInfo& run, std::string_view uri) {
  const std::string_view place = SplitPlacedUri(uri).place;
  if (place.empty()) return absl::OkStatus();
  const auto& tasks = run.workflow->tasks;
  const bool named =
      std::any_of(tasks.begin(), tasks.end(), [&](const TaskSpec& task) {
        return PlaceOf(task.result, run.base_dir) == place;
      });
  if (named) return absl::OkStatus();
  return absl::PermissionDeniedError(
      Concat("'", uri, "' is in a result store that no task of this workflow ",
             "names in result.store"));
}

}  // namespace windlass

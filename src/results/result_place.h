// Places beside the executor's own result store that tasks name in
// `result.store`.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "windlass/lease.h"
#include "windlass/workflow.h"

namespace windlass {

// An object elsewhere has the uri "<URL of the place>#<uri there>", such as
// "s3://bucket/prefix#s3:ab12/r42/report/7".
struct PlacedUri {
  std::string_view place;  // "" in the executor's own result store.
  std::string_view uri;    // As that store knows it.
};
PlacedUri SplitPlacedUri(std::string_view uri);
std::string JoinPlacedUri(const PlacedUri& uri);

// What `spec.store` says, a relative path being relative to `base_dir`.
std::string PlaceOf(const ResultSpec& spec, const std::string& base_dir);

// PermissionDenied when `uri` is in a place that none of the run's tasks names:
// for uris that come from data, which must not be able to make an executor open
// whatever they like.
absl::Status CheckPlace(const RunInfo& run, std::string_view uri);

}  // namespace windlass

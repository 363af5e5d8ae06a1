// The task of a run that a path names.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/api_route.h"
#include "windlass/store.h"

namespace windlass {

struct ApiSubject {
  std::shared_ptr<const RunInfo> run;
  std::string name;  // "report", "per_airport[3]"
  TaskRecord task;
};

// By {run} and {task} of the path.
absl::StatusOr<ApiSubject> SubjectOf(Store& store, const ApiCall& call);

}  // namespace windlass

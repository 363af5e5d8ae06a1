// Submitting a stored workflow.
#pragma once

#include <string>

#include "windlass/store.h"

namespace windlass {

// Tells which version of a stored workflow a run is of.
inline constexpr char kVersionLabel[] = "windlass.workflow_version";

// The run of this version, without params.
inline SubmitRequest RequestFor(const WorkflowVersion& stored) {
  SubmitRequest request;
  request.workflow = stored.workflow;
  request.base_dir = stored.base_dir;
  request.labels[kVersionLabel] = std::to_string(stored.version);
  return request;
}

}  // namespace windlass

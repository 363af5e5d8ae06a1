// Outcomes from Status values: which error types and categories the codes of
// src/base become.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "windlass/handler.h"

namespace windlass {

// A failure whose type is the code's name ("NotFound", "DataLoss"); a
// Cancelled status is Outcome::Cancelled(). Not retried: what another attempt
// would meet again (AlreadyExists, PermissionDenied, DataLoss, ...).
Outcome FailureFromStatus(const absl::Status& status);

inline std::string_view MessageOf(const absl::Status& status) {
  return {status.message().data(), status.message().size()};
}

}  // namespace windlass

// The value of a mapped task: the list of its instances' results.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "results/result_io.h"
#include "windlass/json.h"
#include "windlass/result.h"

namespace windlass {

// The values of `results` as ResultIo::ReadValue() gives them, in the same
// order; null where there is none (the instance was skipped, or failed and was
// allowed to). More than `maximum_bytes` of content to load is
// ResourceExhausted before anything is read; results handed on by reference
// count only as that. Errors name the index.
absl::StatusOr<Json> ReadResultList(
    ResultIo& io, const std::vector<std::optional<ResultEnvelope>>& results,
    std::int64_t maximum_bytes = kMaximumValueBytes);

}  // namespace windlass

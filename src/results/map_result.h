// The value of a mapped task: one list of its instances' results, or, with
// `map.item_results`, of those of the items in their batches.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "results/result_io.h"
#include "windlass/json.h"
#include "windlass/store.h"
#include "windlass/workflow.h"

namespace windlass {

// Items of batches that left no result are null, as instances are. `bytes`,
// where it is not null, is what the list takes about, as text. Errors are as of
// ReadResultList().
absl::StatusOr<Json> ReadMapResult(
    RunQueries& queries, ResultIo& io, RunId run, int node, const MapSpec& map,
    std::int64_t* bytes = nullptr,
    std::int64_t maximum_bytes = kMaximumValueBytes);

}  // namespace windlass

// Instances of a map that take several items each (`map.batch`).
#pragma once

#include <cstddef>

#include "absl/status/statusor.h"
#include "executor/attempt_inputs.h"
#include "executor/compiled_task.h"
#include "windlass/json.h"

namespace windlass {

// Lists of `size` items, and one of what is left: what the instances get.
JsonArray InBatches(JsonArray items, int size);

// What `map.item_results` makes of an instance's result: a list of `count`
// results. InvalidArgument when it is anything else; other errors are those of
// `inputs`.
absl::StatusOr<Json> ItemResults(const CompiledTask& task, const Json& result,
                                 std::size_t count,
                                 const AttemptInputs& inputs);

}  // namespace windlass

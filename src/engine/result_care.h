// Looking after a result store: collecting what no run needs, and verifying
// what the runs refer to.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "results/collect.h"
#include "windlass/diagnosis.h"
#include "windlass/result_store.h"
#include "windlass/store.h"

namespace windlass {

// Deletes this store's objects that are older than `minimum_age`, by the clock
// of the result store, and that no run needs (result_references.h). Executors
// may work meanwhile; any number may collect at once. InvalidArgument when the
// age is not positive.
absl::StatusOr<CollectReport> CollectResults(Store& store, ResultStore& results,
                                             Duration minimum_age,
                                             CollectOptions::Mode mode);

// Reads up to `sample` results, chosen at random among those of the newest
// runs, and compares their checksums. One finding per damaged or missing
// result (kProblem), and one that says how many were read.
std::vector<Finding> VerifyResults(Store& store, ResultStore& results,
                                   int sample);

}  // namespace windlass

// Runs into the store, as a step of a transaction.
#pragma once

#include <span>
#include <vector>

#include "absl/status/status.h"
#include "store/sql/transaction.h"
#include "windlass/store.h"

namespace windlass::sql {

// Appends to `submitted`, a SubmittedRun for each copy of each request.
absl::Status SubmitRuns(Transaction& tx,
                        std::span<const SubmitRequest> requests,
                        std::vector<SubmittedRun>& submitted);

}  // namespace windlass::sql

// Reading the dead letters that a filter names.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "store/sql/connection.h"
#include "store/sql/definitions.h"
#include "windlass/store.h"

namespace windlass::sql {

// By id, oldest first.
absl::StatusOr<std::vector<DeadLetterRecord>> ReadDeadLetters(
    Connection& connection, Definitions& definitions,
    const DeadLetterFilter& filter);

}  // namespace windlass::sql

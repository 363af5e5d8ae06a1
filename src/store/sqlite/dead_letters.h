// Reading the dead letters that a filter names.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "store/sqlite/connection.h"
#include "store/sqlite/definitions.h"
#include "windlass/store.h"

namespace windlass::sqlite {

// By id, oldest first.
absl::StatusOr<std::vector<DeadLetterRecord>> ReadDeadLetters(
    Connection& connection, Definitions& definitions,
    const DeadLetterFilter& filter);

}  // namespace windlass::sqlite

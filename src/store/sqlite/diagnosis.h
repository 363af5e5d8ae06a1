// What an SQLite file tells of itself to `windlass doctor`.
#pragma once

#include <cstdint>
#include <vector>

#include "store/sqlite/database.h"
#include "windlass/diagnosis.h"

namespace windlass::sqlite {

// A log that grows beyond this has a reader that never ends: it cannot be
// written back meanwhile.
inline constexpr std::uintmax_t kLargeLog = std::uintmax_t{256} << 20;

std::vector<Finding> Diagnose(Database& database,
                              std::uintmax_t large_log = kLargeLog);

}  // namespace windlass::sqlite

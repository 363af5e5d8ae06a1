#pragma once

#include <cstdint>

namespace windlass::sql {

// How many transactions may write at the same time. With many, what a
// transaction knows holds only for the runs it has locked.
enum class Writers : std::uint8_t { kOne, kMany };

}  // namespace windlass::sql

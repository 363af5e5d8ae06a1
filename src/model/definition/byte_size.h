// Numbers of bytes as people write them.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"

namespace windlass {

// "512MiB", "4Gi", "1.5GB", "64 KiB", "1024". Units: B, K/KB/KiB/Ki and so on
// to T; those with an i count in 1024, the others in 1000. InvalidArgument
// for anything else and for what exceeds 64 bits.
absl::StatusOr<std::int64_t> ParseByteSize(std::string_view text);

// What ParseByteSize() accepts, for JSON Schema.
inline constexpr std::string_view kByteSizePattern =
    "^[0-9]+(\\.[0-9]+)? ?([KMGT]i?)?B?$";

}  // namespace windlass

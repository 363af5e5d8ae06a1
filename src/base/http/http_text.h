// The texts that requests and answers consist of.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "windlass/time.h"

namespace windlass {

// Everything but A-Z a-z 0-9 - . _ ~ and `kept` as %XX.
std::string PercentEncode(std::string_view text, std::string_view kept = "");
// InvalidArgument for a "%" without two hexadecimal digits.
absl::StatusOr<std::string> PercentDecode(std::string_view text);

// `type`, or application/octet-stream when it is none that a server would take:
// a line end in it would begin another header.
std::string SafeMediaType(std::string_view type);

// "Range: bytes=100-199", "Range: bytes=100-". A length must be positive.
std::string RangeHeader(std::int64_t offset,
                        std::optional<std::int64_t> length);

// "Sat, 28 Nov 2026 00:30:31 GMT".
absl::StatusOr<Timestamp> ParseHttpDate(std::string_view text);

}  // namespace windlass

// Points in time and spans of it. Microseconds are what both stores keep.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace windlass {

using Duration = std::chrono::microseconds;
using Timestamp = std::chrono::sys_time<Duration>;

// Parses "250ms", "30s", "1.5h", "2m30s", "7d". Units: us, ms, s, m, h, d.
// Negative, empty, unit-less and overflowing texts are InvalidArgument.
absl::StatusOr<Duration> ParseDuration(std::string_view text);

// The shortest exact text that ParseDuration() reads back: "1m30s", "250ms".
std::string FormatDuration(Duration duration);

// RFC 3339 in UTC with microseconds: "2026-11-23T20:15:00.000000Z".
std::string FormatTimestamp(Timestamp time);
absl::StatusOr<Timestamp> ParseTimestamp(std::string_view text);

}  // namespace windlass

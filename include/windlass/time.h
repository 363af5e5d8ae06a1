// Points in time and spans of it. Microseconds are what both stores keep.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace windlass {

using Duration = std::chrono::microseconds;
using Timestamp = std::chrono::sys_time<Duration>;

// Parses "250ms", "30s", "1.5h", "2m30s", "7d". Units: us, ms, s, m, h, d, each
// at most once, from large to small. Negative, empty, unit-less, overflowing
// texts and those finer than a microsecond are InvalidArgument.
absl::StatusOr<Duration> ParseDuration(std::string_view text);

// A compact, exact text that ParseDuration() reads back: "1m30s", "2.5s",
// "250ms", "0s". A negative duration gets a "-", for messages only.
std::string FormatDuration(Duration duration);

// RFC 3339 in UTC with microseconds: "2026-11-23T20:15:00.000000Z".
std::string FormatTimestamp(Timestamp time);

// Reads RFC 3339 with any offset; digits after the microseconds are dropped.
absl::StatusOr<Timestamp> ParseTimestamp(std::string_view text);

}  // namespace windlass

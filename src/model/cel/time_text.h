// Timestamps and durations as texts, their ranges and their arithmetic.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "model/cel/value.h"

namespace windlass::cel {

// RFC 3339: "2009-02-13T23:31:30.5Z", "...+01:00".
absl::StatusOr<Timestamp> ParseTime(std::string_view text);

// In UTC, with as many decimals as it takes.
std::string FormatTime(Timestamp time);

// A sequence of numbers with units: "1h30m", "-1.5s", "250ms". Units are h, m,
// s, ms, us and ns.
absl::StatusOr<Duration> ParseSpan(std::string_view text);

// In seconds: "5400s", "-1.5s".
std::string FormatSpan(Duration duration);

// Nothing outside year 1 to 9999.
std::optional<Timestamp> TimeFromSeconds(std::int64_t seconds);
std::optional<Timestamp> Add(Timestamp time, Duration duration);
std::optional<Timestamp> Subtract(Timestamp time, Duration duration);

// Nothing outside a duration's range.
std::optional<Duration> Subtract(Timestamp a, Timestamp b);
std::optional<Duration> Add(Duration a, Duration b);
std::optional<Duration> Subtract(Duration a, Duration b);

// "America/New_York", "+02:00", "-02:30", "02:00", "UTC".
absl::StatusOr<absl::TimeZone> FindTimeZone(std::string_view name);

}  // namespace windlass::cel

// DuckDB's values that JSON has only texts for. Fractions of a second lose
// their trailing zeros.
#pragma once

#include <duckdb.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace windlass::duckdb {

// "2024-02-29", "infinity", "-infinity".
std::string DateText(duckdb_date date);
std::string TimeText(duckdb_time_struct time);
std::string ZonedTimeText(const duckdb_time_tz& value);
// "2024-02-29T23:59:59.5", of microseconds since 1970; or the infinities.
std::string MomentText(std::int64_t micros);
std::string NanoMomentText(std::int64_t nanos);
// "1 months 2 days -03:00:00", which DuckDB reads back.
std::string IntervalText(const duckdb_interval& interval);
std::string UuidText(const duckdb_hugeint& value);
// "0101", of DuckDB's bytes.
std::string BitText(std::string_view bytes);

}  // namespace windlass::duckdb

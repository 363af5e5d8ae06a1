#include "handlers/duckdb/value_text.h"

#include <cstdlib>

#include "absl/strings/str_format.h"
#include "base/concat.h"
#include "handlers/duckdb/library.h"

namespace windlass::duckdb {
namespace {

// ".5", or nothing for a whole second.
std::string Fraction(std::int64_t value, int digits) {
  if (value == 0) return "";
  std::string text = absl::StrFormat("%0*d", digits, value);
  text.erase(text.find_last_not_of('0') + 1);
  return "." + text;
}

std::string Day(duckdb_date_struct date) {
  return absl::StrFormat("%04d-%02d-%02d", date.year, date.month, date.day);
}

}  // namespace

std::string TimeText(duckdb_time_struct time) {
  return absl::StrFormat("%02d:%02d:%02d", time.hour, time.min, time.sec) +
         Fraction(time.micros, 6);
}

std::string DateText(duckdb_date date) {
  if (!duckdb_is_finite_date(date)) {
    return date.days > 0 ? "infinity" : "-infinity";
  }
  return Day(duckdb_from_date(date));
}

std::string MomentText(std::int64_t micros) {
  const duckdb_timestamp moment{micros};
  if (!duckdb_is_finite_timestamp(moment)) {
    return micros > 0 ? "infinity" : "-infinity";
  }
  const duckdb_timestamp_struct parts = duckdb_from_timestamp(moment);
  return Concat(Day(parts.date), "T", TimeText(parts.time));
}

// Nanoseconds beyond what MomentText() tells.
std::string NanoMomentText(std::int64_t nanos) {
  std::int64_t seconds = nanos / 1'000'000'000;
  std::int64_t rest = nanos % 1'000'000'000;
  if (rest < 0) rest += 1'000'000'000, --seconds;
  return MomentText(seconds * 1'000'000) + Fraction(rest, 9);
}

std::string IntervalText(const duckdb_interval& interval) {
  const std::int64_t micros = std::abs(interval.micros);
  const std::int64_t seconds = micros / 1'000'000;
  return Concat(interval.months, " months ", interval.days, " days ",
                interval.micros < 0 ? "-" : "",
                absl::StrFormat("%02d:%02d:%02d", seconds / 3600,
                                seconds / 60 % 60, seconds % 60),
                Fraction(micros % 1'000'000, 6));
}

std::string ZonedTimeText(const duckdb_time_tz& value) {
  const duckdb_time_tz_struct parts = duckdb_from_time_tz(value);
  const int offset = std::abs(parts.offset);
  return Concat(TimeText(parts.time), parts.offset < 0 ? "-" : "+",
                absl::StrFormat("%02d:%02d", offset / 3600, offset / 60 % 60));
}

// Stored with the highest bit flipped, so that it sorts.
std::string UuidText(const duckdb_hugeint& value) {
  const std::uint64_t high =
      static_cast<std::uint64_t>(value.upper) ^ (std::uint64_t{1} << 63);
  return absl::StrFormat("%08x-%04x-%04x-%04x-%012x", high >> 32,
                         high >> 16 & 0xffff, high & 0xffff, value.lower >> 48,
                         value.lower & 0xffffffffffff);
}

// The first byte says how many bits of the second are padding.
std::string BitText(std::string_view bytes) {
  std::string bits;
  if (bytes.empty()) return bits;
  const auto padding = static_cast<unsigned char>(bytes[0]);
  for (std::size_t i = 8U + padding; i < bytes.size() * 8; ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i / 8]);
    bits += (byte >> (7 - i % 8) & 1) != 0 ? '1' : '0';
  }
  return bits;
}

}  // namespace windlass::duckdb

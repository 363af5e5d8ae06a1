// Parts of timestamps and durations.

#include <array>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "model/cel/functions.h"
#include "model/cel/time_text.h"

namespace windlass::cel {
namespace {

// A timestamp's part: a number of the civil time in the zone of the call.
using Part = std::int64_t (*)(const absl::CivilSecond& civil);

absl::StatusOr<Value> GetPart(const Call& call, Part part) {
  if (!call.Has(0, Kind::kTimestamp)) return call.NoSuchOverload();
  absl::TimeZone zone = absl::UTCTimeZone();
  if (call.size() == 2) {
    if (!call.Has(1, Kind::kString)) return call.NoSuchOverload();
    absl::StatusOr<absl::TimeZone> found = FindTimeZone(call[1].AsString());
    if (!found.ok()) return found.status();
    zone = *found;
  }
  absl::Time time = absl::FromUnixSeconds(call[0].AsTimestamp().seconds);
  return Value::Int(part(zone.At(time).cs));
}

// The same for units that durations have too: there they are the whole
// duration in that unit.
absl::StatusOr<Value> GetPart(const Call& call, Part part, Duration unit) {
  if (call.size() == 1 && call.Has(0, Kind::kDuration)) {
    return Value::Int(call[0].AsDuration() / unit);
  }
  return GetPart(call, part);
}

absl::StatusOr<Value> GetFullYear(const Call& call) {
  return GetPart(call, [](const absl::CivilSecond& civil) -> std::int64_t {
    return civil.year();
  });
}

absl::StatusOr<Value> GetMonth(const Call& call) {
  return GetPart(call, [](const absl::CivilSecond& civil) -> std::int64_t {
    return civil.month() - 1;
  });
}

absl::StatusOr<Value> GetDate(const Call& call) {
  return GetPart(call, [](const absl::CivilSecond& civil) -> std::int64_t {
    return civil.day();
  });
}

absl::StatusOr<Value> GetDayOfMonth(const Call& call) {
  return GetPart(call, [](const absl::CivilSecond& civil) -> std::int64_t {
    return civil.day() - 1;
  });
}

absl::StatusOr<Value> GetDayOfWeek(const Call& call) {
  return GetPart(call, [](const absl::CivilSecond& civil) -> std::int64_t {
    // absl counts from Monday, CEL from Sunday.
    return (static_cast<int>(absl::GetWeekday(civil)) + 1) % 7;
  });
}

absl::StatusOr<Value> GetDayOfYear(const Call& call) {
  return GetPart(call, [](const absl::CivilSecond& civil) -> std::int64_t {
    return absl::GetYearDay(absl::CivilDay(civil)) - 1;
  });
}

absl::StatusOr<Value> GetHours(const Call& call) {
  return GetPart(
      call,
      [](const absl::CivilSecond& civil) -> std::int64_t {
        return civil.hour();
      },
      std::chrono::hours(1));
}

absl::StatusOr<Value> GetMinutes(const Call& call) {
  return GetPart(
      call,
      [](const absl::CivilSecond& civil) -> std::int64_t {
        return civil.minute();
      },
      std::chrono::minutes(1));
}

absl::StatusOr<Value> GetSeconds(const Call& call) {
  return GetPart(
      call,
      [](const absl::CivilSecond& civil) -> std::int64_t {
        return civil.second();
      },
      std::chrono::seconds(1));
}

absl::StatusOr<Value> GetMilliseconds(const Call& call) {
  constexpr std::int64_t kNanosPerMillisecond = 1'000'000;
  if (call.size() == 1 && call.Has(0, Kind::kDuration)) {
    return Value::Int(call[0].AsDuration().count() / kNanosPerMillisecond %
                      1000);
  }
  // No zone shifts milliseconds, but a wrong one is still an error.
  absl::StatusOr<Value> seconds = GetSeconds(call);
  if (!seconds.ok()) return seconds;
  return Value::Int(call[0].AsTimestamp().nanos / kNanosPerMillisecond);
}

constexpr std::array kFunctions = {
    Function{"getFullYear", CallStyle::kMethod, 1, 2, GetFullYear},
    Function{"getMonth", CallStyle::kMethod, 1, 2, GetMonth},
    Function{"getDate", CallStyle::kMethod, 1, 2, GetDate},
    Function{"getDayOfMonth", CallStyle::kMethod, 1, 2, GetDayOfMonth},
    Function{"getDayOfWeek", CallStyle::kMethod, 1, 2, GetDayOfWeek},
    Function{"getDayOfYear", CallStyle::kMethod, 1, 2, GetDayOfYear},
    Function{"getHours", CallStyle::kMethod, 1, 2, GetHours},
    Function{"getMinutes", CallStyle::kMethod, 1, 2, GetMinutes},
    Function{"getSeconds", CallStyle::kMethod, 1, 2, GetSeconds},
    Function{"getMilliseconds", CallStyle::kMethod, 1, 2, GetMilliseconds},
};

}  // namespace

absl::Span<const Function> TimeFunctions() { return kFunctions; }

}  // namespace windlass::cel

// Cron expressions: when a schedule is due next.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace windlass {

// Five fields: minute, hour, day of month, month, day of week. Each is `*` or
// a list of numbers, ranges `1-5` and steps `*/15`, `10-40/5`; months and
// weekdays may be named (`jan`, `mon`); Sunday is 0 or 7. As everywhere, when
// both day fields are restricted either may match. `@hourly`, `@daily`,
// `@weekly`, `@monthly` and `@yearly` stand for the usual expressions.
//
// A value; immutable once parsed.
class Cron {
 public:
  // InvalidArgument says which field is wrong and what it may be. Dates that
  // never come (February 30th) are refused too.
  static absl::StatusOr<Cron> Parse(std::string_view text);

  // The first time after `after` that matches on the clocks of `zone`.
  //
  // When clocks go forward, a time that is skipped is due at the moment of the
  // change; when they go back, a time that comes twice is due at the first.
  // Expressions that run every hour (`*` or `*/n` as hour) follow elapsed time
  // instead: nothing is due in the gap, and the repeated hour is due again.
  // Nullopt only if no match lies within twelve years.
  std::optional<absl::Time> Next(absl::Time after, absl::TimeZone zone) const;

 private:
  Cron() = default;

  bool MatchesDay(absl::CivilDay day) const;
  std::optional<absl::CivilMinute> FirstMatch(absl::CivilMinute from) const;
  std::optional<absl::Time> NextRepeated(absl::Time after, absl::Time before,
                                         absl::TimeZone zone) const;

  std::bitset<60> minutes_;
  std::bitset<24> hours_;
  std::bitset<32> days_;  // From 1.
  std::bitset<13> months_;
  std::bitset<7> weekdays_;  // From Sunday.
  bool any_day_ = false;
  bool any_weekday_ = false;
  bool every_hour_ = false;  // By elapsed time.
};

}  // namespace windlass

#include "model/cron.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "base/concat.h"

namespace windlass {
namespace {

struct FieldRule {
  std::string_view name;
  int minimum;
  int maximum;
  std::string_view words;  // Three letters each, for `minimum` and on.
};

constexpr FieldRule kFields[] = {
    {"minute", 0, 59, ""},
    {"hour", 0, 23, ""},
    {"day of month", 1, 31, ""},
    {"month", 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec"},
    {"day of week", 0, 7, "sunmontuewedthufrisat"},
};

constexpr std::pair<std::string_view, std::string_view> kShorthands[] = {
    {"@hourly", "0 * * * *"},   {"@daily", "0 0 * * *"},
    {"@midnight", "0 0 * * *"}, {"@weekly", "0 0 * * 0"},
    {"@monthly", "0 0 1 * *"},  {"@yearly", "0 0 1 1 *"},
    {"@annually", "0 0 1 1 *"},
};

// Bits of all values of a field.
using Values = std::bitset<64>;

absl::Status BadField(const FieldRule& rule, std::string_view text) {
  return absl::InvalidArgumentError(Concat(
      "bad ", rule.name, " '", text, "': expected * or numbers from ",
      rule.minimum, " to ", rule.maximum, ", such as 5, 1-5, */10 or 1,15"));
}

std::optional<int> ParseValue(const FieldRule& rule, const std::string& text) {
  int value = 0;
  bool digits = !text.empty() && text.size() <= 2 &&
                std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
  if (digits && absl::SimpleAtoi(text, &value)) {
    if (value < rule.minimum || value > rule.maximum) return std::nullopt;
    return value;
  }
  if (text.size() != 3) return std::nullopt;
  std::size_t found = rule.words.find(absl::AsciiStrToLower(text));
  if (found == std::string_view::npos || found % 3 != 0) return std::nullopt;
  return rule.minimum + static_cast<int>(found / 3);
}

// "5", "1-5", "*", each with an optional "/2".
bool ParseItem(const FieldRule& rule, const std::string& text, Values& out) {
  std::vector<std::string> parts = absl::StrSplit(text, '/');
  int step = 1;
  if (parts.size() > 2) return false;
  if (parts.size() == 2 &&
      (!absl::SimpleAtoi(parts[1], &step) || step < 1 || step > 60)) {
    return false;
  }
  int first = rule.minimum;
  int last = rule.maximum == 7 ? 6 : rule.maximum;
  if (parts[0] != "*") {
    std::vector<std::string> ends = absl::StrSplit(parts[0], '-');
    auto low = ParseValue(rule, ends[0]);
    auto high = ends.size() == 2 ? ParseValue(rule, ends[1]) : low;
    // Sunday may end a range: "fri-sun".
    if (rule.maximum == 7 && high == 0 && low > 0) high = 7;
    if (ends.size() > 2 || !low || !high || *low > *high) return false;
    first = *low;
    // "5/15" is from 5 to the end.
    if (ends.size() == 2 || parts.size() == 1) last = *high;
  }
  for (int value = first; value <= last; value += step) {
    out.set(static_cast<std::size_t>(value));
  }
  return true;
}

absl::StatusOr<Values> ParseField(const FieldRule& rule,
                                  const std::string& text) {
  Values values;
  std::vector<std::string> items = absl::StrSplit(text, ',');
  for (const std::string& item : items) {
    if (!ParseItem(rule, item, values)) return BadField(rule, text);
  }
  return values;
}

template <std::size_t kSize>
std::bitset<kSize> Take(const Values& values) {
  std::bitset<kSize> out;
  for (std::size_t i = 0; i < kSize; ++i) out[i] = values[i];
  return out;
}

// The first set bit at `from` or after; kSize if there is none.
template <std::size_t kSize>
std::size_t FindFrom(const std::bitset<kSize>& bits, std::size_t from) {
  while (from < kSize && !bits[from]) ++from;
  return from;
}

std::vector<std::string> SplitFields(std::string_view text) {
  for (const auto& [name, fields] : kShorthands) {
    if (text == name) text = fields;
  }
  return absl::StrSplit(absl::string_view(text.data(), text.size()),
                        absl::ByAnyChar(" \t\r\n"), absl::SkipEmpty());
}

}  // namespace

absl::StatusOr<Cron> Cron::Parse(std::string_view text) {
  std::vector<std::string> fields = SplitFields(text);
  if (fields.size() != 5) {
    std::string_view hint =
        fields.size() == 6 ? "; there are no seconds and no years" : "";
    return absl::InvalidArgumentError(
        Concat("expected 5 fields (minute, hour, day of month, month, day of "
               "week), got ",
               fields.size(), hint));
  }
  Values values[5];
  for (std::size_t i = 0; i < 5; ++i) {
    auto parsed = ParseField(kFields[i], fields[i]);
    if (!parsed.ok()) return parsed.status();
    values[i] = *parsed;
  }
  Cron cron;
  cron.minutes_ = Take<60>(values[0]);
  cron.hours_ = Take<24>(values[1]);
  cron.days_ = Take<32>(values[2]);
  cron.months_ = Take<13>(values[3]);
  if (values[4][7]) values[4].set(0);
  cron.weekdays_ = Take<7>(values[4]);
  cron.any_day_ = fields[2][0] == '*';
  cron.any_weekday_ = fields[4][0] == '*';
  cron.every_hour_ = fields[1][0] == '*';
  if (!cron.FirstMatch(absl::CivilMinute(2000, 1, 1)).has_value()) {
    return absl::InvalidArgumentError(
        Concat("'", text, "' names a date that never comes"));
  }
  return cron;
}

bool Cron::MatchesDay(absl::CivilDay day) const {
  if (!months_[static_cast<std::size_t>(day.month())]) return false;
  bool in_month = days_[static_cast<std::size_t>(day.day())];
  // absl counts weekdays from Monday, cron from Sunday.
  int weekday = (static_cast<int>(absl::GetWeekday(day)) + 1) % 7;
  bool in_week = weekdays_[static_cast<std::size_t>(weekday)];
  // `*/2` counts as unrestricted, as in Vixie cron: then both must match.
  if (any_day_ || any_weekday_) return in_month && in_week;
  return in_month || in_week;
}

std::optional<absl::CivilMinute> Cron::FirstMatch(
    absl::CivilMinute from) const {
  const absl::CivilDay end = absl::CivilDay(from) + 12 * 366;
  for (absl::CivilDay day(from); day < end; ++day) {
    if (!MatchesDay(day)) continue;
    bool first_day = day == absl::CivilDay(from);
    auto start = static_cast<std::size_t>(first_day ? from.hour() : 0);
    for (std::size_t hour = FindFrom(hours_, start); hour < 24;
         hour = FindFrom(hours_, hour + 1)) {
      bool first_hour = first_day && hour == start;
      auto least = static_cast<std::size_t>(first_hour ? from.minute() : 0);
      std::size_t minute = FindFrom(minutes_, least);
      if (minute == 60) continue;
      return absl::CivilMinute(day.year(), day.month(), day.day(),
                               static_cast<int>(hour),
                               static_cast<int>(minute));
    }
  }
  return std::nullopt;
}

std::optional<absl::Time> Cron::Next(absl::Time after,
                                     absl::TimeZone zone) const {
  absl::CivilMinute from = absl::ToCivilMinute(after, zone);
  while (true) {
    auto match = FirstMatch(++from);
    if (!match.has_value()) return std::nullopt;
    from = *match;
    auto info = zone.At(absl::CivilSecond(from));
    absl::Time due = info.pre;
    if (info.kind == absl::TimeZone::TimeInfo::SKIPPED) {
      if (every_hour_) continue;
      due = info.trans;
    }
    if (every_hour_) {
      if (due <= after) due = info.post;
      auto repeated = NextRepeated(after, due, zone);
      if (repeated.has_value()) return repeated;
    }
    if (due > after) return due;
  }
}

// The first match in the time that comes a second time because clocks went
// back between `after` and `before`.
std::optional<absl::Time> Cron::NextRepeated(absl::Time after,
                                             absl::Time before,
                                             absl::TimeZone zone) const {
  absl::TimeZone::CivilTransition change;
  if (!zone.NextTransition(after, &change)) return std::nullopt;
  if (change.to >= change.from) return std::nullopt;
  auto match = FirstMatch(absl::CivilMinute(change.to));
  if (!match.has_value()) return std::nullopt;
  absl::Time due = zone.At(absl::CivilSecond(*match)).post;
  if (due <= after || due >= before) return std::nullopt;
  return due;
}

}  // namespace windlass

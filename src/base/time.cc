#include "windlass/time.h"

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace windlass {
namespace {

// Holds any microsecond count times any power of ten we accept.
__extension__ typedef __int128 Wide;

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kMaximum = std::numeric_limits<std::int64_t>::max();
constexpr int kFractionDigits = 15;

struct Unit {
  std::string_view name;
  std::int64_t microseconds;
};
constexpr std::array<Unit, 6> kUnits = {{{"d", 86'400 * kSecond},
                                         {"h", 3'600 * kSecond},
                                         {"m", 60 * kSecond},
                                         {"s", kSecond},
                                         {"ms", 1'000},
                                         {"us", 1}}};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return c >= 'a' && c <= 'z'; }

absl::Status BadDuration(std::string_view text, std::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(
      "bad duration \"", std::string(text), "\": ", std::string(why),
      "; write a number and a unit (us, ms, s, m, h, d), like \"30s\" or "
      "\"2m30s\""));
}

// Walks over one text; every Take...() consumes what it returns.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}

  bool AtEnd() const { return rest_.empty(); }
  std::string_view TakeDigits() { return TakeWhile(IsDigit); }
  std::string_view TakeLetters() { return TakeWhile(IsLetter); }

  bool Take(char wanted) {
    if (rest_.empty() || rest_.front() != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }

  // Exactly `width` digits as a number.
  std::optional<int> TakeNumber(std::size_t width) {
    if (rest_.size() < width) return std::nullopt;
    int value = 0;
    for (char c : rest_.substr(0, width)) {
      if (!IsDigit(c)) return std::nullopt;
      value = value * 10 + (c - '0');
    }
    rest_.remove_prefix(width);
    return value;
  }

 private:
  std::string_view TakeWhile(bool (*wanted)(char)) {
    std::size_t n = 0;
    while (n < rest_.size() && wanted(rest_[n])) ++n;
    std::string_view taken = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return taken;
  }

  std::string_view rest_;
};

// Adds `whole`.`fraction` units to `total`; returns what is wrong, if anything.
std::string_view AddPart(std::string_view whole, std::string_view fraction,
                         std::int64_t unit, Wide& total) {
  while (!fraction.empty() && fraction.back() == '0') fraction.remove_suffix(1);
  if (fraction.size() > kFractionDigits) return "it is finer than 1us";
  Wide value = 0;
  for (char c : whole) {
    value = value * 10 + (c - '0');
    if (value > kMaximum) return "it is too long";
  }
  value *= unit;
  Wide part = 0;
  Wide scale = 1;
  for (char c : fraction) {
    part = part * 10 + (c - '0');
    scale *= 10;
  }
  part *= unit;
  if (part % scale != 0) return "it is finer than 1us";
  total += value + part / scale;
  return total > kMaximum ? "it is too long" : "";
}

const Unit* FindUnit(std::string_view name) {
  for (const Unit& unit : kUnits) {
    if (unit.name == name) return &unit;
  }
  return nullptr;
}

std::string WithFraction(std::int64_t value, std::int64_t unit,
                         std::string_view name) {
  std::string text = absl::StrCat(value / unit);
  std::int64_t rest = value % unit;
  if (rest != 0) {
    int width = unit == kSecond ? 6 : 3;
    std::string digits = absl::StrFormat("%0*d", width, rest);
    digits.erase(digits.find_last_not_of('0') + 1);
    absl::StrAppend(&text, ".", digits);
  }
  return absl::StrCat(text, std::string(name));
}

// "Z" or "+02:00"; the offset east of UTC.
std::optional<std::chrono::minutes> TakeOffset(Cursor& cursor) {
  if (cursor.Take('Z') || cursor.Take('z')) return std::chrono::minutes(0);
  int sign = cursor.Take('-') ? -1 : cursor.Take('+') ? 1 : 0;
  auto hours = cursor.TakeNumber(2);
  bool colon = cursor.Take(':');
  auto minutes = cursor.TakeNumber(2);
  if (sign == 0 || !hours || !colon || !minutes) return std::nullopt;
  if (*hours > 23 || *minutes > 59) return std::nullopt;
  return std::chrono::minutes(sign * (*hours * 60 + *minutes));
}

std::optional<std::chrono::sys_days> TakeDate(Cursor& cursor) {
  auto year = cursor.TakeNumber(4);
  if (!year || !cursor.Take('-')) return std::nullopt;
  auto month = cursor.TakeNumber(2);
  if (!month || !cursor.Take('-')) return std::nullopt;
  auto day = cursor.TakeNumber(2);
  if (!day) return std::nullopt;
  std::chrono::year_month_day date(
      std::chrono::year(*year),
      std::chrono::month(static_cast<unsigned>(*month)),
      std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date);
}

// "20:15:00" with an optional fraction.
std::optional<Duration> TakeTimeOfDay(Cursor& cursor) {
  auto hours = cursor.TakeNumber(2);
  if (!hours || !cursor.Take(':')) return std::nullopt;
  auto minutes = cursor.TakeNumber(2);
  if (!minutes || !cursor.Take(':')) return std::nullopt;
  auto seconds = cursor.TakeNumber(2);
  if (!seconds) return std::nullopt;
  if (*hours > 23 || *minutes > 59 || *seconds > 59) return std::nullopt;
  std::int64_t fraction = 0;
  if (cursor.Take('.')) {
    std::string_view digits = cursor.TakeDigits();
    if (digits.empty()) return std::nullopt;
    for (std::size_t i = 0; i < 6; ++i) {
      fraction = fraction * 10 + (i < digits.size() ? digits[i] - '0' : 0);
    }
  }
  return std::chrono::hours(*hours) + std::chrono::minutes(*minutes) +
         std::chrono::seconds(*seconds) + Duration(fraction);
}

}  // namespace

absl::StatusOr<Duration> ParseDuration(std::string_view text) {
  if (text.empty()) return BadDuration(text, "it is empty");
  Cursor cursor(text);
  Wide total = 0;
  std::int64_t previous = kMaximum;
  while (!cursor.AtEnd()) {
    std::string_view whole = cursor.TakeDigits();
    if (whole.empty()) return BadDuration(text, "a number is missing");
    std::string_view fraction;
    if (cursor.Take('.')) {
      fraction = cursor.TakeDigits();
      if (fraction.empty()) {
        return BadDuration(text, "digits are missing after the point");
      }
    }
    std::string_view name = cursor.TakeLetters();
    if (name.empty()) return BadDuration(text, "a unit is missing");
    const Unit* unit = FindUnit(name);
    if (unit == nullptr) {
      return BadDuration(
          text, absl::StrCat("there is no unit \"", std::string(name), "\""));
    }
    if (unit->microseconds >= previous) {
      return BadDuration(text, "units must go from large to small");
    }
    previous = unit->microseconds;
    auto wrong = AddPart(whole, fraction, unit->microseconds, total);
    if (!wrong.empty()) return BadDuration(text, wrong);
  }
  return Duration(static_cast<std::int64_t>(total));
}

std::string FormatDuration(Duration duration) {
  std::int64_t value = duration.count();
  if (value < 0) {
    // The most negative count has no positive twin.
    if (value == std::numeric_limits<std::int64_t>::min()) ++value;
    return absl::StrCat("-", FormatDuration(Duration(-value)));
  }
  if (value == 0) return "0s";
  if (value < 1'000) return absl::StrCat(value, "us");
  if (value < kSecond) return WithFraction(value, 1'000, "ms");
  std::string text;
  for (const Unit& unit : kUnits) {
    if (unit.microseconds == kSecond) break;
    if (value < unit.microseconds) continue;
    absl::StrAppend(&text, value / unit.microseconds, std::string(unit.name));
    value %= unit.microseconds;
  }
  if (value > 0) text += WithFraction(value, kSecond, "s");
  return text;
}

std::string FormatTimestamp(Timestamp time) {
  auto day = std::chrono::floor<std::chrono::days>(time);
  std::chrono::year_month_day date(day);
  std::chrono::hh_mm_ss clock(time - day);
  return absl::StrFormat(
      "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
      clock.subseconds().count());
}

absl::StatusOr<Timestamp> ParseTimestamp(std::string_view text) {
  auto bad = [&] {
    return absl::InvalidArgumentError(absl::StrCat(
        "bad time \"", std::string(text),
        "\"; write it as RFC 3339, like \"2026-11-23T20:15:00Z\" or "
        "\"2026-11-23T21:15:00.5+01:00\""));
  };
  Cursor cursor(text);
  auto date = TakeDate(cursor);
  if (!date) return bad();
  if (!cursor.Take('T') && !cursor.Take('t') && !cursor.Take(' ')) return bad();
  auto time = TakeTimeOfDay(cursor);
  if (!time) return bad();
  auto offset = TakeOffset(cursor);
  if (!offset || !cursor.AtEnd()) return bad();
  return Timestamp(*date + *time - *offset);
}

}  // namespace windlass

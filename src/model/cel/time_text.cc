#include "model/cel/time_text.h"

#include <algorithm>
#include <array>
#include <limits>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/civil_time.h"

namespace windlass::cel {
namespace {

constexpr std::int64_t kNanosPerSecond = 1'000'000'000;
constexpr std::int64_t kFirstSecond = -62'135'596'800;  // 0001-01-01T00:00:00Z
constexpr std::int64_t kLastSecond = 253'402'300'799;   // 9999-12-31T23:59:59Z
constexpr std::size_t kLongestZoneName = 64;

absl::Status BadTime(std::string_view text) {
  return absl::InvalidArgumentError(
      absl::StrCat("invalid timestamp '", std::string(text.substr(0, 64)),
                   "', expected RFC 3339 as in 2009-02-13T23:31:30Z"));
}

absl::Status TimeRange() {
  return absl::InvalidArgumentError(
      "timestamp out of range: years are 0001 to 9999");
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Reads a text from its start; `ok` turns false at the first mismatch.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool ok() const { return ok_; }
  bool done() const { return rest_.empty(); }
  char Peek() const { return rest_.empty() ? '\0' : rest_[0]; }

  bool Skip(char c) {
    if (Peek() != c || rest_.empty()) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void Expect(char c) { ok_ = Skip(c) && ok_; }

  // Exactly `count` digits, not above `maximum`.
  int Number(int count, int maximum) {
    int number = 0;
    for (int i = 0; i < count; ++i) {
      if (!IsDigit(Peek())) ok_ = false;
      if (!ok_) return 0;
      number = number * 10 + (rest_[0] - '0');
      rest_.remove_prefix(1);
    }
    if (number > maximum) ok_ = false;
    return number;
  }

  // Digits after a decimal point as billionths; what is finer is dropped.
  std::int32_t Nanos() {
    std::int32_t nanos = 0;
    int digits = 0;
    for (; IsDigit(Peek()); ++digits, rest_.remove_prefix(1)) {
      if (digits < 9) nanos = nanos * 10 + (rest_[0] - '0');
    }
    if (digits == 0) ok_ = false;
    for (; digits < 9; ++digits) nanos *= 10;
    return nanos;
  }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

// "+01:30" in seconds.
int ReadOffset(Scanner& scanner) {
  bool west = scanner.Skip('-');
  if (!west) scanner.Skip('+');
  int hours = scanner.Number(2, 23);
  scanner.Expect(':');
  int minutes = scanner.Number(2, 59);
  int seconds = (hours * 60 + minutes) * 60;
  return west ? -seconds : seconds;
}

struct Unit {
  std::string_view name;
  std::int64_t nanos;
};

// Longer names first where one begins like another.
constexpr std::array<Unit, 8> kUnits = {{
    {"ns", 1},
    {"us", 1'000},
    {"\xC2\xB5s", 1'000},  // The micro sign,
    {"\xCE\xBCs", 1'000},  // and the Greek letter.
    {"ms", 1'000'000},
    {"s", kNanosPerSecond},
    {"m", 60 * kNanosPerSecond},
    {"h", 3600 * kNanosPerSecond},
}};

absl::Status BadSpan(std::string_view text) {
  return absl::InvalidArgumentError(
      absl::StrCat("invalid duration '", std::string(text.substr(0, 64)),
                   "', expected numbers with units as in 1h30m, 2.5s, 250ms"));
}

absl::Status SpanRange(std::string_view text) {
  return absl::InvalidArgumentError(
      absl::StrCat("duration out of range: '", std::string(text.substr(0, 64)),
                   "' is more than 292 years"));
}

enum class SpanPart { kFine, kMalformed, kTooLong };

// Takes one "1.5h" off the front and adds it to `total`, which is negative or
// zero: the smallest duration has no positive counterpart.
SpanPart TakePart(std::string_view& rest, std::int64_t& total) {
  std::int64_t whole = 0;
  long double fraction = 0;
  long double scale = 1;
  std::size_t digits = 0;
  bool overflow = false;
  std::size_t i = 0;
  for (; i < rest.size() && IsDigit(rest[i]); ++i, ++digits) {
    overflow |= __builtin_mul_overflow(whole, 10, &whole) ||
                __builtin_sub_overflow(whole, rest[i] - '0', &whole);
  }
  if (i < rest.size() && rest[i] == '.') {
    for (++i; i < rest.size() && IsDigit(rest[i]); ++i, ++digits) {
      if (scale >= 1e18L) continue;  // Finer than a nanosecond of an hour.
      fraction = fraction * 10 + (rest[i] - '0');
      scale *= 10;
    }
  }
  rest.remove_prefix(i);
  auto unit = std::find_if(kUnits.begin(), kUnits.end(), [&](const Unit& u) {
    return rest.substr(0, u.name.size()) == u.name;
  });
  if (digits == 0 || unit == kUnits.end()) return SpanPart::kMalformed;
  rest.remove_prefix(unit->name.size());
  auto part = static_cast<std::int64_t>(
      fraction * static_cast<long double>(unit->nanos) / scale);
  overflow |= __builtin_mul_overflow(whole, unit->nanos, &whole) ||
              __builtin_sub_overflow(whole, part, &whole) ||
              __builtin_add_overflow(total, whole, &total);
  return overflow ? SpanPart::kTooLong : SpanPart::kFine;
}

// ".5" for 500'000'000, nothing for 0.
std::string Decimals(std::int64_t nanos) {
  if (nanos == 0) return "";
  std::string digits = absl::StrFormat(".%09d", nanos);
  digits.erase(digits.find_last_not_of('0') + 1);
  return digits;
}

// `seconds` and `nanos` put in order; nothing when out of range.
std::optional<Timestamp> MakeTime(std::int64_t seconds, std::int64_t nanos) {
  if (nanos < 0) {
    nanos += kNanosPerSecond;
    --seconds;
  } else if (nanos >= kNanosPerSecond) {
    nanos -= kNanosPerSecond;
    ++seconds;
  }
  if (seconds < kFirstSecond || seconds > kLastSecond) return std::nullopt;
  return Timestamp{seconds, static_cast<std::int32_t>(nanos)};
}

// Only names as the time zone database has them: what would be a path
// elsewhere never reaches the file system.
bool IsZoneName(std::string_view name) {
  if (name.empty() || name.size() > kLongestZoneName || name[0] == '/') {
    return false;
  }
  return std::all_of(name.begin(), name.end(), [](char c) {
    return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           c == '/' || c == '_' || c == '-' || c == '+';
  });
}

}  // namespace

absl::StatusOr<Timestamp> ParseTime(std::string_view text) {
  Scanner scanner(text);
  int year = scanner.Number(4, 9999);
  if (IsDigit(scanner.Peek())) return TimeRange();  // A year of five digits.
  scanner.Expect('-');
  int month = scanner.Number(2, 12);
  scanner.Expect('-');
  int day = scanner.Number(2, 31);
  scanner.Expect('T');
  int hour = scanner.Number(2, 23);
  scanner.Expect(':');
  int minute = scanner.Number(2, 59);
  scanner.Expect(':');
  int second = scanner.Number(2, 59);
  std::int32_t nanos = scanner.Skip('.') ? scanner.Nanos() : 0;
  int offset = 0;
  if (!scanner.Skip('Z')) {
    if (scanner.Peek() != '+' && scanner.Peek() != '-') return BadTime(text);
    offset = ReadOffset(scanner);
  }
  // A day that does not exist would become another one.
  absl::CivilSecond civil(year, month, day, hour, minute, second);
  if (!scanner.ok() || !scanner.done() || civil.month() != month ||
      civil.day() != day) {
    return BadTime(text);
  }
  std::int64_t seconds = civil - absl::CivilSecond() - offset;
  std::optional<Timestamp> time = MakeTime(seconds, nanos);
  if (!time) return TimeRange();
  return *time;
}

std::string FormatTime(Timestamp time) {
  absl::CivilSecond civil = absl::CivilSecond() + time.seconds;
  return absl::StrFormat("%04d-%02d-%02dT%02d:%02d:%02d%sZ", civil.year(),
                         civil.month(), civil.day(), civil.hour(),
                         civil.minute(), civil.second(), Decimals(time.nanos));
}

absl::StatusOr<Duration> ParseSpan(std::string_view text) {
  std::string_view rest = text;
  bool negative = !rest.empty() && rest[0] == '-';
  if (negative || (!rest.empty() && rest[0] == '+')) rest.remove_prefix(1);
  if (rest == "0") return Duration(0);
  if (rest.empty()) return BadSpan(text);
  std::int64_t total = 0;
  while (!rest.empty()) {
    switch (TakePart(rest, total)) {
      case SpanPart::kMalformed:
        return BadSpan(text);
      case SpanPart::kTooLong:
        return SpanRange(text);
      case SpanPart::kFine:
        break;
    }
  }
  if (!negative && __builtin_sub_overflow(0, total, &total)) {
    return SpanRange(text);
  }
  return Duration(total);
}

std::string FormatSpan(Duration duration) {
  std::int64_t seconds = duration.count() / kNanosPerSecond;
  std::int64_t nanos = duration.count() % kNanosPerSecond;
  std::string_view sign = seconds == 0 && nanos < 0 ? "-" : "";
  return absl::StrCat(std::string(sign), seconds,
                      Decimals(nanos < 0 ? -nanos : nanos), "s");
}

std::optional<Timestamp> TimeFromSeconds(std::int64_t seconds) {
  return MakeTime(seconds, 0);
}

std::optional<Timestamp> Add(Timestamp time, Duration duration) {
  return MakeTime(time.seconds + duration.count() / kNanosPerSecond,
                  time.nanos + duration.count() % kNanosPerSecond);
}

std::optional<Timestamp> Subtract(Timestamp time, Duration duration) {
  return MakeTime(time.seconds - duration.count() / kNanosPerSecond,
                  time.nanos - duration.count() % kNanosPerSecond);
}

std::optional<Duration> Subtract(Timestamp a, Timestamp b) {
  std::int64_t nanos;
  if (__builtin_mul_overflow(a.seconds - b.seconds, kNanosPerSecond, &nanos) ||
      __builtin_add_overflow(nanos, a.nanos - b.nanos, &nanos)) {
    return std::nullopt;
  }
  return Duration(nanos);
}

std::optional<Duration> Add(Duration a, Duration b) {
  std::int64_t nanos;
  if (__builtin_add_overflow(a.count(), b.count(), &nanos)) return std::nullopt;
  return Duration(nanos);
}

std::optional<Duration> Subtract(Duration a, Duration b) {
  std::int64_t nanos;
  if (__builtin_sub_overflow(a.count(), b.count(), &nanos)) return std::nullopt;
  return Duration(nanos);
}

absl::StatusOr<absl::TimeZone> FindTimeZone(std::string_view name) {
  Scanner scanner(name);
  int offset = ReadOffset(scanner);
  if (scanner.ok() && scanner.done()) return absl::FixedTimeZone(offset);
  absl::TimeZone zone;
  if (IsZoneName(name) &&
      absl::LoadTimeZone(absl::string_view(name.data(), name.size()), &zone)) {
    return zone;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "unknown time zone '", std::string(name.substr(0, kLongestZoneName)),
      "', expected a name as in Europe/Vienna or an offset as in +02:00"));
}

}  // namespace windlass::cel

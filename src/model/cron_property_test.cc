// Cron against a second opinion: every minute is asked whether it is due.

#include <gtest/gtest.h>

#include <cstdlib>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/random.h"
#include "model/cron.h"

namespace windlass {
namespace {

// Where clocks change by an hour, by half an hour, at midnight, by a whole day,
// the other way round, and not at all.
constexpr const char* kZones[] = {
    "Europe/Berlin", "America/New_York",  "Australia/Lord_Howe",
    "Asia/Beirut",   "America/Sao_Paulo", "Pacific/Apia",
    "Africa/Cairo",  "Asia/Kolkata",      "UTC"};

struct Expression {
  std::vector<std::set<int>> fields;  // By place; weekdays from 0, Sunday.
  std::vector<std::string> texts;

  bool IsOpen(std::size_t field) const { return texts[field][0] == '*'; }
  std::string Text() const {
    return absl::StrCat(texts[0], " ", texts[1], " ", texts[2], " ", texts[3],
                        " ", texts[4]);
  }
};

// A field of random form with the values it stands for.
void AddField(Random& random, int minimum, int maximum, Expression& out) {
  auto pick = [&](int low, int high) {
    return low + static_cast<int>(
                     random.Below(static_cast<std::uint64_t>(high - low + 1)));
  };
  std::set<int> values;
  std::string text = "*";
  int first = minimum;
  int last = maximum;
  int step = 1;
  switch (pick(0, 4)) {
    case 0:
      break;
    case 1:
      step = pick(2, 12);
      text = absl::StrCat("*/", step);
      break;
    case 2:
      first = pick(minimum, maximum);
      last = pick(first, maximum);
      step = pick(1, 4);
      text = absl::StrCat(first, "-", last, "/", step);
      break;
    default:
      last = first - 1;  // Nothing but the list.
      text.clear();
      for (int i = pick(1, 3); i > 0; --i) {
        const int value = pick(minimum, maximum);
        values.insert(value);
        absl::StrAppend(&text, text.empty() ? "" : ",", value);
      }
  }
  for (int value = first; value <= last; value += step) values.insert(value);
  out.fields.push_back(std::move(values));
  out.texts.push_back(std::move(text));
}

Expression RandomExpression(Random& random) {
  Expression expression;
  AddField(random, 0, 59, expression);
  AddField(random, 0, 23, expression);
  AddField(random, 1, 31, expression);
  AddField(random, 1, 12, expression);
  AddField(random, 0, 6, expression);
  return expression;
}

bool Matches(const Expression& expression, absl::CivilMinute time) {
  const auto& fields = expression.fields;
  if (!fields[0].contains(time.minute())) return false;
  if (!fields[1].contains(time.hour())) return false;
  if (!fields[3].contains(time.month())) return false;
  const int weekday =
      (static_cast<int>(absl::GetWeekday(absl::CivilDay(time))) + 1) % 7;
  const bool by_day = fields[2].contains(time.day());
  const bool by_weekday = fields[4].contains(weekday);
  if (expression.IsOpen(2) || expression.IsOpen(4)) return by_day && by_weekday;
  return by_day || by_weekday;
}

// Whether any minute that the clocks jumped over just before `at` matches.
bool MatchesSkipped(const Expression& expression, absl::Time at,
                    absl::TimeZone zone) {
  const absl::CivilMinute now = absl::ToCivilMinute(at, zone);
  const absl::CivilMinute before =
      absl::ToCivilMinute(at - absl::Minutes(1), zone);
  for (absl::CivilMinute minute = before + 1; minute < now; ++minute) {
    if (Matches(expression, minute)) return true;
  }
  return false;
}

bool IsDue(const Expression& expression, absl::Time at, absl::TimeZone zone) {
  const absl::CivilMinute now = absl::ToCivilMinute(at, zone);
  if (expression.IsOpen(1)) return Matches(expression, now);
  if (MatchesSkipped(expression, at, zone)) return true;
  const bool first_time = zone.At(absl::CivilSecond(now)).pre == at;
  return first_time && Matches(expression, now);
}

std::vector<absl::Time> Changes(absl::TimeZone zone) {
  std::vector<absl::Time> changes;
  absl::TimeZone::CivilTransition change;
  absl::Time at = absl::FromCivil(absl::CivilDay(2008, 1, 1), zone);
  const absl::Time end = absl::FromCivil(absl::CivilDay(2031, 1, 1), zone);
  while (zone.NextTransition(at, &change)) {
    at = zone.At(change.from).trans;
    if (at > end) break;
    // Clocks that did not change, but their name did.
    if (change.from != change.to) changes.push_back(at);
  }
  if (changes.empty()) changes.push_back(end);
  return changes;
}

void CompareAround(const Expression& expression, absl::Time middle,
                   absl::TimeZone zone) {
  auto cron = Cron::Parse(expression.Text());
  if (!cron.ok()) return;  // February 30th.
  const absl::Time end = middle + absl::Hours(30);
  absl::Time after = middle - absl::Hours(30);
  absl::Time expected = after + absl::Minutes(1);
  while (true) {
    while (expected <= end && !IsDue(expression, expected, zone)) {
      expected += absl::Minutes(1);
    }
    const auto next = cron->Next(after, zone);
    if (expected > end) {
      EXPECT_TRUE(!next || *next > end)
          << "after " << absl::FormatTime(after, zone) << " comes "
          << absl::FormatTime(*next, zone);
      return;
    }
    ASSERT_TRUE(next.has_value()) << absl::FormatTime(expected, zone);
    ASSERT_EQ(*next, expected) << "after " << absl::FormatTime(after, zone)
                               << " comes " << absl::FormatTime(*next, zone);
    after = expected;
    expected += absl::Minutes(1);
  }
}

// Set WINDLASS_RANDOM_ROUNDS for a longer search.
std::uint64_t Rounds() {
  const char* rounds = std::getenv("WINDLASS_RANDOM_ROUNDS");
  return rounds == nullptr ? 300 : std::strtoull(rounds, nullptr, 10);
}

TEST(CronPropertyTest, EveryMinuteIsDueThatAnObviousReadingSays) {
  for (const char* name : kZones) {
    absl::TimeZone zone;
    ASSERT_TRUE(absl::LoadTimeZone(name, &zone)) << name;
    const std::vector<absl::Time> changes = Changes(zone);
    Random random(7);
    for (std::uint64_t round = 0; round < Rounds() && !HasFailure(); ++round) {
      const Expression expression = RandomExpression(random);
      const absl::Time change = changes[random.Below(changes.size())];
      SCOPED_TRACE(absl::StrCat("round ", round, ": ", expression.Text(),
                                " in ", name, " around ",
                                absl::FormatTime(change, zone)));
      CompareAround(expression, change, zone);
    }
  }
}

}  // namespace
}  // namespace windlass

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "postgres_diagnosis.h"
#include "store/postgres/diagnosis/checks.h"

namespace windlass::postgres {
namespace {

using Level = Finding::Level;

// Close to where the server refuses to write.
constexpr std::int64_t kLastTransactionAge = 1'900'000'000;

// Of a list: more are counted only.
constexpr std::size_t kNamed = 3;

struct Named {
  std::string what;
  std::string remedy;
};

std::string Listed(const std::vector<Named>& all,
                   const std::string Named::*part) {
  std::vector<std::string> named;
  for (const Named& one : all) {
    if (named.size() == kNamed) {
      named.push_back(absl::StrCat(all.size() - kNamed, " more"));
      break;
    }
    named.push_back(one.*part);
  }
  return absl::StrJoin(named, "; ");
}

}  // namespace

absl::StatusOr<Finding> CheckLongTransactions(const Examined& examined) {
  constexpr char kCheck[] = "long transactions";
  const auto open = examined.inquiry.Ask(diagnosis::kLongTransactions);
  if (!open.ok()) return open.status();
  std::vector<Named> old;
  for (int row = 0; row < open->rows() && !open->IsNull("who", row); ++row) {
    const Duration age = std::chrono::seconds(open->Int("seconds", row));
    if (age < examined.limits.transaction) break;
    old.push_back(
        {absl::StrCat(open->Text("who", row), " for ", FormatDuration(age)),
         open->Text("remedy", row)});
  }
  if (!old.empty()) {
    return Finding{
        Level::kWarning, kCheck, Listed(old, &Named::what),
        absl::StrCat(
            "end them, for they keep dead rows from being cleaned up: ",
            Listed(old, &Named::remedy))};
  }
  if (open->Bool("sees_all")) return Finding{Level::kOk, kCheck, "none", ""};
  return Finding{Level::kOk, kCheck,
                 "none of this role; to see those of others it would need "
                 "pg_read_all_stats",
                 ""};
}

absl::StatusOr<Finding> CheckReplicationSlots(const Examined& examined) {
  constexpr char kCheck[] = "replication slots";
  const auto unread = examined.inquiry.Ask(diagnosis::kReplicationSlots);
  if (!unread.ok()) return unread.status();
  std::vector<Named> slots;
  for (int row = 0; row < unread->rows(); ++row) {
    slots.push_back(
        {absl::StrCat(unread->Text("name", row), " is not read: it keeps ",
                      unread->Text("log", row), " of log and what died in ",
                      unread->Int("transactions", row), " transactions"),
         unread->Text("remedy", row)});
  }
  if (slots.empty()) {
    return Finding{Level::kOk, kCheck, "none that nobody reads", ""};
  }
  return Finding{Level::kWarning, kCheck, Listed(slots, &Named::what),
                 absl::StrCat("start who reads them, or: ",
                              Listed(slots, &Named::remedy))};
}

absl::StatusOr<Finding> CheckVacuum(const Examined& examined) {
  constexpr char kCheck[] = "vacuum";
  const auto vacuum = examined.inquiry.Ask(diagnosis::kVacuum);
  if (!vacuum.ok()) return vacuum.status();
  if (!vacuum->Bool("enabled")) {
    return Finding{Level::kWarning, kCheck, "autovacuum is off",
                   "turn on autovacuum and track_counts: tables that change "
                   "all the time grow without end"};
  }
  if (!vacuum->IsNull("excluded")) {
    return Finding{
        Level::kWarning, kCheck,
        absl::StrCat("autovacuum is off for ", vacuum->Text("excluded")),
        "ALTER TABLE ... RESET (autovacuum_enabled) for each of them"};
  }
  const std::int64_t dead = vacuum->Int("dead");
  if (dead > examined.limits.dead_rows && dead > vacuum->Int("live")) {
    const std::string table = vacuum->Text("most");
    return Finding{
        Level::kWarning, kCheck,
        absl::StrCat(dead, " dead rows in ", table, ", last cleaned up ",
                     vacuum->Text("cleaned_up")),
        absl::StrCat("see `long transactions`; then VACUUM ", table)};
  }
  return Finding{Level::kOk, kCheck,
                 absl::StrCat("at most ", dead, " dead rows in a table"), ""};
}

absl::StatusOr<Finding> CheckTransactionIds(const Examined& examined) {
  constexpr char kCheck[] = "transaction ids";
  const auto oldest = examined.inquiry.Ask(diagnosis::kTransactionIds);
  if (!oldest.ok()) return oldest.status();
  const std::int64_t age = oldest->Int("age");
  std::string detail =
      absl::StrCat("the oldest is ", age, " of 2 billions back");
  if (age <= examined.limits.transaction_age) {
    return Finding{Level::kOk, kCheck, std::move(detail), ""};
  }
  return Finding{
      age < kLastTransactionAge ? Level::kWarning : Level::kProblem, kCheck,
      std::move(detail),
      "see `long transactions` and `replication slots` for what holds it; then "
      "VACUUM (FREEZE) the database before the server stops to take writes"};
}

}  // namespace windlass::postgres

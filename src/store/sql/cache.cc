// BeginCached(): equal keys are computed once over the whole fleet.

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sql_query.h"
#include "store/sql/ending.h"
#include "store/sql/row_text.h"
#include "store/sql/tasks.h"

namespace windlass::sql {
namespace {

absl::StatusOr<std::optional<CacheDecision>> FindHit(
    Transaction& tx, std::string_view key, std::optional<Duration> max_age) {
  // Far enough back for every entry, near enough not to overflow.
  Timestamp oldest{Duration::zero()};
  if (max_age && *max_age < tx.now().time_since_epoch()) {
    oldest = tx.now() - *max_age;
  }
  Rows rows = tx.db.Read(Query::kSelectCache, key, oldest);
  if (!rows.Next()) return std::nullopt;
  auto result = ReadEnvelopeText(rows.Text(0));
  if (!result.ok()) return result.status();
  CacheDecision decision;
  decision.kind = CacheDecision::Kind::kHit;
  decision.result = *std::move(result);
  decision.source = rows.Text(1);
  return decision;
}

// The lease that computes the key, if there is one.
std::optional<LeaseToken> FlightOf(Transaction& tx, std::string_view key) {
  Rows rows = tx.db.Read(Query::kSelectFlight, key);
  if (!rows.Next()) return std::nullopt;
  return LeaseToken{rows.Int(0)};
}

}  // namespace

absl::StatusOr<CacheDecision> Tasks::BeginCached(
    const Lease& lease, const std::string& key,
    std::optional<Duration> max_age) {
  CacheDecision decision;
  const auto body = [&](Transaction& tx) -> absl::Status {
    decision = CacheDecision();
    if (!IsCurrent(tx, lease.run->id, lease.task, lease.token)) {
      return absl::FailedPreconditionError(
          absl::StrCat("the lease ", lease.token.value, " has ended"));
    }
    auto hit = FindHit(tx, key, max_age);
    if (!hit.ok()) return hit.status();
    if (hit->has_value()) {
      decision = **std::move(hit);
      return absl::OkStatus();
    }
    const auto flight = FlightOf(tx, key);
    if (flight && *flight != lease.token) {
      decision.kind = CacheDecision::Kind::kWait;
      return absl::OkStatus();
    }
    decision.kind = CacheDecision::Kind::kCompute;
    if (flight) return absl::OkStatus();
    // Another transaction may have taken the key since we looked.
    if (tx.db.Execute(Query::kInsertFlight, std::string_view(key),
                      lease.token.value) == 0) {
      decision.kind = CacheDecision::Kind::kWait;
      return absl::OkStatus();
    }
    tx.rare.Added(Rare::kCacheFlight);
    return absl::OkStatus();
  };
  if (auto status = ledger_.Write(Ledger::Durability::kProcess, body);
      !status.ok()) {
    return status;
  }
  return decision;
}

}  // namespace windlass::sql

// Claim() and Finish(): the two calls that everything else waits for.

#include <algorithm>
#include <numeric>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "sql_query.h"
#include "store/sql/claim.h"
#include "store/sql/effects.h"
#include "store/sql/permits.h"
#include "store/sql/tasks.h"
#include "store/sql/waiting.h"

namespace windlass::sql {
namespace {

// A database that is far away is asked once for all ends.
void Fetch(Transaction& tx, std::span<const AttemptEnd> ends) {
  if (tx.writers == Writers::kOne || ends.empty()) return;
  std::vector<RunId> runs;
  for (const AttemptEnd& end : ends) runs.push_back(end.run);
  tx.db.Announce(Query::kAnyRare);
  tx.leases.Announce(tx.db, ends);
  tx.runs.Fetch(tx.db, std::move(runs));
  tx.leases.Fetch(tx.db);
}

// Who was told to slow down is one of all that share the key. For as long as
// the service said, else until the task itself tries again.
std::optional<Timestamp> HoldUntil(const AttemptEnd& end,
                                   const Decision& decision, Timestamp now) {
  if (!end.error || end.error->category != ErrorCategory::kThrottled) {
    return std::nullopt;
  }
  if (end.error->minimum_retry_delay) {
    return now + *end.error->minimum_retry_delay;
  }
  if (decision.kind == Decision::Kind::kRetryAt) return decision.at;
  return std::nullopt;
}

void NoteIfLimited(Transaction& tx, const TaskSpec& spec, const AttemptEnd& end,
                   const Decision& decision) {
  const bool adaptive = spec.concurrency && spec.concurrency->adaptive;
  if (!spec.rate_limit && !spec.circuit_breaker && !adaptive) return;
  NoteEnd(tx, {.task = {end.run, end.task},
               .testimony = TestimonyOf(end),
               .load = LoadSignOf(end),
               .latency = end.run_time,
               .hold_until = HoldUntil(end, decision, tx.now())});
}

// Ends one lease; false when it is no longer there.
bool FinishOne(Transaction& tx, const AttemptEnd& end) {
  LiveRun* run = tx.Run(end.run);
  if (run == nullptr) return false;
  AcknowledgeCancel(tx, end.token);
  const auto lease = TakeLease(tx, *run, end.task, end.token);
  if (!lease) return false;
  if (lease->stopping) {
    EndStopping(tx, *run, *lease, end.run_time);
    return end.outcome != AttemptOutcome::kSucceeded;
  }
  const std::uint64_t seed =
      JitterSeed(end.run, end.task, lease->ticket.attempt);
  const TaskSpec& spec = run->spec(end.task.node);
  const Decision decision =
      AfterAttempt(spec, lease->ticket, end, tx.now(), seed);
  NoteIfLimited(tx, spec, end, decision);
  EndAttempt(tx, *run, *lease, end, decision);
  return true;
}

// Runs in turn, so that each is read once; within a run in the order given.
std::vector<std::size_t> ByRun(std::span<const AttemptEnd> ends) {
  std::vector<std::size_t> order(ends.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(
      order.begin(), order.end(),
      [&](std::size_t a, std::size_t b) { return ends[a].run < ends[b].run; });
  return order;
}

}  // namespace

absl::StatusOr<ClaimReply> Tasks::Claim(const ClaimRequest& request) {
  ClaimReply reply;
  Doubts::Claim doubts(doubts_, request.executor);
  const auto body = [&](Transaction& tx) -> absl::Status {
    reply = ClaimReply();
    const LatestClaim latest = latest_.Of(request.executor);
    sql::Claim::Announce(tx, request, latest);
    if (!GuardExecutor(tx, request.executor)) {
      return absl::NotFoundError(
          absl::StrCat("executor ", request.executor.value,
                       " is not registered; register again"));
    }
    doubts.AppendHeld(tx, reply.leases);
    reply.next_due = PromoteDue(tx);
    sql::Claim claim(tx, request, latest, reply.leases);
    claim.TakeReady();
    claim.Grant();
    reply.looked_everywhere = claim.LookedEverywhere(reply.next_due);
    latest_.Note(request.executor, claim.Summary());
    return absl::OkStatus();
  };
  const auto status = ledger_.Write(Ledger::Durability::kProcess, body);
  doubts.End(status, reply.leases);
  if (!status.ok()) return status;
  return reply;
}

absl::StatusOr<FinishReply> Tasks::Finish(std::span<const AttemptEnd> ends,
                                          const ClaimRequest& next) {
  FinishReply reply;
  Doubts::Claim doubts(doubts_, next.executor);
  const auto body = [&](Transaction& tx) -> absl::Status {
    reply = FinishReply();
    reply.accepted.resize(ends.size());
    LatestClaim latest;
    if (next.limit > 0) {
      latest = latest_.Of(next.executor);
      sql::Claim::Announce(tx, next, latest);
    }
    Fetch(tx, ends);
    for (const std::size_t i : ByRun(ends)) {
      reply.accepted[i] = FinishOne(tx, ends[i]);
    }
    std::optional<sql::Claim> claim;
    if (next.limit > 0 && GuardExecutor(tx, next.executor)) {
      doubts.AppendHeld(tx, reply.leases);
      claim.emplace(tx, next, latest, reply.leases);
    }
    if (claim) claim->TakeFresh();
    FlushFresh(tx);
    reply.next_due = PromoteDue(tx);
    if (claim) {
      claim->TakeReady();
      claim->Grant();
      reply.looked_everywhere = claim->LookedEverywhere(reply.next_due);
      latest_.Note(next.executor, claim->Summary());
    }
    return absl::OkStatus();
  };
  const auto status = ledger_.Write(Ledger::Durability::kProcess, body);
  doubts.End(status, reply.leases);
  if (!status.ok()) return status;
  return reply;
}

}  // namespace windlass::sql

// Claim() and Finish(): the two calls that everything else waits for.

#include <algorithm>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "sqlite_queries.h"
#include "store/sqlite/claim.h"
#include "store/sqlite/effects.h"
#include "store/sqlite/tasks.h"
#include "store/sqlite/waiting.h"

namespace windlass::sqlite {
namespace {

// Ends one lease; false when it is no longer there.
bool FinishOne(Transaction& tx, const AttemptEnd& end) {
  AcknowledgeCancel(tx, end.token);
  LiveRun* run = tx.Run(end.run);
  if (run == nullptr) return false;
  const auto lease = TakeLease(tx, *run, end.task, end.token);
  if (!lease) return false;
  if (lease->stopping) {
    EndStopping(tx, *run, *lease, end.run_time);
    return end.outcome != AttemptOutcome::kSucceeded;
  }
  const std::uint64_t seed =
      JitterSeed(end.run, end.task, lease->ticket.attempt);
  EndAttempt(
      tx, *run, *lease, end,
      AfterAttempt(run->spec(end.task.node), lease->ticket, end, tx.now, seed));
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
  const auto body = [&](Transaction& tx) -> absl::Status {
    if (!IsAlive(tx.db, request.executor)) {
      return absl::NotFoundError(
          absl::StrCat("executor ", request.executor.value,
                       " is not registered; register again"));
    }
    reply.next_due = PromoteDue(tx);
    ClaimReady(tx, request, reply.leases);
    return absl::OkStatus();
  };
  if (auto status = ledger_.Write(Ledger::Durability::kProcess, body);
      !status.ok()) {
    return status;
  }
  return reply;
}

absl::StatusOr<FinishReply> Tasks::Finish(std::span<const AttemptEnd> ends,
                                          const ClaimRequest& next) {
  FinishReply reply;
  reply.accepted.resize(ends.size());
  const auto body = [&](Transaction& tx) -> absl::Status {
    for (const std::size_t i : ByRun(ends)) {
      reply.accepted[i] = FinishOne(tx, ends[i]);
    }
    const bool claim = next.limit > 0 && IsAlive(tx.db, next.executor);
    if (claim) ClaimFresh(tx, next, reply.leases);
    FlushFresh(tx);
    reply.next_due = PromoteDue(tx);
    if (claim) ClaimReady(tx, next, reply.leases);
    return absl::OkStatus();
  };
  if (auto status = ledger_.Write(Ledger::Durability::kProcess, body);
      !status.ok()) {
    return status;
  }
  return reply;
}

}  // namespace windlass::sqlite

// AcquirePermits(): whether leased tasks may begin, as far as limits go.

#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "sql_query.h"
#include "store/sql/ending.h"
#include "store/sql/limiters.h"
#include "store/sql/tasks.h"

namespace windlass::sql {
namespace {

// A permit that a task has already.
struct HeldPermit {
  bool reserved = false;
  Line line;
  std::int64_t era = 0;
};

class Acquisition {
 public:
  Acquisition(Transaction& tx, std::span<const PermitRequest> requests)
      : tx_(tx), requests_(requests), limiters_(tx) {}

  std::vector<PermitAnswer> Run() {
    std::vector<PermitAnswer> answers(requests_.size(),
                                      {PermitDecision::kLeaseEnded});
    FindCurrent();
    ReadHeld();
    limiters_.Lock({}, Terms(), Limiters::Partners::kWithout);
    if (!tx_.db.ok()) return answers;
    for (const std::size_t i : current_) answers[i] = Decide(i);
    limiters_.Save();
    return answers;
  }

 private:
  // A database that is far away is asked once for all.
  void FindCurrent() {
    std::vector<AttemptEnd> named;
    std::vector<RunId> runs;
    for (const PermitRequest& request : requests_) {
      runs.push_back(request.lease.run->id);
      AttemptEnd& end = named.emplace_back();
      end.run = request.lease.run->id;
      end.task = request.lease.task;
    }
    if (tx_.writers == Writers::kMany) {
      tx_.leases.Announce(tx_.db, named);
      tx_.runs.Fetch(tx_.db, std::move(runs));
      tx_.leases.Fetch(tx_.db);
    }
    for (std::size_t i = 0; i < requests_.size(); ++i) {
      const Lease& lease = requests_[i].lease;
      if (IsCurrent(tx_, lease.run->id, lease.task, lease.token)) {
        current_.push_back(i);
      }
    }
  }

  void ReadHeld() {
    held_.resize(requests_.size());
    if (current_.empty() || !tx_.Any(Rare::kPermit)) return;
    if (tx_.writers == Writers::kOne) {
      for (const std::size_t i : current_) {
        const Lease& lease = requests_[i].lease;
        Rows rows = tx_.db.Read(Query::kSelectPermit, lease.run->id,
                                lease.task.node, lease.task.index);
        if (rows.Next()) held_[i] = ReadPermit(rows, 0);
      }
      return;
    }
    std::vector<std::int64_t> runs;
    std::vector<std::int64_t> nodes;
    std::vector<std::int64_t> indexes;
    absl::flat_hash_map<std::string, std::size_t> places;
    for (const std::size_t i : current_) {
      const Lease& lease = requests_[i].lease;
      runs.push_back(lease.run->id.value);
      nodes.push_back(lease.task.node);
      indexes.push_back(lease.task.index);
      places[NameOf(lease.run->id, lease.task)] = i;
    }
    Rows rows = tx_.db.Read(Query::kSelectPermitsOfTasks, Ints{runs},
                            Ints{nodes}, Ints{indexes});
    while (rows.Next()) {
      const RunId run{rows.Int(0)};
      const TaskKey task{rows.Int32(1), rows.Int32(2)};
      held_[places.at(NameOf(run, task))] = ReadPermit(rows, 3);
    }
  }

  static std::string NameOf(RunId run, TaskKey task) {
    return absl::StrCat(run.value, " ", task.node, " ", task.index);
  }

  static HeldPermit ReadPermit(const Rows& rows, int column) {
    return {.reserved = rows.IsNull(column),
            .line = {.concurrency = rows.Int(column + 1),
                     .rate = rows.Int(column + 2),
                     .circuit = rows.Int(column + 3)},
            .era = rows.Int(column + 4)};
  }

  std::vector<LimitTerms> Terms() const {
    std::vector<LimitTerms> all;
    for (const std::size_t i : current_) {
      const PermitRequest& request = requests_[i];
      const auto terms =
          TermsOf(request.lease.spec(), request.lease.run->id, request.keys);
      all.insert(all.end(), terms.begin(), terms.end());
    }
    return all;
  }

  Need NeedOf(const PermitRequest& request) {
    Need need;
    for (const LimitTerms& terms :
         TermsOf(request.lease.spec(), request.lease.run->id, request.keys)) {
      Limiter* limiter = limiters_.Find(terms.kind, terms.key);
      switch (terms.kind) {
        case LimitKind::kConcurrency:
          need.concurrency = limiter;
          break;
        case LimitKind::kRate:
          need.rate = limiter;
          break;
        case LimitKind::kCircuit:
          need.circuit = limiter;
          break;
      }
    }
    return need;
  }

  PermitAnswer Decide(std::size_t i) {
    const PermitRequest& request = requests_[i];
    const Need need = NeedOf(request);
    if (need.empty()) return {PermitDecision::kGranted};
    return held_[i] ? Use(request, need, *held_[i]) : Take(request, need);
  }

  // A task that was let go, one that is under way still, or a request that is
  // repeated because its answer was lost.
  PermitAnswer Use(const PermitRequest& request, const Need& need,
                   const HeldPermit& held) {
    // The keys have another value now: what it holds ends with its lease.
    if (need.line() != held.line) return {PermitDecision::kWait};
    // Its circuit has opened since it was let go, and it has not begun.
    if (held.reserved && need.circuit != nullptr &&
        !need.circuit->circuit->IsCurrent(held.era)) {
      return {PermitDecision::kWait};
    }
    Duration delay{0};
    if (held.reserved && need.rate != nullptr) {
      delay = need.rate->Start(tx_.now());
    }
    const Lease& lease = request.lease;
    tx_.db.Write(Query::kUsePermit, lease.run->id, lease.task.node,
                 lease.task.index, lease.token.value);
    return {PermitDecision::kGranted, delay};
  }

  PermitAnswer Take(const PermitRequest& request, const Need& need) {
    if (!need.IsFreeForNewcomers(tx_.now())) return {PermitDecision::kWait};
    need.Take();
    Duration delay{0};
    if (need.rate != nullptr) delay = need.rate->Start(tx_.now());
    const Line line = need.line();
    const Lease& lease = request.lease;
    tx_.db.Write(Query::kInsertPermit, lease.run->id, lease.task.node,
                 lease.task.index, lease.token.value, line.concurrency,
                 line.rate, line.circuit, need.era(), need.most(), tx_.now());
    tx_.rare.Added(Rare::kPermit);
    return {PermitDecision::kGranted, delay};
  }

  Transaction& tx_;
  const std::span<const PermitRequest> requests_;
  Limiters limiters_;
  std::vector<std::size_t> current_;  // Requests whose lease has not ended.
  std::vector<std::optional<HeldPermit>> held_;  // By request.
};

}  // namespace

absl::StatusOr<std::vector<PermitAnswer>> Tasks::AcquirePermits(
    std::span<const PermitRequest> requests) {
  std::vector<PermitAnswer> answers;
  const auto body = [&](Transaction& tx) {
    answers = Acquisition(tx, requests).Run();
    return absl::OkStatus();
  };
  if (auto status = ledger_.Write(Ledger::Durability::kProcess, body);
      !status.ok()) {
    return status;
  }
  return answers;
}

}  // namespace windlass::sql

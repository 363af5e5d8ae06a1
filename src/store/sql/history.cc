#include "store/sql/history.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "sql_query.h"
#include "store/sql/transaction.h"

namespace windlass::sql {
namespace {

// Looked at in one call, sub-runs aside.
constexpr int kPage = 500;

// Runs in the order of their ids, which is about the order of their creation.
struct Page {
  RunId after;
  RunId last;
  // Whether runs may follow that are old enough to have ended before the limit.
  bool more = false;
};

Page ReadPage(Connection& connection, RunId after, Timestamp limit) {
  Page page{after, after, false};
  int runs = 0;
  bool any_old = false;
  Rows rows = connection.Read(Query::kSelectPageOfRuns, after, kPage);
  while (rows.Next()) {
    page.last = RunId{rows.Int(0)};
    any_old = any_old || rows.Time(1) < limit;
    ++runs;
  }
  page.more = runs == kPage && any_old;
  return page;
}

struct EndedRun {
  RunId id;
  RunState state;
};

// The families of the page's runs of which all members ended before `limit`.
std::vector<EndedRun> ReadOld(Connection& connection, const Page& page,
                              Timestamp limit) {
  struct Family {
    std::vector<EndedRun> members;
    bool old = true;
  };
  std::map<std::int64_t, Family> families;
  Rows rows = connection.Read(Query::kSelectFamilies, page.after, page.last);
  while (rows.Next()) {
    Family& family = families[rows.Int(1)];
    family.members.push_back(
        {RunId{rows.Int(0)}, static_cast<RunState>(rows.Int(2))});
    const auto finished_at = rows.OptionalTime(3);
    family.old = family.old && finished_at && *finished_at < limit;
  }
  std::vector<EndedRun> old;
  for (const auto& [root, family] : families) {
    if (!family.old) continue;
    old.insert(old.end(), family.members.begin(), family.members.end());
  }
  return old;
}

// Rows that were about these runs, and others that have been deleted before.
void DropUnusedRanges(Transaction& tx, const std::vector<EndedRun>& deleted) {
  if (deleted.empty()) return;
  const auto [first, last] = std::minmax_element(
      deleted.begin(), deleted.end(),
      [](const EndedRun& a, const EndedRun& b) { return a.id < b.id; });
  // Whoever deletes the other runs of a row sees only then that these are gone.
  if (tx.writers == Writers::kMany) {
    Rows rows = tx.db.Read(Query::kLockTaskEndRanges, first->id, last->id);
  }
  tx.db.Execute(Query::kDeleteUnusedTaskEndRanges, first->id, last->id);
}

// Locks those that were old, and looks again: someone may have retried one. By
// the same limit, no other has become old since.
std::int64_t DeleteOld(Transaction& tx, const Page& page,
                       const std::vector<EndedRun>& seen, Timestamp limit) {
  std::vector<RunId> ids;
  for (const EndedRun& run : seen) ids.push_back(run.id);
  tx.runs.Fetch(tx.db, std::move(ids));
  const std::vector<EndedRun> old = ReadOld(tx.db, page, limit);
  for (const EndedRun& run : old) {
    tx.db.Write(Query::kDeleteRun, run.id);
    tx.tally.Runs(run.state, -1);
  }
  DropUnusedRanges(tx, old);
  return static_cast<std::int64_t>(old.size());
}

// After the last page.
void DropLeftovers(Transaction& tx, Timestamp limit) {
  tx.db.Write(Query::kDeleteOldCache, limit);
  // Of workflows nobody runs any more. Where there are many writers, folding
  // drops them.
  if (tx.writers == Writers::kOne) tx.db.Write(Query::kDeleteEmptyTally);
}

// What the transaction that inserted an input did not use is never used.
absl::StatusOr<std::vector<std::int64_t>> ReadUnusedInputs(Ledger& ledger) {
  std::vector<std::int64_t> unused;
  const auto look = [&](Connection& connection, Timestamp) {
    unused.clear();
    Rows rows = connection.Read(Query::kSelectUnusedInputs);
    while (rows.Next()) unused.push_back(rows.Int(0));
    return absl::OkStatus();
  };
  if (auto status = ledger.Read(look); !status.ok()) return status;
  return unused;
}

absl::Status DeleteUnusedInputs(Ledger& ledger) {
  while (true) {
    const auto unused = ReadUnusedInputs(ledger);
    if (!unused.ok()) return unused.status();
    if (unused->empty()) return absl::OkStatus();
    const auto body = [&](Transaction& tx) {
      for (const std::int64_t input : *unused) {
        tx.db.Write(Query::kDeleteInput, input);
      }
      return absl::OkStatus();
    };
    auto status = ledger.Write(Ledger::Durability::kProcess, body);
    if (!status.ok()) return status;
  }
}

// History in parts, which are made and dropped as a whole.
absl::Status TendHistory(Ledger& ledger, Timestamp now, Duration kept) {
  const auto body = [&](Transaction& tx) {
    tx.db.Write(Query::kTendHistory, now, kept.count());
    return absl::OkStatus();
  };
  return ledger.Write(Ledger::Durability::kProcess, body);
}

}  // namespace

absl::StatusOr<PruneReply> History::Prune(const PruneRequest& request) {
  if (request.older_than <= Duration::zero()) {
    return absl::InvalidArgumentError("older_than must be positive");
  }
  PruneReply reply;
  Page page;
  std::vector<EndedRun> old;
  Timestamp limit;
  const auto look = [&](Connection& connection, Timestamp now) {
    limit = now - request.older_than;
    page = ReadPage(connection, request.after, limit);
    old = ReadOld(connection, page, limit);
    return absl::OkStatus();
  };
  if (auto status = ledger_.Read(look); !status.ok()) return status;
  if (page.more) reply.next = page.last;
  reply.runs = static_cast<std::int64_t>(old.size());
  if (request.mode == PruneRequest::Mode::kDryRun) return reply;

  auto writers = Writers::kOne;
  if (!old.empty() || !page.more) {
    const auto body = [&](Transaction& tx) {
      writers = tx.writers;
      reply.runs = DeleteOld(tx, page, old, limit);
      if (!page.more) DropLeftovers(tx, limit);
      return absl::OkStatus();
    };
    auto status = ledger_.Write(Ledger::Durability::kProcess, body);
    if (!status.ok()) return status;
  }
  if (page.more) return reply;
  if (auto status = DeleteUnusedInputs(ledger_); !status.ok()) return status;
  if (writers == Writers::kOne) return reply;  // Where history is one table.
  const Timestamp now = limit + request.older_than;
  if (auto status = TendHistory(ledger_, now, request.older_than);
      !status.ok()) {
    return status;
  }
  return reply;
}

}  // namespace windlass::sql

#include "store/sql/ready_rows.h"

#include <algorithm>

#include "sql_query.h"
#include "store/sql/waiting.h"

namespace windlass::sql {
namespace {

// A claim locks whole rows. Of what is submitted together this many claims can
// take some at the same time.
constexpr std::size_t kShares = 32;

bool Continues(const ReadyRow& next, const ReadyRow& row) {
  return next.run.value == row.run.value + 1 && next.lane == row.lane &&
         next.rank == row.rank && next.node == row.node && next.idx == -1 &&
         next.definition && next.definition == row.definition &&
         next.ticket.scheduled_at == row.ticket.scheduled_at;
}

std::optional<ReadyRow> FindRange(Transaction& tx, const LiveRun& run,
                                  const Place& place, std::int32_t node) {
  auto rows = ReadReadyRows(tx.db.Read(Query::kSelectReadyRange, place.lane,
                                       place.rank, run.id(), node));
  if (rows.empty()) return std::nullopt;
  return rows.front();
}

// Null when the row is there no longer.
std::optional<ReadyRow> Lock(Transaction& tx, const ReadyRow& row) {
  if (tx.writers == Writers::kOne) return row;
  auto rows = ReadReadyRows(tx.db.Read(Query::kLockReadyRange, row.lane,
                                       row.rank, row.run, row.node));
  if (rows.empty()) return std::nullopt;
  return rows.front();
}

bool Covers(const ReadyRow& row, RunId run) {
  return run <= row.run && row.first_run() <= run;
}

void Insert(Connection& connection, const ReadyRow& row) {
  connection.Write(Query::kInsertReady, row.lane, row.rank, row.run, row.node,
                   row.idx, row.count, row.ticket.attempt, row.ticket.failures,
                   row.ticket.crashes, row.ticket.scheduled_at, row.ready_at,
                   row.runs, row.definition, row.input);
}

// The row's runs before `run`, it, and those behind.
void Split(Transaction& tx, const ReadyRow& row, RunId run) {
  if (run == row.run) {
    tx.db.Write(Query::kDeleteReady, row.lane, row.rank, row.run, row.node,
                row.idx);
  } else {
    tx.db.Write(Query::kShrinkReady, row.lane, row.rank, row.run, row.node,
                row.idx, row.count, row.run.value - run.value);
  }
  ReadyRow single = row;
  single.run = run;
  single.runs = 1;
  Insert(tx.db, single);
  if (run == row.first_run()) return;
  ReadyRow before = row;
  before.run = RunId{run.value - 1};
  before.runs = static_cast<std::int32_t>(run.value - row.first_run().value);
  Insert(tx.db, before);
}

}  // namespace

ReadyRow ReadReadyRow(const Rows& rows) {
  ReadyRow row;
  row.lane = rows.Int(0);
  row.rank = rows.Int32(1);
  row.run = RunId{rows.Int(2)};
  row.node = rows.Int32(3);
  row.idx = rows.Int32(4);
  row.count = rows.Int32(5);
  row.ticket = ReadTicket(rows, 6);
  row.ready_at = rows.Time(10);
  row.runs = rows.Int32(11);
  if (!rows.IsNull(12)) row.definition = rows.Int(12);
  if (!rows.IsNull(13)) row.input = rows.Int(13);
  return row;
}

std::vector<ReadyRow> ReadReadyRows(Rows rows) {
  std::vector<ReadyRow> ready;
  while (rows.Next()) ready.push_back(ReadReadyRow(rows));
  return ready;
}

void PutReadyRow(Transaction& tx, const ReadyRow& row) {
  Insert(tx.db, row);
  tx.tally.Ready(row.lane, row.tasks());
}

void NewReady::Write(Transaction& tx) {
  std::stable_sort(rows_.begin(), rows_.end(),
                   [](const ReadyRow& a, const ReadyRow& b) {
                     return std::tuple(a.lane, a.rank, a.node, a.run.value) <
                            std::tuple(b.lane, b.rank, b.node, b.run.value);
                   });
  const auto most = static_cast<std::int32_t>(
      std::clamp<std::size_t>(rows_.size() / kShares, 1, kMostInRow));
  for (std::size_t i = 0; i < rows_.size();) {
    ReadyRow row = rows_[i++];
    while (i < rows_.size() && row.runs < most && Continues(rows_[i], row)) {
      row.run = rows_[i].run;
      if (row.input != rows_[i].input) row.input.reset();
      ++row.runs;
      ++i;
    }
    PutReadyRow(tx, row);
  }
  rows_.clear();
}

// Others may split the row while it is not ours: it must be looked for until
// none is there, or one is locked and still covers the run.
void SeparateReady(Transaction& tx, const LiveRun& run, const Place& place,
                   std::int32_t node) {
  while (const auto found = FindRange(tx, run, place, node)) {
    const auto locked = Lock(tx, *found);
    if (locked && Covers(*locked, run.id())) {
      if (locked->runs > 1) Split(tx, *locked, run.id());
      return;
    }
    if (!tx.db.ok()) return;
  }
}

}  // namespace windlass::sql

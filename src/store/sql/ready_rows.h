// Rows of `ready`: tasks that can be claimed.
#pragma once

#include <cstdint>
#include <optional>
#include <tuple>
#include <vector>

#include "model/lifecycle.h"
#include "store/sql/transaction.h"
#include "windlass/ids.h"

namespace windlass::sql {

// What a row says. It stands for the instances [first(), idx] of a mapped task,
// or for one task of the runs [first_run(), run], or, mostly, for one task.
struct ReadyRow {
  std::int64_t lane = 0;
  int rank = -1;
  RunId run;
  std::int32_t node = 0;
  std::int32_t idx = 0;
  std::int32_t count = 0;
  std::int32_t runs = 1;
  Ticket ticket;
  Timestamp ready_at;
  // Of runs that were submitted together and have not been claimed since.
  std::optional<std::int64_t> definition;
  std::optional<std::int64_t> input;

  auto Key() const { return std::tuple(rank, run.value, node, idx); }
  std::int32_t first() const { return idx - count + 1; }
  RunId first_run() const { return RunId{run.value - runs + 1}; }
  std::int32_t tasks() const { return count * runs; }
};

// From the columns lane, rank, run, node, idx, count, those of a ticket,
// ready_at, runs, definition and input.
ReadyRow ReadReadyRow(const Rows& rows);
std::vector<ReadyRow> ReadReadyRows(Rows rows);

void PutReadyRow(Transaction& tx, const ReadyRow& row);

// Rows that become claimable in one transaction. Those of consecutive runs are
// written as one when nothing else tells them apart.
class NewReady {
 public:
  void Add(const ReadyRow& row) { rows_.push_back(row); }
  void Write(Transaction& tx);

 private:
  std::vector<ReadyRow> rows_;
};

// Gives the claimable task of a locked run and node, if it shares a row with
// other runs, a row of its own, for statements that read those.
void SeparateReady(Transaction& tx, const LiveRun& run, const Place& place,
                   std::int32_t node);

}  // namespace windlass::sql

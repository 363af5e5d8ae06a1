// Reading claimable tasks in the order in which claims take them.
#pragma once

#include <cstdint>
#include <optional>
#include <tuple>
#include <vector>

#include "store/sql/transaction.h"
#include "windlass/ids.h"

namespace windlass::sql {

// A row of `ready`, or what is left of it: the instances [first(), idx].
struct ReadyRow {
  std::int64_t lane = 0;
  int rank = -1;
  RunId run;
  std::int32_t node = 0;
  std::int32_t idx = 0;
  std::int32_t count = 0;
  Ticket ticket;

  auto Key() const { return std::tuple(rank, run.value, node, idx); }
  std::int32_t first() const { return idx - count + 1; }
};

// From the columns lane, rank, run, node, idx, count and those of a ticket.
std::vector<ReadyRow> ReadReadyRows(Rows rows);

// The first tasks of some lanes, merged. Whoever reads them takes them, or
// leaves them in the table; what was taken is gone when the scan is done.
class ReadyScan {
 public:
  // `room`: how many tasks at the most will be taken.
  ReadyScan(Transaction& tx, const std::vector<std::int64_t>& lanes,
            std::int32_t room);
  // Deletes what was taken and has not been deleted yet.
  ~ReadyScan();
  ReadyScan(const ReadyScan&) = delete;
  ReadyScan& operator=(const ReadyScan&) = delete;

  // Runs of the rows read so far.
  std::vector<RunId> Runs() const;

  // The next row; null at the end.
  const ReadyRow* Head() const;
  // The head was taken wholly.
  void Pass();
  // The head stays.
  void Keep();

 private:
  class Lane;
  void FindHead();

  std::vector<Lane> lanes_;
  Lane* head_ = nullptr;
};

}  // namespace windlass::sql

// Reading claimable tasks in the order in which claims take them.
#pragma once

#include <cstdint>
#include <vector>

#include "store/sql/ready_marks.h"
#include "store/sql/ready_rows.h"
#include "store/sql/transaction.h"

namespace windlass::sql {

// The first tasks of some lanes, merged. Whoever reads them takes them, or
// leaves them in the table; what was taken is gone when the scan is done.
class ReadyScan {
 public:
  // `most`: how many rows at the most will be taken. With many writers no more
  // than that are locked, none can be read beyond, and the scan begins where
  // `marks`, borrowed, says and tells them how far it got.
  ReadyScan(Transaction& tx, const std::vector<std::int64_t>& lanes,
            std::int32_t most, ReadyMarks& marks);
  // Deletes what was taken and has not been deleted yet.
  ~ReadyScan();
  ReadyScan(const ReadyScan&) = delete;
  ReadyScan& operator=(const ReadyScan&) = delete;

  // Runs of the rows read so far whose rows do not say all there is to know.
  // Enough of them for that many tasks.
  std::vector<RunId> Runs(std::int32_t tasks) const;

  // Whether it began at the marks: there may be rows before them.
  bool began_at_marks() const { return began_at_marks_; }

  // The next row; null at the end.
  const ReadyRow* Head() const;
  // The head was taken wholly.
  void Pass();
  // The head stays.
  void Keep();

 private:
  class Lane;
  void FindHead();

  ReadyMarks& marks_;
  bool began_at_marks_ = false;
  std::vector<Lane> lanes_;
  Lane* head_ = nullptr;
};

}  // namespace windlass::sql

#include "store/sql/ready_scan.h"

#include <algorithm>
#include <utility>

#include "sql_query.h"

namespace windlass::sql {
namespace {

// Where lanes are read one by one, a few rows at a time.
constexpr std::size_t kSmallestChunk = 8;

std::vector<ReadyRow> LockFromBeginning(Transaction& tx,
                                        const std::vector<std::int64_t>& lanes,
                                        std::int32_t most, ReadyMarks& marks) {
  std::vector<ReadyRow> rows;
  Duration cost(0);
  Rows read = tx.db.Read(Query::kLockReady, Ints{lanes}, most);
  while (read.Next()) {
    if (read.IsNull(0)) {
      cost = Duration(read.Int(2));
    } else {
      rows.push_back(ReadReadyRow(read));
    }
  }
  marks.Looked(rows, cost, std::chrono::steady_clock::now());
  return rows;
}

std::vector<ReadyRow> LockFromMarks(Transaction& tx,
                                    const std::vector<std::int64_t>& lanes,
                                    std::int32_t most,
                                    const ReadyMarks& marks) {
  const ReadyMarks::Starts starts = marks.StartsOf(lanes);
  return ReadReadyRows(tx.db.Read(Query::kLockReadyFrom, Ints{lanes},
                                  Ints{starts.lanes}, Ints{starts.ranks},
                                  Ints{starts.runs}, most));
}

}  // namespace

// A lane's tasks in order.
class ReadyScan::Lane {
 public:
  // Reads by itself, a chunk at a time.
  Lane(Transaction& tx, std::int64_t lane, std::size_t chunk)
      : tx_(&tx), lane_(lane), chunk_(chunk) {
    Fill();
  }
  // Has all rows that may be read; they are locked.
  Lane(Transaction& tx, std::vector<ReadyRow> rows)
      : tx_(&tx), rows_(std::move(rows)), kept_some_(true) {}

  const std::vector<ReadyRow>& rows() const { return rows_; }

  const ReadyRow* Head() const {
    return next_ < rows_.size() ? &rows_[next_] : nullptr;
  }
  void Pass() {
    if (kept_some_) DeleteHead();
    Advance();
  }
  void Keep() {
    if (!kept_some_) DeletePassed();
    kept_some_ = true;
    Advance();
  }

  // Everything passed leaves the table at once: it is the lane's beginning, as
  // long as nothing of it is kept.
  void DeletePassed() {
    if (!passed_ || kept_some_) return;
    tx_->db.Write(Query::kDeleteReadyUpTo, lane_, passed_->rank, passed_->run,
                  passed_->node, passed_->idx);
  }

 private:
  void Advance() {
    passed_ = rows_[next_++];
    if (next_ == rows_.size() && rows_.size() == chunk_) Fill();
  }
  void DeleteHead() {
    const ReadyRow& row = *Head();
    tx_->db.Write(Query::kDeleteReady, row.lane, row.rank, row.run, row.node,
                  row.idx);
  }
  void Fill() {
    const ReadyRow from = passed_.value_or(ReadyRow{});
    rows_ = ReadReadyRows(tx_->db.Read(Query::kScanReady, lane_, from.rank,
                                       from.run, from.node, from.idx, chunk_));
    next_ = 0;
  }

  Transaction* tx_;
  std::int64_t lane_ = 0;
  std::size_t chunk_ = 0;  // 0: there are no more rows than there are.
  std::vector<ReadyRow> rows_;
  std::size_t next_ = 0;
  std::optional<ReadyRow> passed_;
  bool kept_some_ = false;
};

ReadyScan::ReadyScan(Transaction& tx, const std::vector<std::int64_t>& lanes,
                     std::int32_t most, ReadyMarks& marks)
    : marks_(marks) {
  if (lanes.empty()) return;
  if (tx.writers == Writers::kOne) {
    const auto rows = static_cast<std::size_t>(most);
    const std::size_t chunk =
        std::min(rows, std::max(kSmallestChunk, rows / lanes.size() + 1));
    lanes_.reserve(lanes.size());
    for (const std::int64_t lane : lanes) lanes_.emplace_back(tx, lane, chunk);
  } else {
    began_at_marks_ = marks.Usable(std::chrono::steady_clock::now());
    lanes_.emplace_back(tx, began_at_marks_
                                ? LockFromMarks(tx, lanes, most, marks)
                                : LockFromBeginning(tx, lanes, most, marks));
  }
  FindHead();
}

ReadyScan::~ReadyScan() {
  for (Lane& lane : lanes_) lane.DeletePassed();
}

std::vector<RunId> ReadyScan::Runs(std::int32_t tasks) const {
  std::vector<RunId> runs;
  const auto most = static_cast<std::size_t>(tasks);
  for (const Lane& lane : lanes_) {
    for (const ReadyRow& row : lane.rows()) {
      if (row.definition && row.input) continue;
      for (std::int64_t run = row.first_run().value;
           run <= row.run.value && runs.size() < most; ++run) {
        runs.push_back(RunId{run});
      }
    }
  }
  return runs;
}

const ReadyRow* ReadyScan::Head() const {
  return head_ == nullptr ? nullptr : head_->Head();
}

void ReadyScan::Pass() {
  marks_.Took(*Head());
  head_->Pass();
  FindHead();
}

void ReadyScan::Keep() {
  head_->Keep();
  FindHead();
}

void ReadyScan::FindHead() {
  head_ = nullptr;
  for (Lane& lane : lanes_) {
    if (lane.Head() == nullptr) continue;
    if (head_ == nullptr || lane.Head()->Key() < head_->Head()->Key()) {
      head_ = &lane;
    }
  }
}

}  // namespace windlass::sql

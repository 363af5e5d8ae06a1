#include "store/sql/stored_rows.h"

#include <algorithm>

#include "sql_query.h"

namespace windlass::sql {
namespace {

// Instances that have succeeded or been skipped, read at a time.
constexpr std::int32_t kPage = 1000;

// The gaps between the instances that are done.
class Gaps {
 public:
  Gaps(std::int32_t from, std::int32_t limit) : next_(from), left_(limit) {}

  bool full() const { return left_ == 0; }
  std::int32_t next() const { return next_; }
  // Nothing below `done` is done but what was said before.
  void Until(std::int32_t done) {
    const std::int32_t count = std::min(done - next_, left_);
    if (count > 0) {
      ranges_.push_back({next_, count});
      left_ -= count;
    }
    next_ = done;
  }
  // Those from `done` to `last` are done.
  void Pass(std::int32_t done, std::int32_t last) {
    if (done > next_) Until(done);
    next_ = std::max(next_, last + 1);
  }
  std::vector<InstanceRange> Take() { return std::move(ranges_); }

 private:
  std::int32_t next_;
  std::int32_t left_;
  std::vector<InstanceRange> ranges_;
};

}  // namespace

std::int32_t StoredRows::Running(std::int32_t node) const {
  // A claim does not lock the run. It locks what it takes, and so does this:
  // once these rows are ours nothing of the node can become running.
  const Place place = run_.place(node);
  {
    Rows rows = tx_.db.Read(Query::kSelectReadyOfNode, place.lane, place.rank,
                            run_.id(), node);
    while (rows.Next()) {
    }
  }
  return tx_.leases.CountRunning(tx_.db, run_.id(), node);
}

std::vector<InstanceRange> StoredRows::NotDone(std::int32_t node,
                                               std::int32_t from,
                                               std::int32_t to,
                                               std::int32_t limit) const {
  tx_.plain_ends.Save(tx_.db);
  Gaps gaps(from, limit);
  while (!gaps.full()) {
    std::int32_t found = 0;
    Rows rows = tx_.db.Read(Query::kSelectDoneInstances, run_.id(), node,
                            gaps.next(), kPage);
    for (; !gaps.full() && rows.Next(); ++found) {
      gaps.Pass(rows.Int32(0), rows.Int32(1));
    }
    if (found == kPage) continue;
    gaps.Until(to);
    break;
  }
  return gaps.Take();
}

}  // namespace windlass::sql

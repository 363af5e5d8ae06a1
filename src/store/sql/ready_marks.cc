#include "store/sql/ready_marks.h"

#include <algorithm>

#include "absl/container/flat_hash_set.h"

namespace windlass::sql {
namespace {

// Below this there is no need for marks: some ten thousand dead rows.
constexpr Duration kDear = std::chrono::milliseconds(10);
// Looks from the beginning get one part of the time in so many.
constexpr int kShare = 20;
constexpr int kRanks = 10;

}  // namespace

Duration ReadyMarks::UsableFor(Instant now) const {
  if (!Usable(now)) return Duration::zero();
  return std::chrono::ceil<Duration>(due_ - now);
}

ReadyMarks::Starts ReadyMarks::StartsOf(
    std::span<const std::int64_t> lanes) const {
  Starts starts;
  for (const std::int64_t lane : lanes) {
    for (int rank = 0; rank < kRanks; ++rank) {
      const auto mark = runs_.find(LaneAndRank(lane, rank));
      starts.lanes.push_back(lane);
      starts.ranks.push_back(rank);
      starts.runs.push_back(mark == runs_.end() ? 0 : mark->second);
    }
  }
  return starts;
}

void ReadyMarks::Looked(std::span<const ReadyRow> found, Duration cost,
                        Instant now) {
  if (cost < kDear) {
    *this = ReadyMarks();
    return;
  }
  due_ = now + cost * kShare;
  absl::flat_hash_set<LaneAndRank> seen;
  for (const ReadyRow& row : found) {
    const LaneAndRank place(row.lane, row.rank);
    if (seen.insert(place).second) runs_[place] = row.run.value;
  }
}

void ReadyMarks::Took(const ReadyRow& row) {
  if (due_ == Instant::min()) return;
  std::int64_t& run = runs_[LaneAndRank(row.lane, row.rank)];
  run = std::max(run, row.run.value);
}

}  // namespace windlass::sql

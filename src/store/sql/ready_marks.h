// Where an executor's claims begin to look at claimable tasks.
//
// On PostgreSQL a row that was claimed stays in the way of every later claim
// until no transaction can see it any more. One that stays open for an hour (a
// dump, a forgotten session) so leaves a million dead rows before the first
// live one. A claim that notices remembers how far it got and goes on from
// there. What became claimable behind that, an earlier run's next step or a
// retry, is found by a look from the beginning, which is due as soon as it
// costs less than a twentieth of the time.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "store/sql/ready_rows.h"
#include "windlass/time.h"

namespace windlass::sql {

// Advice only: what is wrong with it costs time until the next look from the
// beginning. Not thread-safe.
class ReadyMarks {
 public:
  using Instant = std::chrono::steady_clock::time_point;

  // Whether to begin at the marks; otherwise at the beginning.
  bool Usable(Instant now) const { return now < due_; }
  // How long they will be.
  Duration UsableFor(Instant now) const;

  // For each lane and rank the first run to look at.
  struct Starts {
    std::vector<std::int64_t> lanes;
    std::vector<std::int64_t> ranks;
    std::vector<std::int64_t> runs;
  };
  Starts StartsOf(std::span<const std::int64_t> lanes) const;

  // A look from the beginning found these, in order, and took the database so
  // long.
  void Looked(std::span<const ReadyRow> found, Duration cost, Instant now);
  // By any look: what is before it, and not locked, is gone.
  void Took(const ReadyRow& row);

 private:
  using LaneAndRank = std::pair<std::int64_t, int>;

  Instant due_ = Instant::min();
  absl::flat_hash_map<LaneAndRank, std::int64_t> runs_;
};

}  // namespace windlass::sql

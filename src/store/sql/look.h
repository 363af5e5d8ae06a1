// What a sweep finds to do, in one statement: most find nothing, and every
// executor sweeps every few seconds.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "store/sql/ledger.h"
#include "windlass/ids.h"
#include "windlass/time.h"

namespace windlass::sql {

struct Look {
  Timestamp at;
  // Of whom the registration has run out, or whose process is gone.
  std::vector<ExecutorId> dead;
  // Workflows whose schedule is due, by name.
  std::vector<std::string> schedules;
  std::optional<Timestamp> next_schedule;
  bool timers_due = false;
  bool limits_neglected = false;
};

// Locks nothing: another sweeper may be about to see to it.
absl::StatusOr<Look> LookAround(Ledger& ledger);

// Whether that executor is among the living and should not be.
bool IsDead(Connection& connection, ExecutorId executor, Timestamp now);

}  // namespace windlass::sql

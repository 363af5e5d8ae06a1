// Schedules whose time has come start runs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "store/sql/ledger.h"
#include "windlass/store.h"

namespace windlass::sql {

struct DueSchedules {
  std::vector<std::string> workflows;
  // When the next one is due.
  std::optional<Timestamp> next_at;
};

// Locks nothing: another sweeper may be about to fire them.
DueSchedules FindDueSchedules(Connection& connection, Timestamp now);

// Each in a transaction of its own, which changes nothing when another sweeper
// was faster. One that fails does not keep the others from it; the first error
// is returned. Moves `due.next_at` to what is due next.
absl::Status FireSchedules(Ledger& ledger, DueSchedules& due,
                           SweepReport& report);

}  // namespace windlass::sql

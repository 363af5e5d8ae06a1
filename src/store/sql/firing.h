// Schedules whose time has come start runs.
#pragma once

#include "absl/status/status.h"
#include "store/sql/ledger.h"
#include "store/sql/look.h"
#include "windlass/store.h"

namespace windlass::sql {

// Each in a transaction of its own, which changes nothing when another sweeper
// was faster. One that fails does not keep the others from it; the first error
// is returned. Moves `look.next_schedule` to what is due next.
absl::Status FireSchedules(Ledger& ledger, Look& look, SweepReport& report);

}  // namespace windlass::sql

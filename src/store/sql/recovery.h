// Taking back what an executor held.
#pragma once

#include "store/sql/transaction.h"
#include "windlass/store.h"

namespace windlass::sql {

enum class Departure {
  kGivenBack,  // It said goodbye: its attempts do not count.
  kDied,       // Each attempt is a crash.
};

// Waits until nobody claims for the executor, and keeps others from it until
// the transaction ends. Before anything else that concerns it.
void SealExecutor(Transaction& tx, ExecutorId executor);

// Ends the registration of a sealed executor and all its leases. `report`,
// which may be null, counts what became of them. False when it had ended
// before.
bool EndExecutor(Transaction& tx, ExecutorId executor, Departure departure,
                 SweepReport* report);

}  // namespace windlass::sql

// Taking leases on tasks that are ready.
#pragma once

#include <vector>

#include "store/sqlite/transaction.h"
#include "windlass/store.h"

namespace windlass::sqlite {

bool IsAlive(Connection& connection, ExecutorId executor);

// Takes from what this transaction released and `request` accepts, higher
// priority first, then in the order of release.
void ClaimFresh(Transaction& tx, const ClaimRequest& request,
                std::vector<Lease>& leases);

// Takes from the ready tasks until there are `request.limit` leases.
void ClaimReady(Transaction& tx, const ClaimRequest& request,
                std::vector<Lease>& leases);

}  // namespace windlass::sqlite

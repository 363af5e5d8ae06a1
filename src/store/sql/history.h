// What has ended is kept for as long as people want it.
#pragma once

#include "store/sql/ledger.h"
#include "windlass/store.h"

namespace windlass::sql {

// Thread-safe.
class History : public HistoryControl {
 public:
  explicit History(Ledger& ledger) : ledger_(ledger) {}

  absl::StatusOr<PruneReply> Prune(const PruneRequest& request) override;

 private:
  Ledger& ledger_;
};

}  // namespace windlass::sql

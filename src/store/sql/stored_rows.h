// What RunProgress asks about a run's rows, answered from the database.
#pragma once

#include <vector>

#include "model/run_rows.h"
#include "store/sql/transaction.h"

namespace windlass::sql {

// Of a run that the transaction has locked. Borrows both.
class StoredRows : public RunRows {
 public:
  StoredRows(Transaction& tx, const LiveRun& run) : tx_(tx), run_(run) {}

  std::int32_t Running(std::int32_t node) const override;
  std::vector<InstanceRange> NotDone(std::int32_t node, std::int32_t from,
                                     std::int32_t to,
                                     std::int32_t limit) const override;

 private:
  Transaction& tx_;
  const LiveRun& run_;
};

}  // namespace windlass::sql

// Looking for what contradicts itself in the database.
#pragma once

#include <vector>

#include "store/sql/ledger.h"
#include "windlass/self_check.h"

namespace windlass::sql {

// Thread-safe.
class Checks : public SelfCheck {
 public:
  explicit Checks(Ledger& ledger) : ledger_(ledger) {}

  absl::StatusOr<std::vector<Contradiction>> FindContradictions() override;

 private:
  Ledger& ledger_;
};

}  // namespace windlass::sql

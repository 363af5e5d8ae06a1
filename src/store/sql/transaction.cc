#include "store/sql/transaction.h"

namespace windlass::sql {

bool RareTables::Any(Connection& connection, Rare table) {
  if (known_[Index(table)] == Known::kNothing) {
    Rows rows = connection.Read(Query::kAnyRare);
    if (!rows.Next()) return false;
    for (std::size_t i = 0; i < kTables; ++i) {
      if (known_[i] != Known::kNothing) continue;
      known_[i] = rows.Bool(static_cast<int>(i)) ? Known::kSome : Known::kEmpty;
    }
  }
  return known_[Index(table)] == Known::kSome;
}

void RareTables::LookAgain() {
  for (Known& known : known_) {
    if (known == Known::kSome) known = Known::kNothing;
  }
}

}  // namespace windlass::sql

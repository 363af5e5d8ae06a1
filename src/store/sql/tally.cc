#include "store/sql/tally.h"

#include "sql_query.h"

namespace windlass::sql {

void Tally::Save(Connection& connection) {
  for (const auto& [key, count] : changes_) {
    if (count == 0) continue;
    connection.Write(Query::kAddTally, static_cast<int>(key.what), key.which,
                     key.node, count);
  }
  changes_.clear();
}

}  // namespace windlass::sql

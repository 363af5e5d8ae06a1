// What this process has learned of the store's statements: their texts with
// PostgreSQL's placeholders and the types of their parameters.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"
#include "store/postgres/encoding.h"
#include "store/sql/connection.h"

namespace windlass::postgres {

// Immutable once made.
struct StatementInfo {
  std::vector<TypeId> types;
  // All parameters are arrays: rows that are written one by one may be gathered
  // and sent as columns.
  bool takes_rows = false;
  // All it does is add rows, so that its order among others like it is free.
  bool only_adds = false;
};

std::string_view TextOf(sql::Query query);
// "q17": of a prepared statement.
std::string NameOf(sql::Query query);
// The table that a statement changes.
std::string_view TargetOf(sql::Query query);
// For error messages: the name of the statement's file, nearly.
std::string_view FirstLineOf(sql::Query query);
// Whether a statement's text speaks of a table.
bool Mentions(sql::Query query, std::string_view table);

// Thread-safe.
class Catalog {
 public:
  // Null while it is not known.
  std::shared_ptr<const StatementInfo> Find(sql::Query query) const;
  std::shared_ptr<const StatementInfo> Add(sql::Query query,
                                           std::vector<TypeId> types);

 private:
  mutable Mutex mutex_;
  std::array<std::shared_ptr<const StatementInfo>, sql::kQueryCount> known_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace windlass::postgres

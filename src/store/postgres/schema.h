// The schema's versions, and how a database gets from one to another. The table
// `migration` in the schema holds what was applied.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "store/postgres/connection.h"

namespace windlass::postgres {

struct Migration {
  int version = 0;
  std::string_view name;
  std::string_view up;
  std::string_view down;
};

// In order, from version 1.
std::span<const Migration> Migrations();

// Makes the table that holds what was applied, unless it is there.
std::string_view MigrationTableSql();

// 0 when the schema does not exist or has nothing of ours.
absl::StatusOr<int> SchemaVersion(Connection& connection,
                                  const std::string& schema);

// FailedPrecondition when a newer Windlass made it.
absl::Status CheckVersion(int version, const std::string& schema);

// Up or down, all steps in one transaction. Any number of processes may do so
// at once: they take turns.
absl::Status MigrateTo(Connection& connection, const std::string& schema,
                       int version);

}  // namespace windlass::postgres

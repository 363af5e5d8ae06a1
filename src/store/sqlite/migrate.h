// The schema of a store file, as operators handle it. Opening a store brings
// it up to date by itself; this is for looking first, and for going back.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "store/sql/schema_status.h"

namespace windlass {

// NotFound when there is no such file; nothing is created or changed.
absl::StatusOr<SchemaStatus> GetSqliteSchemaStatus(const std::string& path);

// To the newest version, or one step back, which loses what that step stored.
// No other process may have the store open meanwhile.
absl::Status MigrateSqliteUp(const std::string& path);
absl::Status MigrateSqliteDown(const std::string& path);

// All steps up as SQL text, to read or to apply by hand.
std::string SqliteSchemaSql();

}  // namespace windlass

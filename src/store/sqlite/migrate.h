// The schema of a store file, as operators handle it. Opening a store brings
// it up to date by itself; this is for looking first, and for going back.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace windlass {

struct SchemaStep {
  int version = 0;
  std::string name;
  bool applied = false;
};

struct SchemaStatus {
  int version = 0;  // Of the file; 0 is an empty one.
  int newest = 0;   // That this Windlass knows.
  std::vector<SchemaStep> steps;
};

// NotFound when there is no such file; nothing is created or changed.
absl::StatusOr<SchemaStatus> GetSqliteSchemaStatus(const std::string& path);

// To the newest version, or one step back, which loses what that step stored.
// No other process may have the store open meanwhile.
absl::Status MigrateSqliteUp(const std::string& path);
absl::Status MigrateSqliteDown(const std::string& path);

// All steps up as SQL text, to read or to apply by hand.
std::string SqliteSchemaSql();

}  // namespace windlass

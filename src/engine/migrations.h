// The schema of a store, seen from outside: `windlass migrate`. Opening a store
// brings it up to date by itself; this is for those who want to look, to do it
// at a time of their own, or to go back.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "store/sql/schema_status.h"

namespace windlass {

// NotFound when there is no such store.
absl::StatusOr<SchemaStatus> GetSchemaStatus(const std::string& store_url);

// Up to the newest version; makes the store if need be.
absl::Status MigrateUp(const std::string& store_url);

// One version back. Version 0 has lost everything.
absl::Status MigrateDown(const std::string& store_url);

// All steps up, as one script.
absl::StatusOr<std::string> MigrationSql(const std::string& store_url);

}  // namespace windlass

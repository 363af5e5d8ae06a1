// The schema of a store in PostgreSQL, as operators handle it. Opening a store
// brings it up to date by itself unless it is told not to.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "store/postgres/postgres_store.h"
#include "store/sql/schema_status.h"

namespace windlass {

// Nothing is created or changed.
absl::StatusOr<SchemaStatus> GetPostgresSchemaStatus(
    const PostgresStoreOptions& options);

// To the newest version, or one step back, which loses what that step stored.
absl::Status MigratePostgresUp(const PostgresStoreOptions& options);
absl::Status MigratePostgresDown(const PostgresStoreOptions& options);

// All steps up as one script for psql, with the schema it makes.
std::string PostgresSchemaSql(const std::string& schema);

}  // namespace windlass

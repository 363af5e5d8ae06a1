// The schema's versions, and how a file gets from one to another.
//
// PRAGMA user_version holds the version, PRAGMA application_id tells that the
// file is Windlass's.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "store/sqlite/connection.h"

namespace windlass::sqlite {

struct Migration {
  int version = 0;
  std::string_view name;
  std::string_view up;
  std::string_view down;
};

// In order, from version 1.
std::span<const Migration> Migrations();

// Opens or creates the file in WAL mode with the newest schema. Any number of
// processes may do so at once. FailedPrecondition for a file that a newer
// Windlass wrote and for one that is not Windlass's.
absl::StatusOr<std::unique_ptr<Connection>> OpenMigrated(
    const std::string& path);

// FailedPrecondition for the database of another program.
absl::Status CheckOwner(Connection& connection);

// 0 for an empty file.
absl::StatusOr<int> SchemaVersion(Connection& connection);

// Up or down, all steps in one transaction.
absl::Status MigrateTo(Connection& connection, int version);

}  // namespace windlass::sqlite

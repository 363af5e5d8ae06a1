#include "store/sqlite/migrate.h"

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "store/sqlite/schema.h"

namespace windlass {
namespace {

absl::StatusOr<std::unique_ptr<sqlite::Connection>> OpenExisting(
    const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    return absl::NotFoundError(absl::StrCat("there is no file ", path));
  }
  return sqlite::Connection::Open(path, sqlite::Connection::Mode::kReader);
}

}  // namespace

absl::StatusOr<SchemaStatus> GetSqliteSchemaStatus(const std::string& path) {
  auto connection = OpenExisting(path);
  if (!connection.ok()) return connection.status();
  if (auto status = sqlite::CheckOwner(**connection); !status.ok()) {
    return status;
  }
  auto version = sqlite::SchemaVersion(**connection);
  if (!version.ok()) return version.status();
  SchemaStatus schema;
  schema.version = *version;
  for (const sqlite::Migration& migration : sqlite::Migrations()) {
    schema.newest = migration.version;
    schema.steps.push_back({migration.version, std::string(migration.name),
                            migration.version <= *version});
  }
  return schema;
}

absl::Status MigrateSqliteUp(const std::string& path) {
  return sqlite::OpenMigrated(path).status();
}

absl::Status MigrateSqliteDown(const std::string& path) {
  auto connection = OpenExisting(path);
  if (!connection.ok()) return connection.status();
  auto version = sqlite::SchemaVersion(**connection);
  if (!version.ok()) return version.status();
  if (*version == 0) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, " has no schema to take back"));
  }
  return sqlite::MigrateTo(**connection, *version - 1);
}

std::string SqliteSchemaSql() {
  std::string text;
  for (const sqlite::Migration& migration : sqlite::Migrations()) {
    absl::StrAppend(&text, "-- ", migration.version, " ",
                    std::string(migration.name), "\n",
                    std::string(migration.up), "\n");
  }
  return text;
}

}  // namespace windlass

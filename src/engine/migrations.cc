#include "engine/migrations.h"

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "store/sqlite/schema.h"

namespace windlass {
namespace {

absl::StatusOr<std::string> SqlitePath(const std::string& url) {
  constexpr std::string_view kScheme = "sqlite:";
  if (url.starts_with(kScheme) && url.size() > kScheme.size()) {
    return url.substr(kScheme.size());
  }
  return absl::InvalidArgumentError(
      absl::StrCat("store '", url, "': this build knows sqlite:PATH"));
}

absl::StatusOr<std::unique_ptr<sqlite::Connection>> OpenExisting(
    const std::string& url) {
  auto path = SqlitePath(url);
  if (!path.ok()) return path.status();
  if (!std::filesystem::exists(*path)) {
    return absl::NotFoundError(absl::StrCat(
        "store ", url, ": no such file; `windlass migrate up` makes it"));
  }
  return sqlite::Connection::Open(*path, sqlite::Connection::Mode::kWriter);
}

}  // namespace

absl::StatusOr<SchemaStatus> GetSchemaStatus(const std::string& store_url) {
  auto connection = OpenExisting(store_url);
  if (!connection.ok()) return connection.status();
  auto version = sqlite::SchemaVersion(**connection);
  if (!version.ok()) return version.status();
  return SchemaStatus{.version = *version,
                      .newest = sqlite::Migrations().back().version};
}

absl::Status MigrateUp(const std::string& store_url) {
  auto path = SqlitePath(store_url);
  if (!path.ok()) return path.status();
  auto folder = std::filesystem::path(*path).parent_path();
  std::error_code error;
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  return sqlite::OpenMigrated(*path).status();
}

absl::Status MigrateDown(const std::string& store_url) {
  auto connection = OpenExisting(store_url);
  if (!connection.ok()) return connection.status();
  auto version = sqlite::SchemaVersion(**connection);
  if (!version.ok()) return version.status();
  if (*version == 0) {
    return absl::FailedPreconditionError("the schema is at version 0 already");
  }
  return sqlite::MigrateTo(**connection, *version - 1);
}

absl::StatusOr<std::string> MigrationSql(const std::string& store_url) {
  if (auto path = SqlitePath(store_url); !path.ok()) return path.status();
  std::string sql;
  for (const sqlite::Migration& one : sqlite::Migrations()) {
    absl::StrAppend(&sql, "-- ", one.version, " ", std::string(one.name), "\n",
                    std::string(one.up), "\n");
  }
  return sql;
}

}  // namespace windlass

#include "engine/migrations.h"

#include <filesystem>
#include <functional>

#include "absl/strings/str_cat.h"
#include "store/postgres/migrate.h"
#include "store/sqlite/migrate.h"

namespace windlass {
namespace {

bool IsPostgres(const std::string& url) {
  return url.starts_with("postgres:") || url.starts_with("postgresql:");
}

absl::StatusOr<std::string> SqlitePath(const std::string& url) {
  constexpr std::string_view kScheme = "sqlite:";
  if (url.starts_with(kScheme) && url.size() > kScheme.size()) {
    return url.substr(kScheme.size());
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "store '", url, "': this build knows sqlite:PATH and postgres://..."));
}

absl::Status WithPostgres(
    const std::string& url,
    const std::function<absl::Status(const PostgresStoreOptions&)>& body) {
  auto options = ParsePostgresUrl(url);
  if (!options.ok()) return options.status();
  return body(*options);
}

}  // namespace

absl::StatusOr<SchemaStatus> GetSchemaStatus(const std::string& store_url) {
  if (IsPostgres(store_url)) {
    auto options = ParsePostgresUrl(store_url);
    if (!options.ok()) return options.status();
    return GetPostgresSchemaStatus(*options);
  }
  auto path = SqlitePath(store_url);
  if (!path.ok()) return path.status();
  auto schema = GetSqliteSchemaStatus(*path);
  if (!absl::IsNotFound(schema.status())) return schema;
  return absl::NotFoundError(absl::StrCat(
      "store ", store_url, ": no such file; `windlass migrate up` makes it"));
}

absl::Status MigrateUp(const std::string& store_url) {
  if (IsPostgres(store_url)) return WithPostgres(store_url, MigratePostgresUp);
  auto path = SqlitePath(store_url);
  if (!path.ok()) return path.status();
  auto folder = std::filesystem::path(*path).parent_path();
  std::error_code error;
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  return MigrateSqliteUp(*path);
}

absl::Status MigrateDown(const std::string& store_url) {
  if (IsPostgres(store_url)) {
    return WithPostgres(store_url, MigratePostgresDown);
  }
  auto path = SqlitePath(store_url);
  if (!path.ok()) return path.status();
  return MigrateSqliteDown(*path);
}

absl::StatusOr<std::string> MigrationSql(const std::string& store_url) {
  if (IsPostgres(store_url)) {
    auto options = ParsePostgresUrl(store_url);
    if (!options.ok()) return options.status();
    return PostgresSchemaSql(options->schema);
  }
  if (auto path = SqlitePath(store_url); !path.ok()) return path.status();
  return SqliteSchemaSql();
}

}  // namespace windlass

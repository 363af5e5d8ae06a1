#include "store/postgres/migrate.h"

#include "absl/strings/str_cat.h"
#include "base/postgres/names.h"
#include "store/postgres/database.h"
#include "store/postgres/schema.h"
#include "store/postgres/sessions.h"

namespace windlass {
namespace {

absl::Status WithConnection(
    const PostgresStoreOptions& options,
    absl::FunctionRef<absl::Status(postgres::Connection&)> body) {
  return postgres::Database(postgres::MainSession(options)).Use(body);
}

}  // namespace

absl::StatusOr<SchemaStatus> GetPostgresSchemaStatus(
    const PostgresStoreOptions& options) {
  SchemaStatus schema;
  const auto look = [&](postgres::Connection& connection) -> absl::Status {
    auto version = postgres::SchemaVersion(connection, options.schema);
    if (version.ok()) schema.version = *version;
    return version.status();
  };
  if (auto status = WithConnection(options, look); !status.ok()) return status;
  for (const postgres::Migration& migration : postgres::Migrations()) {
    schema.newest = migration.version;
    schema.steps.push_back({migration.version, std::string(migration.name),
                            migration.version <= schema.version});
  }
  return schema;
}

absl::Status MigratePostgresUp(const PostgresStoreOptions& options) {
  return WithConnection(options, [&](postgres::Connection& connection) {
    return postgres::MigrateTo(connection, options.schema,
                               postgres::Migrations().back().version);
  });
}

absl::Status MigratePostgresDown(const PostgresStoreOptions& options) {
  return WithConnection(
      options, [&](postgres::Connection& connection) -> absl::Status {
        auto version = postgres::SchemaVersion(connection, options.schema);
        if (!version.ok()) return version.status();
        if (*version == 0) {
          return absl::FailedPreconditionError(absl::StrCat(
              "schema ", options.schema, " has nothing to take back"));
        }
        return postgres::MigrateTo(connection, options.schema, *version - 1);
      });
}

std::string PostgresSchemaSql(const std::string& schema) {
  const std::string name = postgres::QuotedName(schema);
  std::string text =
      absl::StrCat("BEGIN;\nCREATE SCHEMA IF NOT EXISTS ", name,
                   ";\nSET LOCAL search_path TO ", name, ";\n",
                   std::string(postgres::MigrationTableSql()), ";\n");
  for (const postgres::Migration& migration : postgres::Migrations()) {
    absl::StrAppend(
        &text, "\n-- ", migration.version, " ", std::string(migration.name),
        "\n", std::string(migration.up), "INSERT INTO migration VALUES (",
        migration.version, ", ",
        postgres::QuotedText(std::string(migration.name)), ", now());\n");
  }
  return absl::StrCat(text, "COMMIT;\n");
}

}  // namespace windlass

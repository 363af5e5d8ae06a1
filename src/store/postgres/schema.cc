#include "store/postgres/schema.h"

#include <cstdlib>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "base/postgres/names.h"
#include "postgres_migrations.h"

namespace windlass::postgres {
namespace {

constexpr Migration kMigrations[] = {
    {1, "initial", migrations::k0001InitialUp, migrations::k0001InitialDown},
    {2, "instance_ranges", migrations::k0002InstanceRangesUp,
     migrations::k0002InstanceRangesDown},
    {3, "history_parts", migrations::k0003HistoryPartsUp,
     migrations::k0003HistoryPartsDown},
    {4, "runs_by_state", migrations::k0004RunsByStateUp,
     migrations::k0004RunsByStateDown},
    {5, "circuits", migrations::k0005CircuitsUp, migrations::k0005CircuitsDown},
    {6, "callbacks", migrations::k0006CallbacksUp,
     migrations::k0006CallbacksDown},
    {7, "adaptive_limits", migrations::k0007AdaptiveLimitsUp,
     migrations::k0007AdaptiveLimitsDown},
    {8, "workflows", migrations::k0008WorkflowsUp,
     migrations::k0008WorkflowsDown},
    {9, "attempt_logs", migrations::k0009AttemptLogsUp,
     migrations::k0009AttemptLogsDown},
    {10, "notices", migrations::k0010NoticesUp, migrations::k0010NoticesDown},
};
constexpr std::chrono::minutes kMigrationPatience{10};

constexpr int kNewest = static_cast<int>(std::size(kMigrations));

// Of pg_advisory_xact_lock(): "WNDL" and the schema's hash, made by the server.
std::string LockText(const std::string& schema) {
  return absl::StrCat("SELECT pg_advisory_xact_lock(1464749132, hashtext(",
                      QuotedText(schema), "))");
}

absl::StatusOr<std::string> RunForText(Connection& connection,
                                       const std::string& sql) {
  auto result = connection.Run(sql);
  if (!result.ok()) return result.status();
  if (*result == nullptr || PQntuples(result->get()) == 0) return "";
  return std::string(PQgetvalue(result->get(), 0, 0));
}

absl::Status Step(Connection& connection, int from, int to) {
  const bool up = to > from;
  const Migration& migration =
      kMigrations[static_cast<std::size_t>(up ? from : to)];
  auto status =
      connection.Run(std::string(up ? migration.up : migration.down)).status();
  if (status.ok()) {
    status =
        connection
            .Run(up ? absl::StrCat("INSERT INTO migration VALUES (",
                                   migration.version, ", ",
                                   QuotedText(std::string(migration.name)),
                                   ", now())")
                    : absl::StrCat("DELETE FROM migration WHERE version = ",
                                   migration.version))
            .status();
  }
  if (status.ok()) return status;
  return absl::Status(status.code(),
                      absl::StrCat("migration ", migration.version, " ",
                                   std::string(migration.name),
                                   up ? " up: " : " down: ", status.message()));
}

absl::Status MigrateLocked(Connection& connection, const std::string& schema,
                           int version) {
  const std::string name = QuotedName(schema);
  auto locked = connection.Run(LockText(schema)).status();
  if (!locked.ok()) return locked;
  auto at = SchemaVersion(connection, schema);
  if (!at.ok()) return at.status();
  if (auto status = CheckVersion(*at, schema); !status.ok()) return status;
  auto exists = RunForText(
      connection, absl::StrCat("SELECT 1 FROM pg_namespace WHERE nspname = ",
                               QuotedText(schema)));
  if (!exists.ok()) return exists.status();
  // Who may not create schemas can still use one that was made for him.
  if (exists->empty()) {
    auto status = connection.Run(absl::StrCat("CREATE SCHEMA ", name)).status();
    if (!status.ok()) return status;
  }
  auto status = connection
                    .Run(absl::StrCat("SET LOCAL search_path TO ", name, "; ",
                                      std::string(MigrationTableSql())))
                    .status();
  while (status.ok() && *at != version) {
    const int next = *at < version ? *at + 1 : *at - 1;
    status = Step(connection, *at, next);
    *at = next;
  }
  return status;
}

}  // namespace

std::span<const Migration> Migrations() { return kMigrations; }

std::string_view MigrationTableSql() {
  return "CREATE TABLE IF NOT EXISTS migration (version int PRIMARY KEY, "
         "name text NOT NULL, applied_at timestamptz NOT NULL)";
}

absl::StatusOr<int> SchemaVersion(Connection& connection,
                                  const std::string& schema) {
  // Not by to_regclass(): in a transaction it may answer from what the session
  // knew when that began, and others may have migrated since.
  auto table =
      RunForText(connection,
                 absl::StrCat("SELECT 1 FROM pg_class JOIN pg_namespace ON "
                              "pg_namespace.oid = relnamespace WHERE relname = "
                              "'migration' AND nspname = ",
                              QuotedText(schema)));
  if (!table.ok()) return table.status();
  if (table->empty()) return 0;
  auto version = RunForText(
      connection, absl::StrCat("SELECT coalesce(max(version), 0)::text FROM ",
                               QuotedName(schema), ".migration"));
  if (!version.ok()) return version.status();
  return std::atoi(version->c_str());
}

absl::Status CheckVersion(int version, const std::string& schema) {
  if (version <= kNewest) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "schema ", schema, " has version ", version, ", this Windlass knows ",
      kNewest, " at most; use the newer Windlass that made it"));
}

absl::Status MigrateTo(Connection& connection, const std::string& schema,
                       int version) {
  if (version < 0 || version > kNewest) {
    return absl::InvalidArgumentError(
        absl::StrCat("there is no schema version ", version,
                     "; this Windlass knows 0 to ", kNewest));
  }
  // Whoever else migrates is waited for, and nothing is to cut off the one that
  // does on a machine that is busy.
  const Duration before = connection.SetPatience(kMigrationPatience);
  const absl::Cleanup restore = [&] { connection.SetPatience(before); };
  if (auto status =
          connection
              .Run("BEGIN; SET LOCAL idle_in_transaction_session_timeout TO 0")
              .status();
      !status.ok()) {
    return status;
  }
  auto status = MigrateLocked(connection, schema, version);
  auto ended = connection.Run(status.ok() ? "COMMIT" : "ROLLBACK").status();
  status.Update(ended);
  return status;
}

}  // namespace windlass::postgres

#include "store/sqlite/schema.h"

#include <chrono>
#include <thread>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "sqlite_migrations.h"

namespace windlass::sqlite {
namespace {

// "WNDL"
constexpr std::int64_t kApplicationId = 0x574e444c;

constexpr Migration kMigrations[] = {
    {1, "initial", migrations::k0001InitialUp, migrations::k0001InitialDown},
    {2, "identity", migrations::k0002IdentityUp, migrations::k0002IdentityDown},
    {3, "ranges", migrations::k0003RangesUp, migrations::k0003RangesDown},
    {4, "schedules", migrations::k0004SchedulesUp,
     migrations::k0004SchedulesDown},
    {5, "limits", migrations::k0005LimitsUp, migrations::k0005LimitsDown},
    {6, "history", migrations::k0006HistoryUp, migrations::k0006HistoryDown},
    {7, "instance_ranges", migrations::k0007InstanceRangesUp,
     migrations::k0007InstanceRangesDown},
    {8, "runs_by_state", migrations::k0008RunsByStateUp,
     migrations::k0008RunsByStateDown},
    {9, "circuits", migrations::k0009CircuitsUp, migrations::k0009CircuitsDown},
    {10, "callbacks", migrations::k0010CallbacksUp,
     migrations::k0010CallbacksDown},
    {11, "adaptive_limits", migrations::k0011AdaptiveLimitsUp,
     migrations::k0011AdaptiveLimitsDown},
    {12, "workflows", migrations::k0012WorkflowsUp,
     migrations::k0012WorkflowsDown},
    {13, "attempt_logs", migrations::k0013AttemptLogsUp,
     migrations::k0013AttemptLogsDown},
    {14, "notices", migrations::k0014NoticesUp, migrations::k0014NoticesDown},
};
constexpr int kNewest = static_cast<int>(std::size(kMigrations));

absl::Status Step(Connection& connection, int from, int to) {
  const bool up = to > from;
  const Migration& migration =
      kMigrations[static_cast<std::size_t>(up ? from : to)];
  auto status = connection.Run(std::string(up ? migration.up : migration.down));
  if (status.ok()) return status;
  return absl::Status(status.code(),
                      absl::StrCat("migration ", migration.version, " ",
                                   std::string(migration.name),
                                   up ? " up: " : " down: ", status.message()));
}

// Switching to WAL needs the file alone, and SQLite does not call the busy
// handler for it.
absl::Status UseWal(Connection& connection) {
  constexpr int kTries = 2000;
  absl::Status status;
  for (int i = 0; i < kTries; ++i) {
    status = connection.Run("PRAGMA journal_mode = WAL");
    if (!absl::IsUnavailable(status)) return status;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return status;
}

}  // namespace

std::span<const Migration> Migrations() { return kMigrations; }

absl::Status CheckOwner(Connection& connection) {
  // In this order: another process may be making the tables and the id, in one
  // transaction, between the two looks.
  auto tables = connection.QueryInt("SELECT count(*) FROM sqlite_schema");
  if (!tables.ok()) return tables.status();
  if (*tables == 0) return absl::OkStatus();
  auto owner = connection.QueryInt("PRAGMA application_id");
  if (!owner.ok()) return owner.status();
  if (*owner == kApplicationId) return absl::OkStatus();
  return absl::FailedPreconditionError(
      "the file is an SQLite database of another program; name another file");
}

absl::StatusOr<int> SchemaVersion(Connection& connection) {
  auto version = connection.QueryInt("PRAGMA user_version");
  if (!version.ok()) return version.status();
  return static_cast<int>(*version);
}

absl::Status MigrateTo(Connection& connection, int version) {
  if (version < 0 || version > kNewest) {
    return absl::InvalidArgumentError(
        absl::StrCat("there is no schema version ", version,
                     "; this Windlass knows 0 to ", kNewest));
  }
  if (auto status = connection.Run("BEGIN IMMEDIATE"); !status.ok()) {
    return status;
  }
  const absl::Cleanup undo = [&connection] {
    if (connection.InTransaction()) connection.Run("ROLLBACK").IgnoreError();
  };
  if (auto status = CheckOwner(connection); !status.ok()) return status;
  auto at = SchemaVersion(connection);
  if (!at.ok()) return at.status();
  if (*at > kNewest) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the file has schema version ", *at, ", this Windlass knows ", kNewest,
        " at most; use the newer Windlass that wrote it"));
  }
  while (*at != version) {
    const int next = *at < version ? *at + 1 : *at - 1;
    if (auto status = Step(connection, *at, next); !status.ok()) return status;
    *at = next;
  }
  auto status =
      connection.Run(absl::StrCat("PRAGMA application_id = ", kApplicationId,
                                  ";PRAGMA user_version = ", version));
  if (!status.ok()) return status;
  return connection.Run("COMMIT");
}

absl::StatusOr<std::unique_ptr<Connection>> OpenMigrated(
    const std::string& path) {
  auto connection = Connection::Open(path, Connection::Mode::kWriter);
  if (!connection.ok()) return connection.status();
  // Before anything that writes, so that a foreign file stays as it is.
  absl::Status status = CheckOwner(**connection);
  if (status.ok()) status = UseWal(**connection);
  if (status.ok()) {
    auto version = SchemaVersion(**connection);
    status = version.status();
    // Only one that is not there yet needs the write lock.
    if (status.ok() && *version != kNewest) {
      status = MigrateTo(**connection, kNewest);
    }
  }
  if (!status.ok()) {
    return absl::Status(status.code(),
                        absl::StrCat("open ", path, ": ", status.message()));
  }
  return connection;
}

}  // namespace windlass::sqlite

#include "store/sqlite/database.h"

#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "sqlite_session.h"
#include "store/sqlite/schema.h"

namespace windlass::sqlite {
namespace {

// More idle ones are closed again.
constexpr std::size_t kIdleReaders = 8;

// Checkpoints sync and copy: every 16 MB instead of every 4 costs little disk
// and a fifth of the time. A long reader may keep the log growing; afterwards
// it is cut back to 64 MB.
constexpr char kTuning[] =
    "PRAGMA cache_size = -65536;"
    "PRAGMA mmap_size = 1073741824;"
    "PRAGMA temp_store = MEMORY;"
    "PRAGMA wal_autocheckpoint = 4000;"
    "PRAGMA journal_size_limit = 67108864;";

std::string SynchronousPragma(Database::Durability durability) {
  return durability == Database::Durability::kMachine
             ? "PRAGMA synchronous = FULL"
             : "PRAGMA synchronous = NORMAL";
}

}  // namespace

absl::StatusOr<std::unique_ptr<Database>> Database::Open(
    const std::string& path, SqliteStoreOptions::Synchronous synchronous) {
  auto writer = OpenMigrated(path);
  if (!writer.ok()) return writer.status();
  absl::Status status = (*writer)->Run(kTuning);
  status.Update((*writer)->Run(
      SynchronousPragma(synchronous == SqliteStoreOptions::Synchronous::kFull
                            ? Durability::kMachine
                            : Durability::kProcess)));
  if (!status.ok()) return status;
  return std::unique_ptr<Database>(
      new Database(path, synchronous, *std::move(writer)));
}

absl::Status Database::Write(
    Durability durability,
    absl::FunctionRef<absl::Status(Connection&, Since)> body) {
  MutexLock lock(writing_);
  Connection& writer = *writer_;
  const bool sync = durability == Durability::kMachine &&
                    synchronous_ == SqliteStoreOptions::Synchronous::kNormal;
  if (sync) {
    // Takes effect only outside a transaction.
    if (auto status = writer.Run(SynchronousPragma(durability)); !status.ok()) {
      return status;
    }
  }
  const absl::Cleanup restore = [&writer, sync] {
    if (writer.InTransaction()) {
      writer.ClearError();
      writer.ExecuteText(session::kRollback);
    }
    writer.ClearError();
    if (sync) {
      writer.Run(SynchronousPragma(Durability::kProcess)).IgnoreError();
    }
  };

  writer.ExecuteText(session::kBeginWrite);
  Since since = Since::kUnchanged;
  if (sql::Rows rows = writer.ReadText(session::kDataVersion); rows.Next()) {
    if (rows.Int(0) != data_version_) since = Since::kChangedElsewhere;
    data_version_ = rows.Int(0);
  }
  if (std::exchange(failed_, true)) since = Since::kFailed;
  if (!writer.ok()) return writer.status();
  absl::Status status = body(writer, since);
  if (writer.ok() && status.ok()) writer.ExecuteText(session::kCommit);
  // A failed statement explains more than what followed from it.
  if (!writer.ok()) status = writer.status();
  failed_ = !status.ok();
  return status;
}

absl::Status Database::Read(absl::FunctionRef<absl::Status(Connection&)> body) {
  auto reader = TakeReader();
  if (!reader.ok()) return reader.status();
  Connection& connection = **reader;
  connection.ExecuteText(session::kBeginRead);
  absl::Status status = body(connection);
  if (!connection.ok()) status = connection.status();
  connection.ClearError();
  connection.ExecuteText(session::kRollback);
  // One that could not even roll back is not used again.
  if (connection.ok()) GiveBackReader(*std::move(reader));
  return status;
}

absl::StatusOr<std::unique_ptr<Connection>> Database::TakeReader() {
  {
    MutexLock lock(readers_mutex_);
    if (!idle_readers_.empty()) {
      auto reader = std::move(idle_readers_.back());
      idle_readers_.pop_back();
      return reader;
    }
  }
  auto reader = Connection::Open(path_, Connection::Mode::kReader);
  if (!reader.ok()) return reader.status();
  if (auto status = (*reader)->Run(kTuning); !status.ok()) return status;
  return reader;
}

void Database::GiveBackReader(std::unique_ptr<Connection> reader) {
  MutexLock lock(readers_mutex_);
  if (idle_readers_.size() < kIdleReaders) {
    idle_readers_.push_back(std::move(reader));
  }
}

}  // namespace windlass::sqlite

// The file: one connection that writes, several that read.
//
// In WAL mode readers and the writer do not block each other; writers of this
// and of other processes take turns. Thread-safe.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "store/sql/ledger.h"
#include "store/sqlite/connection.h"
#include "store/sqlite/sqlite_store.h"

namespace windlass::sqlite {

class Database {
 public:
  // kMachine costs an fsync. With Synchronous::kFull every commit is kMachine.
  using Durability = sql::Ledger::Durability;

  // What has happened since this handle last wrote: nothing, and everything
  // remembered from then still holds; others have written; or its last write
  // failed, at its commit perhaps, and nothing of it has happened.
  enum class Since { kUnchanged, kChangedElsewhere, kFailed };

  // Opens or creates the file and brings its schema up to date.
  static absl::StatusOr<std::unique_ptr<Database>> Open(
      const std::string& path, SqliteStoreOptions::Synchronous synchronous);

  // Runs `body` in a write transaction, alone. Commits when both it and all its
  // statements succeed; otherwise nothing of it has happened.
  absl::Status Write(Durability durability,
                     absl::FunctionRef<absl::Status(Connection&, Since)> body);

  // Runs `body` on one consistent view of the data.
  absl::Status Read(absl::FunctionRef<absl::Status(Connection&)> body);

  const std::string& path() const { return path_; }

 private:
  Database(std::string path, SqliteStoreOptions::Synchronous synchronous,
           std::unique_ptr<Connection> writer)
      : path_(std::move(path)),
        synchronous_(synchronous),
        writer_(std::move(writer)) {}

  absl::StatusOr<std::unique_ptr<Connection>> TakeReader();
  void GiveBackReader(std::unique_ptr<Connection> reader);

  const std::string path_;
  const SqliteStoreOptions::Synchronous synchronous_;

  Mutex writing_;
  std::unique_ptr<Connection> writer_ ABSL_GUARDED_BY(writing_);
  std::int64_t data_version_ ABSL_GUARDED_BY(writing_) = 0;
  bool failed_ ABSL_GUARDED_BY(writing_) = false;  // The last write.

  Mutex readers_mutex_;
  std::vector<std::unique_ptr<Connection>> idle_readers_
      ABSL_GUARDED_BY(readers_mutex_);
};

}  // namespace windlass::sqlite

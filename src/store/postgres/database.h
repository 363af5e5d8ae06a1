// The sessions with one database: opened when they are needed, kept for the
// next transaction, dropped when they break.
//
// Thread-safe; each transaction has a session to itself.
#pragma once

#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "store/postgres/catalog.h"
#include "store/postgres/connection.h"

namespace windlass::postgres {

class Database {
 public:
  explicit Database(SessionOptions options) : options_(std::move(options)) {}

  // Runs `body` in a transaction. Commits when both it and all its statements
  // succeed; otherwise nothing of it has happened. Runs it again when the
  // database had to undo it for the sake of another transaction.
  absl::Status Transact(Connection::Access access,
                        absl::FunctionRef<absl::Status(Connection&)> body);

  // A session outside of any transaction. `body` runs again when the session is
  // cut off meanwhile.
  absl::Status Use(absl::FunctionRef<absl::Status(Connection&)> body);

  const SessionOptions& options() const { return options_; }

 private:
  absl::StatusOr<std::unique_ptr<Connection>> Take();
  void GiveBack(std::unique_ptr<Connection> connection);
  void DropIdle();
  absl::Status TryOnce(Connection::Access access,
                       absl::FunctionRef<absl::Status(Connection&)> body,
                       bool& cut_off);

  const SessionOptions options_;
  Catalog catalog_;
  Mutex mutex_;
  std::vector<std::unique_ptr<Connection>> idle_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace windlass::postgres

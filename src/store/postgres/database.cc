#include "store/postgres/database.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace windlass::postgres {
namespace {

// More idle ones are closed again.
constexpr std::size_t kIdleSessions = 8;

// How often a transaction that was in another's way is tried.
constexpr int kTries = 20;

}  // namespace

absl::Status Database::Transact(
    Connection::Access access,
    absl::FunctionRef<absl::Status(Connection&)> body) {
  absl::Status status;
  for (int i = 0; i < kTries; ++i) {
    status = TryOnce(access, body);
    if (!absl::IsAborted(status)) return status;
  }
  return absl::UnavailableError(
      absl::StrCat("gave up after ", kTries, " tries: ", status.message()));
}

absl::Status Database::TryOnce(
    Connection::Access access,
    absl::FunctionRef<absl::Status(Connection&)> body) {
  auto taken = Take();
  if (!taken.ok()) return taken.status();
  Connection& connection = **taken;
  connection.Begin(access);
  absl::Status status = body(connection);
  // A failed statement explains more than what followed from it.
  if (!connection.ok()) status = connection.status();
  if (status.ok()) status = connection.Commit();
  if (connection.Rollback()) {
    GiveBack(*std::move(taken));
  } else {
    // What broke this session has probably broken the others.
    DropIdle();
  }
  return status;
}

absl::Status Database::Use(absl::FunctionRef<absl::Status(Connection&)> body) {
  auto taken = Take();
  if (!taken.ok()) return taken.status();
  absl::Status status = body(**taken);
  if ((*taken)->Rollback()) GiveBack(*std::move(taken));
  return status;
}

absl::StatusOr<std::unique_ptr<Connection>> Database::Take() {
  {
    MutexLock lock(mutex_);
    if (!idle_.empty()) {
      auto connection = std::move(idle_.back());
      idle_.pop_back();
      return connection;
    }
  }
  return Connection::Open(options_, catalog_);
}

void Database::GiveBack(std::unique_ptr<Connection> connection) {
  MutexLock lock(mutex_);
  if (idle_.size() < kIdleSessions) idle_.push_back(std::move(connection));
}

void Database::DropIdle() {
  std::vector<std::unique_ptr<Connection>> dropped;
  MutexLock lock(mutex_);
  dropped.swap(idle_);
}

}  // namespace windlass::postgres

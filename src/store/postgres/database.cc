#include "store/postgres/database.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace windlass::postgres {
namespace {

// More idle ones are closed again.
constexpr std::size_t kIdleSessions = 8;

// How often a transaction that was in another's way is tried.
constexpr int kTries = 20;

// How often one is tried whose session was cut off before it was committed.
constexpr int kSessions = 3;

}  // namespace

absl::Status Database::Transact(
    Connection::Access access,
    absl::FunctionRef<absl::Status(Connection&)> body) {
  absl::Status status;
  int sessions = 0;
  for (int i = 0; i < kTries; ++i) {
    bool cut_off = false;
    status = TryOnce(access, body, cut_off);
    if (cut_off && ++sessions < kSessions) continue;
    if (!absl::IsAborted(status)) return status;
  }
  return absl::UnavailableError(
      absl::StrCat("gave up after ", kTries, " tries: ", status.message()));
}

// `cut_off`: the session is gone, and nothing has happened.
absl::Status Database::TryOnce(
    Connection::Access access,
    absl::FunctionRef<absl::Status(Connection&)> body, bool& cut_off) {
  auto taken = Take();
  if (!taken.ok()) return taken.status();
  Connection& connection = **taken;
  connection.Begin(access);
  absl::Status status = body(connection);
  // A failed statement explains more than what followed from it.
  if (!connection.ok()) status = connection.status();
  cut_off = connection.cut_off() && access != Connection::Access::kSingle;
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
  absl::Status status;
  for (int i = 0; i < kSessions; ++i) {
    auto taken = Take();
    if (!taken.ok()) return taken.status();
    status = body(**taken);
    const bool cut_off = (*taken)->cut_off();
    if ((*taken)->Rollback()) GiveBack(*std::move(taken));
    if (!cut_off) break;
    DropIdle();
  }
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

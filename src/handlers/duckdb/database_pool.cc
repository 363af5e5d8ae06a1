#include "handlers/duckdb/database_pool.h"

#include <utility>

#include "base/service.h"

namespace windlass::duckdb {

DatabasePool::~DatabasePool() {
  std::jthread thread;
  {
    MutexLock lock(mutex_);
    thread = std::move(thread_);
  }
  // `thread` stops and joins here; only then do the databases close.
}

absl::StatusOr<std::unique_ptr<Database>> DatabasePool::Take(
    const DatabaseOptions& options) {
  std::unique_ptr<Database> database = TakeSpare();
  if (database == nullptr) return Open(options);
  absl::Status status = database->Configure(options);
  if (!status.ok()) return status;
  return database;
}

absl::StatusOr<std::unique_ptr<Database>> DatabasePool::Open(
    const DatabaseOptions& options) const {
  auto database = Database::Open(threads_);
  if (!database.ok()) return database;
  absl::Status status = (*database)->Configure(options);
  if (!status.ok()) return status;
  return database;
}

std::unique_ptr<Database> DatabasePool::TakeSpare() {
  MutexLock lock(mutex_);
  failing_ = false;
  taken_ = true;
  StartLocked();
  changed_.notify_all();
  if (spare_.empty()) return nullptr;
  std::unique_ptr<Database> database = std::move(spare_.back());
  spare_.pop_back();
  return database;
}

void DatabasePool::StartLocked() {
  if (thread_.joinable()) return;
  thread_ = StartThread("sql-databases",
                        [this](std::stop_token stop) { Work(stop); });
}

void DatabasePool::Discard(std::unique_ptr<Database> database) {
  if (database == nullptr) return;
  MutexLock lock(mutex_);
  used_.push_back(std::move(database));
  StartLocked();
  changed_.notify_all();
}

void DatabasePool::Work(std::stop_token stop) {
  while (!stop.stop_requested()) {
    std::vector<std::unique_ptr<Database>> used;
    bool open = false;
    {
      MutexLock lock(mutex_);
      changed_.wait(mutex_, stop, [this] {
        mutex_.AssertHeld();
        return !used_.empty() || NeedsSpareLocked();
      });
      used.swap(used_);
      open = NeedsSpareLocked() && !stop.stop_requested();
    }
    used.clear();
    if (!open) continue;
    auto database = Database::Open(threads_);
    MutexLock lock(mutex_);
    failing_ = !database.ok();
    if (database.ok()) spare_.push_back(*std::move(database));
  }
}

}  // namespace windlass::duckdb

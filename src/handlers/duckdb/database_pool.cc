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
  if (database == nullptr) {
    auto opened = Database::Open(threads_);
    if (!opened.ok()) return opened;
    database = *std::move(opened);
  }
  absl::Status status = database->Configure(options);
  if (!status.ok()) return status;
  return database;
}

std::unique_ptr<Database> DatabasePool::TakeSpare() {
  MutexLock lock(mutex_);
  failing_ = false;
  if (!thread_.joinable()) {
    thread_ = StartThread("sql-databases",
                          [this](std::stop_token stop) { Work(stop); });
  }
  changed_.notify_all();
  if (spare_.empty()) return nullptr;
  std::unique_ptr<Database> database = std::move(spare_.back());
  spare_.pop_back();
  return database;
}

void DatabasePool::Discard(std::unique_ptr<Database> database) {
  if (database == nullptr) return;
  MutexLock lock(mutex_);
  used_.push_back(std::move(database));
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
        return !used_.empty() || (spare_.size() < kSpare && !failing_);
      });
      used.swap(used_);
      open = spare_.size() < kSpare && !failing_ && !stop.stop_requested();
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

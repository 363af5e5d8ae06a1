#include "handlers/duckdb/warm_databases.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <system_error>
#include <utility>

#include "base/concat.h"
#include "base/file.h"

namespace windlass::duckdb {

WarmDatabases::~WarmDatabases() {
  std::vector<WarmDatabase> idle;
  {
    MutexLock lock(mutex_);
    idle.swap(idle_);
  }
  for (WarmDatabase& warm : idle) Close(std::move(warm));
}

absl::StatusOr<WarmDatabase> WarmDatabases::Take(DatabaseOptions options,
                                                 const std::string& parent) {
  while (true) {
    WarmDatabase warm = TakeIdle(options, parent);
    if (warm.database == nullptr) break;
    std::error_code error;
    // Who owned the parent may have gone, with everything in it.
    if (std::filesystem::is_directory(warm.options.folder, error) &&
        warm.database->BeginTask().ok()) {
      return warm;
    }
    Close(std::move(warm));
  }
  auto warm = Open(std::move(options), parent);
  if (!warm.ok()) return warm;
  absl::Status status = warm->database->BeginTask();
  if (!status.ok()) {
    Close(*std::move(warm));
    return status;
  }
  return warm;
}

absl::StatusOr<WarmDatabase> WarmDatabases::Open(DatabaseOptions options,
                                                 const std::string& parent) {
  auto folder = MakeTempDir(Concat(parent, "/sql-"));
  if (!folder.ok()) return folder.status();
  options.folder = *folder;
  WarmDatabase warm{.database = nullptr, .options = options, .parent = parent};
  auto database = fresh_.Open(options);
  absl::Status status = database.status();
  if (status.ok()) {
    warm.database = *std::move(database);
    status = warm.database->Lock({});
  }
  if (status.ok()) return warm;
  Close(std::move(warm));
  return status;
}

WarmDatabase WarmDatabases::TakeIdle(const DatabaseOptions& options,
                                     const std::string& parent) {
  MutexLock lock(mutex_);
  const auto found =
      std::find_if(idle_.rbegin(), idle_.rend(), [&](const WarmDatabase& warm) {
        return warm.parent == parent &&
               warm.options.memory_bytes == options.memory_bytes &&
               warm.options.threads == options.threads &&
               warm.options.spill_bytes == options.spill_bytes;
      });
  if (found == idle_.rend()) return {};
  WarmDatabase warm = std::move(*found);
  idle_.erase(std::next(found).base());
  return warm;
}

void WarmDatabases::Return(WarmDatabase warm) {
  if (++warm.tasks >= kMostTasks || !warm.database->EndTask().ok()) {
    return Close(std::move(warm));
  }
  WarmDatabase surplus;
  {
    MutexLock lock(mutex_);
    idle_.push_back(std::move(warm));
    if (idle_.size() > kMostIdle) {
      surplus = std::move(idle_.front());
      idle_.erase(idle_.begin());
    }
  }
  if (surplus.database != nullptr) Close(std::move(surplus));
}

void WarmDatabases::Close(WarmDatabase warm) {
  fresh_.Discard(std::move(warm.database));
  (void)RemoveTree(warm.options.folder);
}

}  // namespace windlass::duckdb

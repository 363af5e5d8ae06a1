#include "executor/scratch_space.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/concat.h"

namespace windlass {
namespace {

std::string Existing(std::string parent) {
  if (!parent.empty()) return parent;
  std::error_code error;
  auto system = std::filesystem::temp_directory_path(error);
  return error ? "/tmp" : system.string();
}

// Of a folder itself, never of what a link with its name points to.
UniqueFd OpenFolder(const std::string& path) {
  return UniqueFd(
      ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

bool Lock(const UniqueFd& folder) {
  return ::flock(folder.get(), LOCK_EX | LOCK_NB) == 0;
}

bool IsOurs(const UniqueFd& folder) {
  struct stat status {};
  return ::fstat(folder.get(), &status) == 0 && status.st_uid == ::geteuid();
}

// False when somebody removed the folder between its making and its locking.
bool IsStillThere(const UniqueFd& folder) {
  struct stat status {};
  return ::fstat(folder.get(), &status) == 0 && status.st_nlink > 0;
}

// Under the folder's lock, so that of two that try one does it.
absl::Status RemoveIfAbandoned(const std::string& path) {
  UniqueFd folder = OpenFolder(path);
  if (!folder || !IsOurs(folder) || !Lock(folder)) return absl::OkStatus();
  return RemoveTree(path);
}

}  // namespace

ScratchSpace::ScratchSpace(std::string parent)
    : parent_(Existing(std::move(parent))) {}

ScratchSpace::~ScratchSpace() {
  MutexLock lock(mutex_);
  // There is nobody left to tell; the next executor tries again.
  if (!folder_.empty()) RemoveTree(folder_).IgnoreError();
}

absl::Status ScratchSpace::RemoveAbandoned() {
  std::error_code error;
  absl::Status first;
  std::filesystem::directory_iterator entry(parent_, error);
  for (; !error && entry != std::filesystem::directory_iterator();
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.rfind(kPrefix, 0) != 0) continue;
    first.Update(RemoveIfAbandoned(entry->path().string()));
  }
  if (error) {
    first.Update(ErrnoStatus(error.value(), Concat("read ", parent_)));
  }
  return first;
}

absl::StatusOr<std::string> ScratchSpace::MakeFolder() {
  MutexLock lock(mutex_);
  if (absl::Status status = Open(); !status.ok()) return status;
  return MakeTempDir(Concat(folder_, "/"));
}

absl::Status ScratchSpace::Open() {
  while (folder_.empty()) {
    auto made = MakeTempDir(Concat(parent_, "/", kPrefix));
    if (!made.ok()) return made.status();
    UniqueFd folder = OpenFolder(*made);
    if (!folder && errno != ENOENT) {
      return ErrnoStatus(errno, Concat("open ", *made));
    }
    if (!folder || !Lock(folder) || !IsStillThere(folder)) continue;
    folder_ = *std::move(made);
    lock_ = std::move(folder);
  }
  return absl::OkStatus();
}

}  // namespace windlass

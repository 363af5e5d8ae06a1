// Where the attempts of one executor get their scratch folders.
//
// All of them are made in one folder of the executor's own, which it holds
// locked (flock) for as long as it lives. A folder whose lock is free belongs
// to an executor that was killed: the next one that uses the same parent
// removes it with everything in it.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/file.h"
#include "base/mutex.h"

namespace windlass {

// Thread-safe.
class ScratchSpace {
 public:
  // What the names of executors' folders begin with.
  static constexpr char kPrefix[] = "windlass-scratch-";

  // `parent` must exist; empty: the system's folder for temporary files.
  explicit ScratchSpace(std::string parent);
  // Removes the executor's folder, whatever is left in it.
  ~ScratchSpace();
  ScratchSpace(const ScratchSpace&) = delete;
  ScratchSpace& operator=(const ScratchSpace&) = delete;

  // Removes what killed executors of this user left in the parent. The first
  // folder that could not be removed is the error; the others are tried still.
  absl::Status RemoveAbandoned();

  // A new, empty folder only we may enter. The caller removes it.
  absl::StatusOr<std::string> MakeFolder();

 private:
  absl::Status Open() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::string parent_;
  Mutex mutex_;
  // Of the executor's own folder, made when the first attempt wants one.
  std::string folder_ ABSL_GUARDED_BY(mutex_);
  UniqueFd lock_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace windlass

// The files of a cache: named copies, each followed by its SHA-256.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "base/file.h"
#include "base/mutex.h"
#include "base/sha256.h"
#include "windlass/result_store.h"

namespace windlass {

class CopyFolder;

// A copy being made; gone when destroyed unfinished. Errors end it silently:
// then it is just not kept. Not thread-safe.
class NewCopy {
 public:
  NewCopy(CopyFolder& folder, std::string name);
  ~NewCopy();
  NewCopy(const NewCopy&) = delete;
  NewCopy& operator=(const NewCopy&) = delete;

  void Append(std::string_view bytes);
  void Finish();

 private:
  void GiveUp();

  CopyFolder& folder_;
  const std::string name_;
  std::string path_;  // Of the unfinished file; empty when given up.
  UniqueFd file_;
  std::int64_t size_ = 0;
  Sha256 hash_;
};

// Thread-safe; several processes may use the same folder.
class CopyFolder {
 public:
  static absl::StatusOr<std::unique_ptr<CopyFolder>> Open(
      std::string path, std::int64_t maximum_bytes);

  // Null when there is none. Its end is Unavailable, and the copy gone, when it
  // is not what was written.
  std::unique_ptr<ByteSource> Read(const std::string& name);
  void Remove(const std::string& name);

 private:
  friend class NewCopy;

  CopyFolder(std::string path, std::int64_t maximum_bytes)
      : path_(std::move(path)), maximum_bytes_(maximum_bytes) {}
  std::string PathOf(const std::string& name) const;
  // After `bytes` more: removes what was used least lately if there are too
  // many.
  void Grow(std::int64_t bytes);
  void Trim() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::string path_;
  const std::int64_t maximum_bytes_;
  Mutex mutex_;
  std::int64_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;  // Others' may be missing.
};

}  // namespace windlass

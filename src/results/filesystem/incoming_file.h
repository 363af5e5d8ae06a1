// A file being written that nobody sees until it is whole and on disk.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "windlass/result_store.h"

namespace windlass {

// One new file in a folder of unfinished ones. Removed when destroyed without
// having been published. Not thread-safe.
class IncomingFile {
 public:
  // Makes `folder` when it is missing.
  static absl::StatusOr<IncomingFile> Create(const std::string& folder);

  IncomingFile(IncomingFile&& other) noexcept;
  IncomingFile& operator=(IncomingFile&&) = delete;
  ~IncomingFile();

  // Appends everything `content` has and brings it to disk. With `size`, any
  // other number of bytes is InvalidArgument.
  absl::Status Fill(ByteSource& content, std::optional<std::int64_t> size);

  // Size and time of what has been written.
  absl::StatusOr<struct stat> Describe() const;

  // Moves the file to `path`, on the same file system. AlreadyExists when there
  // is one, NotFound when its folder is missing.
  absl::Status Publish(const std::string& path);

 private:
  IncomingFile(int fd, std::string path);
  absl::Status Append(const char* data, std::size_t size);

  int fd_;
  std::string path_;  // Empty once published.
};

// Brings the names in `folder` to disk.
absl::Status SyncFolder(const std::string& folder);

// Removes files in `folder` that nobody has written to for a day.
void RemoveAbandonedFiles(const std::string& folder);

}  // namespace windlass

// Files and descriptors, with errors that say which path and why.
//
// Every Status here reads like "open /data/x: No such file or directory";
// its code is the errno's: NotFound, PermissionDenied, ResourceExhausted (a
// full disk, no more descriptors), AlreadyExists and so on.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace windlass {

// Owns a file descriptor; -1 is none.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  ~UniqueFd() { Reset(); }
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.Release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) {
      Reset();
      fd_ = other.Release();
    }
    return *this;
  }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int Release() { return std::exchange(fd_, -1); }
  void Reset();

 private:
  int fd_ = -1;
};

// `what` is the call and the path: "open /data/x".
absl::Status ErrnoStatus(int error, std::string_view what);

// More than `limit` bytes are ResourceExhausted, found without reading more.
absl::StatusOr<std::string> ReadFile(const std::string& path,
                                     std::size_t limit);

// Afterwards the file has either its old or its new contents, whatever fails in
// between, and the new ones survive a power cut. A link at `path` is replaced,
// not followed. The file's mode is 0666 less the umask.
absl::Status WriteFileAtomically(const std::string& path,
                                 std::string_view contents);

// A new, empty folder only we may enter: `prefix` plus six random characters.
// A prefix without "/" is put under $TMPDIR, else /tmp.
absl::StatusOr<std::string> MakeTempDir(std::string_view prefix);

// Removes a file or a whole folder; nothing there is no error. Links are
// removed, never followed.
absl::Status RemoveTree(const std::string& path);

// Writes all of it, however often the kernel takes only a part.
absl::Status WriteAll(int fd, std::string_view bytes, std::string_view what);

}  // namespace windlass

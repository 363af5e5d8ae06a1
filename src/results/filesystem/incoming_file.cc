#include "results/filesystem/incoming_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <random>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"

namespace windlass {
namespace {

constexpr std::size_t kBufferSize = 256 * 1024;
constexpr std::chrono::hours kAbandonedAfter{24};

std::string RandomName() {
  std::random_device random;
  return absl::StrCat(absl::Hex(random(), absl::kZeroPad8),
                      absl::Hex(random(), absl::kZeroPad8),
                      absl::Hex(random(), absl::kZeroPad8));
}

// Returns 0 or an errno. Not every file system knows RENAME_NOREPLACE; link()
// refuses to replace just as atomically.
int MoveWithoutReplacing(const char* from, const char* to) {
  if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;
  if (link(from, to) != 0) return errno;
  unlink(from);
  return 0;
}

}  // namespace

IncomingFile::IncomingFile(int fd, std::string path)
    : fd_(fd), path_(std::move(path)) {}

IncomingFile::IncomingFile(IncomingFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      path_(std::exchange(other.path_, std::string())) {}

IncomingFile::~IncomingFile() {
  if (fd_ >= 0) close(fd_);
  if (!path_.empty()) unlink(path_.c_str());
}

absl::StatusOr<IncomingFile> IncomingFile::Create(const std::string& folder) {
  for (;;) {
    std::string path = absl::StrCat(folder, "/", RandomName());
    const int fd =
        open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0) return IncomingFile(fd, std::move(path));
    const int error = errno;
    if (error == EEXIST || error == EINTR) continue;
    if (error == ENOENT && mkdir(folder.c_str(), 0777) == 0) continue;
    if (error == ENOENT && errno == EEXIST) continue;  // Another was quicker.
    return ErrnoStatus(error, absl::StrCat("create ", path));
  }
}

absl::Status IncomingFile::Append(const char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t n = write(fd_, data, size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoStatus(errno, absl::StrCat("write ", path_));
    data += n;
    size -= static_cast<std::size_t>(n);
  }
  return absl::OkStatus();
}

absl::Status IncomingFile::Fill(ByteSource& content,
                                std::optional<std::int64_t> size) {
  std::vector<char> buffer(kBufferSize);
  std::int64_t written = 0;
  for (;;) {
    absl::StatusOr<std::size_t> n = content.Read(buffer);
    if (!n.ok()) return n.status();
    if (*n == 0) break;
    absl::Status appended = Append(buffer.data(), *n);
    if (!appended.ok()) return appended;
    written += static_cast<std::int64_t>(*n);
  }
  if (size && *size != written) {
    return absl::InvalidArgumentError(
        absl::StrCat("the content has ", written, " bytes, but ", *size,
                     " were announced; was it changed meanwhile?"));
  }
  if (fsync(fd_) != 0) {
    return ErrnoStatus(errno, absl::StrCat("fsync ", path_));
  }
  return absl::OkStatus();
}

absl::StatusOr<struct stat> IncomingFile::Describe() const {
  struct stat info {};
  if (fstat(fd_, &info) != 0) {
    return ErrnoStatus(errno, absl::StrCat("stat ", path_));
  }
  return info;
}

absl::Status IncomingFile::Publish(const std::string& path) {
  const int error = MoveWithoutReplacing(path_.c_str(), path.c_str());
  if (error == 0) {
    path_.clear();
    return absl::OkStatus();
  }
  return ErrnoStatus(error, absl::StrCat("publish ", path));
}

absl::Status SyncFolder(const std::string& folder) {
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return ErrnoStatus(errno, absl::StrCat("open ", folder));
  const int error = fsync(fd) == 0 ? 0 : errno;
  close(fd);
  // Some network file systems cannot; then there is nothing more to do.
  if (error == 0 || error == EINVAL || error == ENOTSUP) {
    return absl::OkStatus();
  }
  return ErrnoStatus(error, absl::StrCat("fsync ", folder));
}

void RemoveAbandonedFiles(const std::string& folder) {
  namespace fs = std::filesystem;
  // Whatever cannot be removed now is tried again at the next start.
  std::error_code error;
  const fs::file_time_type limit =
      fs::file_time_type::clock::now() - kAbandonedAfter;
  for (fs::directory_iterator it(folder, error), end; !error && it != end;
       it.increment(error)) {
    std::error_code ignored;
    const fs::file_time_type modified = it->last_write_time(ignored);
    if (!ignored && modified < limit) fs::remove(it->path(), ignored);
  }
}

}  // namespace windlass

#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "base/random.h"

namespace windlass {
namespace {

std::string FolderOf(const std::string& path) {
  std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

absl::StatusOr<UniqueFd> Open(const std::string& path, int flags,
                              mode_t mode = 0) {
  int fd;
  do {
    fd = open(path.c_str(), flags | O_CLOEXEC, mode);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) return ErrnoStatus(errno, absl::StrCat("open ", path));
  return UniqueFd(fd);
}

absl::Status Sync(int fd, const std::string& path) {
  if (fsync(fd) == 0) return absl::OkStatus();
  return ErrnoStatus(errno, absl::StrCat("sync ", path));
}

// close() may be where a full network disk is reported.
absl::Status Close(UniqueFd fd, const std::string& path) {
  if (close(fd.Release()) == 0 || errno == EINTR) return absl::OkStatus();
  return ErrnoStatus(errno, absl::StrCat("close ", path));
}

absl::Status WriteNewFile(const std::string& path, std::string_view contents) {
  auto fd = Open(path, O_WRONLY | O_CREAT | O_EXCL, 0666);
  if (!fd.ok()) return fd.status();
  absl::Status status =
      WriteAll(fd->get(), contents, absl::StrCat("write ", path));
  if (status.ok()) status = Sync(fd->get(), path);
  if (status.ok()) status = Close(*std::move(fd), path);
  return status;
}

// Makes a rename in `folder` survive a power cut.
absl::Status SyncFolder(const std::string& folder) {
  auto fd = Open(folder, O_RDONLY | O_DIRECTORY);
  if (!fd.ok()) return fd.status();
  return Sync(fd->get(), folder);
}

}  // namespace

void UniqueFd::Reset() {
  if (fd_ >= 0) close(Release());
}

absl::Status ErrnoStatus(int error, std::string_view what) {
  return absl::Status(absl::ErrnoToStatusCode(error),
                      absl::StrCat(std::string(what), ": ",
                                   std::generic_category().message(error)));
}

absl::Status WriteAll(int fd, std::string_view bytes, std::string_view what) {
  while (!bytes.empty()) {
    ssize_t n = write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoStatus(errno, what);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadFile(const std::string& path,
                                     std::size_t limit) {
  constexpr std::size_t kStep = 64 * 1024;
  auto fd = Open(path, O_RDONLY);
  if (!fd.ok()) return fd.status();
  struct stat info = {};
  fstat(fd->get(), &info);
  // One more than the size, so that the end is seen without growing again.
  std::size_t step =
      std::max(kStep, static_cast<std::size_t>(info.st_size) + 1);
  std::string contents;
  for (;;) {
    std::size_t used = contents.size();
    if (used > limit) {
      return absl::ResourceExhaustedError(absl::StrCat(
          "read ", path, ": it is larger than the limit of ", limit, " bytes"));
    }
    contents.resize(used + std::min(step, limit - used + 1));
    ssize_t n = read(fd->get(), contents.data() + used, contents.size() - used);
    contents.resize(used + static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoStatus(errno, absl::StrCat("read ", path));
    if (n == 0) return contents;
    step = kStep;
  }
}

absl::Status WriteFileAtomically(const std::string& path,
                                 std::string_view contents) {
  // In the same folder: a rename does not cross file systems.
  std::string temporary = absl::StrCat(path, ".", RandomToken(8), ".tmp");
  absl::Status status = WriteNewFile(temporary, contents);
  if (status.ok() && rename(temporary.c_str(), path.c_str()) != 0) {
    status = ErrnoStatus(errno, absl::StrCat("rename to ", path));
  }
  if (!status.ok()) {
    unlink(temporary.c_str());
    return status;
  }
  return SyncFolder(FolderOf(path));
}

absl::StatusOr<std::string> MakeTempDir(std::string_view prefix) {
  std::string path(prefix);
  if (path.find('/') == std::string::npos) {
    const char* folder = std::getenv("TMPDIR");
    if (folder == nullptr || *folder == '\0') folder = "/tmp";
    path = absl::StrCat(folder, "/", path);
  }
  path += "XXXXXX";
  if (mkdtemp(path.data()) == nullptr) {
    return ErrnoStatus(errno, absl::StrCat("make folder ", path));
  }
  return path;
}

absl::Status RemoveTree(const std::string& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (!error) return absl::OkStatus();
  return ErrnoStatus(error.value(), absl::StrCat("remove ", path));
}

}  // namespace windlass

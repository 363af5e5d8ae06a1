#include "handlers/file/places.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/concat.h"

namespace windlass {
namespace {

// The rest of `path` below `folder`, "." for the folder itself; empty when it
// is not below.
std::string Below(const std::string& folder, const std::string& path) {
  if (path == folder) return ".";
  const std::string prefix = folder == "/" ? folder : folder + "/";
  if (path.compare(0, prefix.size(), prefix) != 0) return "";
  return path.substr(prefix.size());
}

std::string Normal(const std::filesystem::path& path) {
  std::string text = path.lexically_normal().string();
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

int OpenByKernel(int folder, const char* path, int flags) {
  struct open_how how = {};
  how.flags = static_cast<std::uint64_t>(flags);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  return static_cast<int>(syscall(SYS_openat2, folder, path, &how, sizeof how));
}

int OpenByHand(int folder, const std::string& path, int flags) {
  UniqueFd held;
  int at = folder;
  for (const auto& part : std::filesystem::path(path)) {
    if (part == "..") return errno = EXDEV, -1;
  }
  std::size_t start = 0;
  while (true) {
    std::size_t slash = path.find('/', start);
    const bool last = slash == std::string::npos;
    std::string part = path.substr(start, last ? slash : slash - start);
    int how = last ? flags : O_PATH | O_DIRECTORY | O_CLOEXEC;
    int fd = openat(at, part.c_str(), how | O_NOFOLLOW);
    if (fd < 0 || last) return fd;
    held = UniqueFd(fd);
    at = held.get();
    start = slash + 1;
  }
}

bool IsMissingCall(int error) { return error == ENOSYS || error == EPERM; }

// The default store and its results, which lie beside workflows.
bool IsOurs(const std::string& relative) {
  const std::filesystem::path path(relative);
  return std::find(path.begin(), path.end(), ".windlass") != path.end();
}

}  // namespace

Place Place::Parent() const {
  Place parent = *this;
  std::size_t slash = relative.rfind('/');
  parent.relative =
      slash == std::string::npos ? "." : relative.substr(0, slash);
  slash = path.rfind('/');
  parent.path = slash == 0 ? "/" : path.substr(0, slash);
  return parent;
}

Place Place::Child(std::string_view name) const {
  Place child = *this;
  child.relative =
      relative == "." ? std::string(name) : Concat(relative, "/", name);
  child.path = Concat(path == "/" ? "" : path, "/", name);
  return child;
}

std::string Place::Name() const {
  return relative == "." ? "." : path.substr(path.rfind('/') + 1);
}

std::vector<std::string> FileRootsFromEnvironment() {
  std::vector<std::string> folders;
  const char* roots = std::getenv("WINDLASS_FILE_ROOTS");
  if (roots == nullptr) return folders;
  for (absl::string_view root : absl::StrSplit(roots, ':', absl::SkipEmpty())) {
    folders.emplace_back(root);
  }
  return folders;
}

absl::StatusOr<Places> Places::Open(const std::string& base,
                                    const std::vector<std::string>& others) {
  Places places;
  std::error_code error;
  places.base_ = std::filesystem::absolute(base.empty() ? "." : base, error);
  absl::Status status = places.Add(places.base_);
  if (!status.ok()) return status;
  for (const std::string& folder : others) {
    status = places.Add(folder);
    if (!status.ok() && !absl::IsNotFound(status)) return status;
  }
  return places;
}

absl::Status Places::Add(const std::string& folder) {
  Folder added;
  std::error_code error;
  added.path = Normal(std::filesystem::absolute(folder, error));
  added.canonical = std::filesystem::canonical(added.path, error);
  if (error) {
    return ErrnoStatus(error.value(), Concat("open folder ", added.path));
  }
  added.fd =
      UniqueFd(open(added.canonical.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!added.fd) {
    return ErrnoStatus(errno, Concat("open folder ", added.path));
  }
  folders_.push_back(std::move(added));
  return absl::OkStatus();
}

absl::StatusOr<Place> Places::Find(std::string_view path) const {
  if (path.empty()) return absl::InvalidArgumentError("a path is empty");
  if (path.find('\0') != std::string_view::npos) {
    return absl::InvalidArgumentError("a path holds a NUL byte");
  }
  Place place;
  place.path = Normal(std::filesystem::path(base_) / path);
  for (const Folder& folder : folders_) {
    std::string below = Below(folder.path, place.path);
    if (below.empty()) below = Below(folder.canonical, place.path);
    if (below.empty()) continue;
    // The innermost folder that holds it: a link out of it may still be inside
    // an outer one, but which folder answers should not depend on their order.
    if (place.folder >= 0 && below.size() >= place.relative.size()) continue;
    place.folder = folder.fd.get();
    place.relative = std::move(below);
  }
  if (place.folder >= 0 && IsOurs(place.relative)) {
    return absl::PermissionDeniedError(
        Concat(place.path, " belongs to Windlass itself"));
  }
  if (place.folder >= 0) return place;
  std::vector<std::string> allowed;
  for (const Folder& folder : folders_) allowed.push_back(folder.path);
  return absl::PermissionDeniedError(Concat(
      place.path, " is outside the folders this executor allows (",
      absl::StrJoin(allowed, ", "), "); WINDLASS_FILE_ROOTS names more"));
}

absl::StatusOr<UniqueFd> OpenPlace(const Place& place, int flags, Walk walk) {
  flags |= O_CLOEXEC;
  int fd = -1;
  do {
    fd = walk == Walk::kKernel
             ? OpenByKernel(place.folder, place.relative.c_str(), flags)
             : OpenByHand(place.folder, place.relative, flags);
    // EAGAIN: something was renamed while the kernel walked.
  } while (fd < 0 && (errno == EINTR || errno == EAGAIN));
  if (fd >= 0) return UniqueFd(fd);
  if (walk == Walk::kKernel && IsMissingCall(errno)) {
    return OpenPlace(place, flags, Walk::kByHand);
  }
  if (errno == EXDEV || errno == ELOOP) {
    return absl::PermissionDeniedError(Concat(
        "open ", place.path, ": a link leads outside the allowed folder"));
  }
  return ErrnoStatus(errno, Concat("open ", place.path));
}

absl::StatusOr<InputFile> OpenInput(const Place& place) {
  // O_PATH first: opening a device or a pipe could itself do something.
  auto seen = OpenPlace(place, O_PATH);
  if (!seen.ok()) return seen.status();
  InputFile file;
  file.path = place.path;
  if (fstat(seen->get(), &file.info) != 0) {
    return ErrnoStatus(errno, Concat("stat ", place.path));
  }
  if (!S_ISREG(file.info.st_mode)) {
    return absl::FailedPreconditionError(
        Concat(place.path, " is ",
               S_ISDIR(file.info.st_mode) ? "a folder" : "a device or pipe",
               ", not a regular file"));
  }
  const std::string by_fd = Concat("/proc/self/fd/", seen->get());
  file.fd = UniqueFd(open(by_fd.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!file.fd) return ErrnoStatus(errno, Concat("open ", place.path));
  return file;
}

absl::StatusOr<UniqueFd> OpenParent(const Place& place) {
  if (place.relative == ".") {
    return absl::PermissionDeniedError(
        Concat(place.path, " is an allowed folder itself, not inside one"));
  }
  return OpenPlace(place.Parent(), O_RDONLY | O_DIRECTORY);
}

absl::Status MakeFolders(const Place& folder) {
  auto there = OpenPlace(folder, O_PATH | O_DIRECTORY);
  if (there.ok() || !absl::IsNotFound(there.status())) return there.status();
  absl::Status status = MakeFolders(folder.Parent());
  if (!status.ok()) return status;
  auto parent = OpenParent(folder);
  if (!parent.ok()) return parent.status();
  if (mkdirat(parent->get(), folder.Name().c_str(), 0777) != 0 &&
      errno != EEXIST) {
    return ErrnoStatus(errno, Concat("make folder ", folder.path));
  }
  return absl::OkStatus();
}

}  // namespace windlass

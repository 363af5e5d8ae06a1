// Which files a task may touch, and opening them without leaving that circle.
//
// A path is looked up beneath the folder it belongs to by the kernel, one
// component at a time (openat2 with RESOLVE_BENEATH), so neither "..", nor a
// link, nor a folder swapped for a link in the middle of it can lead outside.
// Links that stay inside are followed if they are relative.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/file.h"

namespace windlass {

// A path below an allowed folder; whether anything is there is open. Borrows
// the folder's descriptor from the Places it came from.
struct Place {
  int folder = -1;
  std::string relative;  // To `folder`; "." is the folder itself.
  std::string path;      // Absolute, as results name it.

  // Where a sibling, or something below this place, is.
  Place Parent() const;
  Place Child(std::string_view name) const;
  std::string Name() const;
};

// What WINDLASS_FILE_ROOTS names, folders with colons between them.
std::vector<std::string> FileRootsFromEnvironment();

// How paths are walked. kByHand is for kernels and sandboxes without openat2:
// as safe, but it follows no links at all.
enum class Walk : std::uint8_t { kKernel, kByHand };

// The allowed folders of one attempt.
class Places {
 public:
  // Relative paths are relative to `base`, which must exist; other folders that
  // do not exist are left out.
  static absl::StatusOr<Places> Open(const std::string& base,
                                     const std::vector<std::string>& others);

  // Allows one more folder.
  absl::Status Add(const std::string& folder);

  // PermissionDenied for what is below none of the folders.
  absl::StatusOr<Place> Find(std::string_view path) const;

 private:
  struct Folder {
    std::string path;       // As it was given, without "." and "..".
    std::string canonical;  // With links resolved.
    UniqueFd fd;
  };
  std::string base_;
  std::vector<Folder> folders_;
};

// As open(2); O_CLOEXEC is added. Leaving the folder is PermissionDenied.
absl::StatusOr<UniqueFd> OpenPlace(const Place& place, int flags,
                                   Walk walk = Walk::kKernel);

// For reading. What is no regular file (a folder, device, pipe) is
// FailedPrecondition, and opening it has no effect and never blocks.
struct InputFile {
  UniqueFd fd;
  struct stat info = {};
  std::string path;

  std::int64_t size() const { return info.st_size; }
};
absl::StatusOr<InputFile> OpenInput(const Place& place);

// The folder that `place` stands in, for making, renaming and removing it.
absl::StatusOr<UniqueFd> OpenParent(const Place& place);

// Makes the missing folders down to, and with, `folder`.
absl::Status MakeFolders(const Place& folder);

}  // namespace windlass

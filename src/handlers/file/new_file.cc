#include "handlers/file/new_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/concat.h"
#include "base/random.h"

namespace windlass {
namespace {

absl::Status AlreadyThere(const std::string& path) {
  return absl::AlreadyExistsError(
      Concat(path,
             " exists with other content; set overwrite: true to "
             "replace it"));
}

// Not every file system can rename without replacing.
int RenameWithoutReplacing(int folder, const char* from, const char* to) {
  if (renameat2(folder, from, folder, to, RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return -1;
  if (linkat(folder, from, folder, to, 0) != 0) return -1;
  return unlinkat(folder, from, 0);
}

}  // namespace

JsonObject ToJson(const FileFacts& facts) {
  return {{"path", facts.path}, {"size", facts.size}, {"sha256", facts.sha256}};
}

absl::StatusOr<std::string> Sha256OfFile(int fd, const std::string& path) {
  Sha256 checksum;
  std::string buffer(256 * 1024, '\0');
  while (true) {
    ssize_t n = read(fd, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoStatus(errno, Concat("read ", path));
    if (n == 0) return checksum.HexDigest();
    checksum.Update({buffer.data(), static_cast<std::size_t>(n)});
  }
}

absl::StatusOr<NewFile> NewFile::Create(const Place& place,
                                        const NewFileOptions& options) {
  if (options.parents == NewFileOptions::Parents::kMake) {
    absl::Status status = MakeFolders(place.Parent());
    if (!status.ok()) return status;
  }
  auto parent = OpenParent(place);
  if (absl::IsNotFound(parent.status())) {
    return absl::NotFoundError(Concat("folder ", place.Parent().path,
                                      " does not exist; set parents: true to "
                                      "make it"));
  }
  if (!parent.ok()) return parent.status();
  struct stat info = {};
  const std::string name = place.Name();
  const bool there =
      fstatat(parent->get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0;
  if (there && S_ISDIR(info.st_mode)) {
    return absl::FailedPreconditionError(
        Concat(place.path, " is a folder; name the file to write in it"));
  }
  if (there && options.existing == Existing::kRefuse && options.size &&
      info.st_size != *options.size) {
    return AlreadyThere(place.path);
  }
  NewFile file(place, options, *std::move(parent));
  file.temporary_ =
      Concat(".", name.substr(0, 200), ".", RandomToken(8), ".windlass");
  file.fd_ = UniqueFd(openat(file.parent_.get(), file.temporary_.c_str(),
                             O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!file.fd_) {
    file.temporary_.clear();
    return ErrnoStatus(errno, Concat("make ", place.path));
  }
  return file;
}

NewFile::~NewFile() {
  // A moved-from file has no parent_ any more.
  if (parent_ && !temporary_.empty()) {
    unlinkat(parent_.get(), temporary_.c_str(), 0);
  }
}

absl::Status NewFile::Write(std::string_view bytes) {
  checksum_.Update(bytes);
  size_ += static_cast<std::int64_t>(bytes.size());
  return WriteAll(fd_.get(), bytes, Concat("write ", place_.path));
}

absl::StatusOr<FileFacts> NewFile::Publish() {
  FileFacts facts{place_.path, size_, checksum_.HexDigest()};
  if (!options_.expected_sha256.empty() &&
      facts.sha256 != options_.expected_sha256) {
    return absl::DataLossError(Concat(place_.path, ": SHA-256 is ",
                                      facts.sha256, ", expected ",
                                      options_.expected_sha256));
  }
  if (options_.mode && fchmod(fd_.get(), *options_.mode) != 0) {
    return ErrnoStatus(errno, Concat("set mode of ", place_.path));
  }
  if (fsync(fd_.get()) != 0) {
    return ErrnoStatus(errno, Concat("sync ", place_.path));
  }
  absl::Status status = Rename();
  if (absl::IsAlreadyExists(status)) status = RefuseUnlessSame(facts.sha256);
  if (!status.ok()) return status;
  if (fsync(parent_.get()) != 0) {
    return ErrnoStatus(errno, Concat("sync folder of ", place_.path));
  }
  return facts;
}

absl::Status NewFile::Rename() {
  const std::string name = place_.Name();
  const int result = options_.existing == Existing::kReplace
                         ? renameat(parent_.get(), temporary_.c_str(),
                                    parent_.get(), name.c_str())
                         : RenameWithoutReplacing(
                               parent_.get(), temporary_.c_str(), name.c_str());
  if (result != 0) return ErrnoStatus(errno, Concat("rename to ", place_.path));
  temporary_.clear();
  return absl::OkStatus();
}

absl::Status NewFile::RefuseUnlessSame(const std::string& sha256) {
  auto there = OpenInput(place_);
  if (!there.ok()) return AlreadyThere(place_.path);
  if (there->size() != size_) return AlreadyThere(place_.path);
  auto found = Sha256OfFile(there->fd.get(), place_.path);
  if (!found.ok()) return found.status();
  return *found == sha256 ? absl::OkStatus() : AlreadyThere(place_.path);
}

}  // namespace windlass

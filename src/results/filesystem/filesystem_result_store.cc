#include "results/filesystem/filesystem_result_store.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "results/filesystem/incoming_file.h"
#include "results/object_key.h"

namespace windlass {
namespace {

constexpr char kScheme[] = "file:";
constexpr char kIncoming[] = "~incoming";

Timestamp ModifiedAt(const struct stat& info) {
  return Timestamp(std::chrono::duration_cast<Duration>(
      std::chrono::seconds(info.st_mtim.tv_sec) +
      std::chrono::nanoseconds(info.st_mtim.tv_nsec)));
}

std::string UriOf(std::string_view key) { return kScheme + std::string(key); }

ObjectInfo InfoOf(std::string_view key, const struct stat& info) {
  return ObjectInfo{.uri = UriOf(key),
                    .size = static_cast<std::int64_t>(info.st_size),
                    .modified_at = ModifiedAt(info)};
}

absl::StatusOr<std::string_view> KeyOf(std::string_view uri) {
  if (!uri.starts_with(kScheme)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "'", std::string(uri), "' is not in this result store, whose objects ",
        "are called file:..."));
  }
  const std::string_view key = uri.substr(std::string_view(kScheme).size());
  absl::Status valid = CheckObjectKey(key);
  if (!valid.ok()) return valid;
  return key;
}

absl::Status NoSuchObject(std::string_view uri) {
  return absl::NotFoundError(
      absl::StrCat("there is no object ", std::string(uri)));
}

std::string ParentOf(std::string_view path) {
  return std::string(path.substr(0, path.rfind('/')));
}

// Part of a file, from an open descriptor.
class RangeSource : public ByteSource {
 public:
  RangeSource(int fd, std::string uri, off_t begin, std::int64_t length)
      : fd_(fd), uri_(std::move(uri)), offset_(begin), left_(length) {}
  ~RangeSource() override { close(fd_); }
  RangeSource(const RangeSource&) = delete;
  RangeSource& operator=(const RangeSource&) = delete;

  absl::StatusOr<std::size_t> Read(std::span<char> buffer) override {
    const std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(
        buffer.size(), static_cast<std::uint64_t>(left_)));
    ssize_t n = 0;
    do {
      n = pread(fd_, buffer.data(), wanted, offset_);
    } while (n < 0 && errno == EINTR);
    if (n < 0) return ErrnoStatus(errno, absl::StrCat("read ", uri_));
    offset_ += n;
    left_ -= n;
    return static_cast<std::size_t>(n);
  }

 private:
  const int fd_;
  const std::string uri_;
  off_t offset_;
  std::int64_t left_;
};

class FilesystemResultStore : public ResultStore {
 public:
  explicit FilesystemResultStore(std::string root)
      : root_(std::move(root)), incoming_(absl::StrCat(root_, "/", kIncoming)) {
    RemoveAbandonedFiles(incoming_);
  }

  absl::StatusOr<ObjectInfo> Put(std::string_view key, ByteSource& content,
                                 const PutOptions& options) override;
  absl::StatusOr<std::unique_ptr<ByteSource>> Get(
      std::string_view uri, const ByteRange& range) override;
  absl::StatusOr<ObjectInfo> Stat(std::string_view uri) override;
  absl::Status Delete(std::string_view uri) override;
  absl::Status List(
      std::string_view prefix,
      const std::function<bool(const ObjectInfo&)>& visit) override;
  std::optional<std::string> LocalPath(std::string_view uri) const override;

 private:
  using Visitor = std::function<bool(const ObjectInfo&)>;

  std::string PathOf(std::string_view key) const {
    return absl::StrCat(root_, "/", std::string(key));
  }
  absl::StatusOr<struct stat> StatKey(std::string_view key) const;
  absl::Status MakeFolders(std::string_view key) const;
  absl::Status PublishAs(std::string_view key, IncomingFile& file) const;
  absl::Status SyncFolders(std::string_view key) const;
  // False when `visit` wants no more.
  absl::StatusOr<bool> ListFolder(const std::string& folder,
                                  std::string_view prefix,
                                  const Visitor& visit) const;

  const std::string root_;  // Absolute.
  const std::string incoming_;
};

// Of an object; NotFound for anything else, such as a folder or a link.
absl::StatusOr<struct stat> FilesystemResultStore::StatKey(
    std::string_view key) const {
  struct stat info {};
  if (lstat(PathOf(key).c_str(), &info) == 0) {
    if (S_ISREG(info.st_mode)) return info;
  } else if (errno != ENOENT && errno != ENOTDIR) {
    return ErrnoStatus(errno, absl::StrCat("stat ", PathOf(key)));
  }
  return NoSuchObject(UriOf(key));
}

absl::Status FilesystemResultStore::MakeFolders(std::string_view key) const {
  for (std::size_t slash = key.find('/'); slash != std::string_view::npos;
       slash = key.find('/', slash + 1)) {
    const std::string folder = PathOf(key.substr(0, slash));
    if (mkdir(folder.c_str(), 0777) == 0 || errno == EEXIST) continue;
    // Removed again between two of these calls; PublishAs() repeats them all.
    if (errno == ENOENT && slash != key.find('/')) return absl::OkStatus();
    return ErrnoStatus(errno, absl::StrCat("make folder ", folder));
  }
  return absl::OkStatus();
}

absl::Status FilesystemResultStore::PublishAs(std::string_view key,
                                              IncomingFile& file) const {
  // Delete() removes folders that became empty, perhaps just before the move.
  constexpr int kAttempts = 100;
  absl::Status published;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    published = MakeFolders(key);
    if (published.ok()) published = file.Publish(PathOf(key));
    if (!absl::IsNotFound(published)) break;
  }
  return published;
}

absl::Status FilesystemResultStore::SyncFolders(std::string_view key) const {
  for (std::string path = PathOf(key); path.size() > root_.size();) {
    path = ParentOf(path);
    absl::Status synced = SyncFolder(path);
    if (!synced.ok()) return synced;
  }
  return absl::OkStatus();
}

absl::StatusOr<ObjectInfo> FilesystemResultStore::Put(
    std::string_view key, ByteSource& content, const PutOptions& options) {
  absl::Status valid = CheckObjectKey(key);
  if (!valid.ok()) return valid;
  // Asked again when publishing; this spares writing what cannot be published.
  if (StatKey(key).ok()) {
    return absl::AlreadyExistsError(
        absl::StrCat("there is an object ", UriOf(key), " already"));
  }
  absl::StatusOr<IncomingFile> file = IncomingFile::Create(incoming_);
  if (!file.ok()) return file.status();
  absl::Status filled = file->Fill(content, options.size);
  if (!filled.ok()) return filled;
  absl::StatusOr<struct stat> info = file->Describe();
  if (!info.ok()) return info.status();
  absl::Status done = PublishAs(key, *file);
  if (!done.ok()) return done;
  done = SyncFolders(key);
  if (!done.ok()) {
    unlink(PathOf(key).c_str());
    return done;
  }
  return InfoOf(key, *info);
}

absl::StatusOr<std::unique_ptr<ByteSource>> FilesystemResultStore::Get(
    std::string_view uri, const ByteRange& range) {
  absl::StatusOr<std::string_view> key = KeyOf(uri);
  if (!key.ok()) return key.status();
  if (range.offset < 0 || range.length.value_or(0) < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("read ", std::string(uri),
                     ": offset and length of a range cannot be negative"));
  }
  absl::StatusOr<struct stat> info = StatKey(*key);
  if (!info.ok()) return info.status();
  const int fd = open(PathOf(*key).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0 && errno == ENOENT) return NoSuchObject(uri);
  if (fd < 0)
    return ErrnoStatus(errno, absl::StrCat("open ", std::string(uri)));
  return std::make_unique<RangeSource>(
      fd, std::string(uri), range.offset,
      range.length.value_or(std::numeric_limits<std::int64_t>::max()));
}

absl::StatusOr<ObjectInfo> FilesystemResultStore::Stat(std::string_view uri) {
  absl::StatusOr<std::string_view> key = KeyOf(uri);
  if (!key.ok()) return key.status();
  absl::StatusOr<struct stat> info = StatKey(*key);
  if (!info.ok()) return info.status();
  return InfoOf(*key, *info);
}

absl::Status FilesystemResultStore::Delete(std::string_view uri) {
  absl::StatusOr<std::string_view> key = KeyOf(uri);
  if (!key.ok()) return key.status();
  std::string path = PathOf(*key);
  if (unlink(path.c_str()) != 0) {
    if (errno == ENOENT || errno == ENOTDIR || errno == EISDIR) {
      return absl::OkStatus();
    }
    return ErrnoStatus(errno, absl::StrCat("delete ", std::string(uri)));
  }
  // A run's folders go with its last object; rmdir() fails on any other.
  do {
    path = ParentOf(path);
  } while (path.size() > root_.size() && rmdir(path.c_str()) == 0);
  return absl::OkStatus();
}

absl::StatusOr<bool> FilesystemResultStore::ListFolder(
    const std::string& folder, std::string_view prefix,
    const Visitor& visit) const {
  std::unique_ptr<DIR, int (*)(DIR*)> entries(opendir(PathOf(folder).c_str()),
                                              &closedir);
  if (entries == nullptr && errno == ENOENT) return true;  // Just removed.
  if (entries == nullptr) {
    return ErrnoStatus(errno, absl::StrCat("list ", PathOf(folder)));
  }
  for (;;) {
    errno = 0;
    const dirent* entry = readdir(entries.get());
    if (entry == nullptr && errno == 0) return true;
    if (entry == nullptr) {
      return ErrnoStatus(errno, absl::StrCat("list ", PathOf(folder)));
    }
    const std::string key = absl::StrCat(folder, entry->d_name);
    const std::string_view shorter =
        std::string_view(key).substr(0, prefix.size());
    // Also leaves out ~incoming and anything else that is none of ours.
    if (!prefix.starts_with(shorter) || !CheckObjectKey(key).ok()) continue;
    struct stat info {};
    if (lstat(PathOf(key).c_str(), &info) != 0) continue;
    bool more = true;
    if (S_ISDIR(info.st_mode)) {
      absl::StatusOr<bool> inner = ListFolder(key + "/", prefix, visit);
      if (!inner.ok()) return inner;
      more = *inner;
    } else if (S_ISREG(info.st_mode) && key.size() >= prefix.size()) {
      more = visit(InfoOf(key, info));
    }
    if (!more) return false;
  }
}

absl::Status FilesystemResultStore::List(
    std::string_view prefix,
    const std::function<bool(const ObjectInfo&)>& visit) {
  absl::Status valid = CheckObjectKeyPrefix(prefix);
  if (!valid.ok()) return valid;
  return ListFolder("", prefix, visit).status();
}

std::optional<std::string> FilesystemResultStore::LocalPath(
    std::string_view uri) const {
  absl::StatusOr<std::string_view> key = KeyOf(uri);
  if (!key.ok() || !StatKey(*key).ok()) return std::nullopt;
  return PathOf(*key);
}

}  // namespace

absl::StatusOr<std::unique_ptr<ResultStore>> OpenFilesystemResultStore(
    std::string root) {
  std::error_code error;
  std::filesystem::create_directories(root, error);
  if (!error) root = std::filesystem::canonical(root, error).string();
  if (error) {
    return ErrnoStatus(error.value(),
                       absl::StrCat("open result store in '", root, "'"));
  }
  return std::make_unique<FilesystemResultStore>(std::move(root));
}

}  // namespace windlass

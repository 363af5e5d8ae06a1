#include "results/cache/copy_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "base/concat.h"
#include "base/random.h"

namespace windlass {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kDigestBytes = 64;  // As hexadecimal digits.
constexpr char kUnfinished[] = ".unfinished";

// Reads all of [offset, offset + size); false when it is not there.
bool ReadAt(int file, std::span<char> buffer, off_t offset) {
  while (!buffer.empty()) {
    const ssize_t n = pread(file, buffer.data(), buffer.size(), offset);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    buffer = buffer.subspan(static_cast<std::size_t>(n));
    offset += n;
  }
  return true;
}

class CopySource : public ByteSource {
 public:
  CopySource(UniqueFd file, std::string path, std::int64_t size)
      : file_(std::move(file)), path_(std::move(path)), size_(size) {}

  absl::StatusOr<std::size_t> Read(std::span<char> buffer) override {
    if (buffer.empty()) return 0;
    const auto n = static_cast<std::size_t>(std::min<std::int64_t>(
        size_ - offset_, static_cast<std::int64_t>(buffer.size())));
    const auto wanted = buffer.first(n);
    if (!ReadAt(file_.get(), wanted, offset_) || (n == 0 && !IsWhole())) {
      unlink(path_.c_str());
      return absl::UnavailableError(
          "the local copy of an object is damaged and was removed; read the "
          "object again");
    }
    hash_.Update(std::string_view(wanted.data(), n));
    offset_ += static_cast<std::int64_t>(n);
    return n;
  }

 private:
  bool IsWhole() {
    if (std::exchange(verified_, true)) return true;
    std::string digest(kDigestBytes, '\0');
    return ReadAt(file_.get(), digest, size_) && digest == hash_.HexDigest();
  }

  const UniqueFd file_;
  const std::string path_;
  const std::int64_t size_;
  std::int64_t offset_ = 0;
  Sha256 hash_;
  bool verified_ = false;
};

struct Copy {
  fs::path path;
  fs::file_time_type used_at;
  std::int64_t size = 0;
};

std::vector<Copy> ListCopies(const std::string& folder) {
  std::vector<Copy> copies;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code gone;
    const fs::file_time_type used_at = entry->last_write_time(gone);
    const auto size = static_cast<std::int64_t>(entry->file_size(gone));
    if (!gone) copies.push_back({entry->path(), used_at, size});
  }
  return copies;
}

std::int64_t SizeOf(const std::vector<Copy>& copies) {
  std::int64_t bytes = 0;
  for (const Copy& copy : copies) bytes += copy.size;
  return bytes;
}

}  // namespace

NewCopy::NewCopy(CopyFolder& folder, std::string name)
    : folder_(folder),
      name_(std::move(name)),
      path_(Concat(folder_.PathOf(name_), "-", RandomToken(8), kUnfinished)),
      file_(
          open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) {
  if (!file_) path_.clear();
}

NewCopy::~NewCopy() { GiveUp(); }

void NewCopy::GiveUp() {
  if (path_.empty()) return;
  unlink(path_.c_str());
  path_.clear();
  file_.Reset();
}

void NewCopy::Append(std::string_view bytes) {
  if (path_.empty()) return;
  size_ += static_cast<std::int64_t>(bytes.size());
  hash_.Update(bytes);
  if (size_ > folder_.maximum_bytes_ ||
      !WriteAll(file_.get(), bytes, path_).ok()) {
    GiveUp();
  }
}

void NewCopy::Finish() {
  if (path_.empty()) return;
  if (!WriteAll(file_.get(), hash_.HexDigest(), path_).ok() ||
      std::rename(path_.c_str(), folder_.PathOf(name_).c_str()) != 0) {
    return GiveUp();
  }
  path_.clear();
  folder_.Grow(size_ + kDigestBytes);
}

absl::StatusOr<std::unique_ptr<CopyFolder>> CopyFolder::Open(
    std::string path, std::int64_t maximum_bytes) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) {
    return ErrnoStatus(error.value(),
                       Concat("open the cache of results in '", path, "'"));
  }
  std::unique_ptr<CopyFolder> folder(
      new CopyFolder(std::move(path), maximum_bytes));
  folder->Grow(SizeOf(ListCopies(folder->path_)));
  return folder;
}

std::string CopyFolder::PathOf(const std::string& name) const {
  return Concat(path_, "/", name);
}

std::unique_ptr<ByteSource> CopyFolder::Read(const std::string& name) {
  std::string path = PathOf(name);
  UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  struct stat info {};
  if (!file || fstat(file.get(), &info) != 0) return nullptr;
  if (info.st_size < kDigestBytes) {
    unlink(path.c_str());
    return nullptr;
  }
  // Its age is the time since it was last used.
  (void)utimensat(AT_FDCWD, path.c_str(), nullptr, 0);
  return std::make_unique<CopySource>(std::move(file), std::move(path),
                                      info.st_size - kDigestBytes);
}

void CopyFolder::Remove(const std::string& name) {
  unlink(PathOf(name).c_str());
}

void CopyFolder::Grow(std::int64_t bytes) {
  MutexLock lock(mutex_);
  bytes_ += bytes;
  if (bytes_ > maximum_bytes_) Trim();
}

// Down to nine tenths, so that not every new copy has to look at all of them.
void CopyFolder::Trim() {
  std::vector<Copy> copies = ListCopies(path_);
  bytes_ = SizeOf(copies);
  std::sort(copies.begin(), copies.end(),
            [](const Copy& a, const Copy& b) { return a.used_at < b.used_at; });
  for (const Copy& copy : copies) {
    if (bytes_ <= maximum_bytes_ / 10 * 9) break;
    unlink(copy.path.c_str());
    bytes_ -= copy.size;
  }
}

}  // namespace windlass

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "windlass/result_store.h"

namespace windlass {
namespace {

class StringSource : public ByteSource {
 public:
  explicit StringSource(std::string text) : text_(std::move(text)) {}

  absl::StatusOr<std::size_t> Read(std::span<char> buffer) override {
    const std::size_t n = std::min(buffer.size(), text_.size() - offset_);
    std::memcpy(buffer.data(), text_.data() + offset_, n);
    offset_ += n;
    return n;
  }

 private:
  const std::string text_;
  std::size_t offset_ = 0;
};

class FileSource : public ByteSource {
 public:
  FileSource(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  ~FileSource() override { close(fd_); }
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;

  absl::StatusOr<std::size_t> Read(std::span<char> buffer) override {
    for (;;) {
      const ssize_t n = read(fd_, buffer.data(), buffer.size());
      if (n >= 0) return static_cast<std::size_t>(n);
      if (errno != EINTR) {
        return ErrnoStatus(errno, absl::StrCat("read ", path_));
      }
    }
  }

 private:
  const int fd_;
  const std::string path_;
};

}  // namespace

std::unique_ptr<ByteSource> MakeStringSource(std::string text) {
  return std::make_unique<StringSource>(std::move(text));
}

absl::StatusOr<std::unique_ptr<ByteSource>> OpenFileSource(
    const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return ErrnoStatus(errno, absl::StrCat("open ", path));
  return std::make_unique<FileSource>(fd, path);
}

absl::StatusOr<std::string> ReadAll(ByteSource& source, std::size_t limit) {
  constexpr std::size_t kStep = 256 * 1024;
  std::string text;
  for (;;) {
    const std::size_t old = text.size();
    // One byte more than allowed, to tell "exactly at the limit" from "above".
    text.resize(old + (limit - old < kStep ? limit - old + 1 : kStep));
    absl::StatusOr<std::size_t> n =
        source.Read(std::span(text.data() + old, text.size() - old));
    if (!n.ok()) return n.status();
    text.resize(old + *n);
    if (*n == 0) return text;
    if (text.size() > limit) {
      return absl::ResourceExhaustedError(absl::StrCat(
          "the content is larger than the ", limit, " bytes allowed here"));
    }
  }
}

}  // namespace windlass

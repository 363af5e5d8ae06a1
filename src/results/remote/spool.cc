#include "results/remote/spool.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>
#include <vector>

#include "base/concat.h"
#include "base/file.h"

namespace windlass {
namespace {

class SpooledSource : public ByteSource {
 public:
  explicit SpooledSource(UniqueFd file) : file_(std::move(file)) {}

  absl::StatusOr<std::size_t> Read(std::span<char> buffer) override {
    for (;;) {
      const ssize_t n =
          pread(file_.get(), buffer.data(), buffer.size(), offset_);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return ErrnoStatus(errno, "read a result's temporary file");
      offset_ += n;
      return static_cast<std::size_t>(n);
    }
  }

 private:
  const UniqueFd file_;
  off_t offset_ = 0;
};

absl::StatusOr<UniqueFd> MakeNamelessFile() {
  const char* chosen = std::getenv("TMPDIR");
  const std::string folder =
      chosen != nullptr && *chosen != '\0' ? chosen : "/tmp";
  UniqueFd file(open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (file) return file;
  // Not every file system has nameless files.
  std::string path = folder + "/windlass-spool-XXXXXX";
  file = UniqueFd(mkostemp(path.data(), O_CLOEXEC));
  if (!file) return ErrnoStatus(errno, Concat("make a file in ", folder));
  unlink(path.c_str());
  return file;
}

}  // namespace

absl::StatusOr<SpooledContent> Spool(std::string_view head, ByteSource& rest) {
  constexpr char kWhat[] = "write a result's temporary file";
  absl::StatusOr<UniqueFd> file = MakeNamelessFile();
  if (!file.ok()) return file.status();
  absl::Status written = WriteAll(file->get(), head, kWhat);
  auto size = static_cast<std::int64_t>(head.size());
  std::vector<char> buffer(std::size_t{256} << 10);
  while (written.ok()) {
    absl::StatusOr<std::size_t> n = rest.Read(buffer);
    if (!n.ok()) return n.status();
    if (*n == 0) {
      return SpooledContent{std::make_unique<SpooledSource>(*std::move(file)),
                            size};
    }
    written = WriteAll(file->get(), std::string_view(buffer.data(), *n), kWhat);
    size += static_cast<std::int64_t>(*n);
  }
  return written;
}

}  // namespace windlass

#include "handlers/content.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/concat.h"
#include "base/file.h"

namespace windlass {
namespace {

constexpr std::size_t kBlock = 256 * 1024;

}  // namespace

bool IsEnvelope(const JsonObject& object) {
  return object.contains("kind") && object.contains("sha256") &&
         object.contains("media_type");
}

absl::Status CopyContent(
    ByteSource& content, const std::stop_token& stop,
    absl::FunctionRef<absl::Status(std::string_view)> write) {
  std::string buffer(kBlock, '\0');
  while (true) {
    if (stop.stop_requested()) return absl::CancelledError("stopped");
    auto n = content.Read(buffer);
    if (!n.ok()) return n.status();
    if (*n == 0) return absl::OkStatus();
    absl::Status status = write({buffer.data(), *n});
    if (!status.ok()) return status;
  }
}

absl::StatusOr<UniqueFd> CreateNewFile(const std::string& path) {
  UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                   S_IRUSR | S_IWUSR));
  if (!fd) return ErrnoStatus(errno, Concat("create ", path));
  return fd;
}

absl::Status CopyToNewFile(ByteSource& content, const std::stop_token& stop,
                           const std::string& path) {
  auto fd = CreateNewFile(path);
  if (!fd.ok()) return fd.status();
  return CopyContent(content, stop, [&](std::string_view bytes) {
    return WriteAll(fd->get(), bytes, Concat("write ", path));
  });
}

}  // namespace windlass

#include <unistd.h>
#include <cerrno>

#include <algorithm>

#include "base/concat.h"
#include "handlers/file/operations.h"
#include "handlers/params.h"

namespace windlass {
namespace {

constexpr std::size_t kBlock = 256 * 1024;
constexpr std::int64_t kBytesPerProgress = 16 * 1024 * 1024;

}  // namespace

absl::StatusOr<Place> FileJob::Find(std::string_view path) {
  auto place = places_.Find(path);
  if (!absl::IsPermissionDenied(place.status())) return place;
  // The scratch folder is made when somebody wants it, which may be now.
  auto scratch = task_.ScratchDir();
  if (!scratch.ok() || path.rfind(*scratch, 0) != 0) return place;
  absl::Status status = places_.Add(*scratch);
  if (!status.ok()) return status;
  return places_.Find(path);
}

absl::StatusOr<Place> FileJob::FindParam(std::string_view name) {
  return Find(TextParam(task_.params(), name));
}

absl::StatusOr<InputFile> FileJob::OpenParam(std::string_view name) {
  auto place = FindParam(name);
  if (!place.ok()) return place.status();
  auto file = OpenInput(*place);
  if (file.ok()) Expect(file->size());
  return file;
}

NewFileOptions FileJob::OptionsForNewFile() const {
  NewFileOptions options;
  const Json& params = task_.params();
  if (FlagParam(params, "overwrite")) options.existing = Existing::kReplace;
  if (FlagParam(params, "parents")) {
    options.parents = NewFileOptions::Parents::kMake;
  }
  options.expected_sha256 = TextParam(params, "expected");
  return options;
}

absl::Status FileJob::Pump(const InputFile& file, const ByteSink& sink) {
  const std::stop_token stop = task_.stop_token();
  std::string buffer(kBlock, '\0');
  while (true) {
    if (stop.stop_requested()) return absl::CancelledError("stopped");
    ssize_t n = read(file.fd.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoStatus(errno, Concat("read ", file.path));
    if (n == 0) return absl::OkStatus();
    absl::Status status = sink({buffer.data(), static_cast<std::size_t>(n)});
    if (!status.ok()) return status;
    const std::int64_t before = done_;
    done_ += n;
    if (done_ / kBytesPerProgress != before / kBytesPerProgress) {
      const double of = static_cast<double>(std::max(total_, done_));
      task_.Progress(static_cast<double>(done_) / of,
                     Concat(done_, " of ", std::max(total_, done_), " bytes"));
      task_.Heartbeat();
    }
  }
}

}  // namespace windlass

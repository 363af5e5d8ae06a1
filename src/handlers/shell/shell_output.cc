#include "handlers/shell/shell_output.h"

#include <fcntl.h>

#include <cerrno>
#include <utility>

#include "base/concat.h"
#include "base/utf8.h"

namespace windlass {
namespace {

constexpr std::size_t kBytesInMemory = std::size_t{1} << 20;

Outcome InvalidResult(std::string message) {
  TaskError error;
  error.type = error_type::kInvalidResult;
  error.message = std::move(message);
  error.category = ErrorCategory::kValidation;
  error.retryable = false;
  return Outcome::Failure(std::move(error));
}

}  // namespace

ShellOutput::ShellOutput(TaskContext& task, Options options)
    : task_(task),
      options_(std::move(options)),
      stdout_log_(task, LogSource::kStdout,
                  options_.form == ResultForm::kText ? LogLevel::kInfo
                                                     : LogLevel::kDebug),
      stderr_log_(task, LogSource::kStderr, LogLevel::kInfo) {}

void ShellOutput::OnOutput(OutputStream stream, std::string_view bytes) {
  if (stream == OutputStream::kStderr) return stderr_log_.Append(bytes);
  if (options_.form != ResultForm::kBytes) stdout_log_.Append(bytes);
  if (status_.ok()) Keep(bytes);
}

void ShellOutput::FlushLogs() {
  stdout_log_.Flush();
  stderr_log_.Flush();
}

void ShellOutput::Keep(std::string_view bytes) {
  size_ += static_cast<std::int64_t>(bytes.size());
  if (size_ > options_.limit) {
    return Fail(absl::OutOfRangeError(
        Concat("stdout is larger than max_output, ", options_.limit, " bytes",
               options_.form == ResultForm::kBytes
                   ? ""
                   : "; raise it, or set result: bytes, which is streamed")));
  }
  if (file_) {
    absl::Status status = WriteAll(file_.get(), bytes, "write " + path_);
    if (!status.ok()) Fail(std::move(status));
    return;
  }
  kept_ += bytes;
  if (options_.form == ResultForm::kBytes && kept_.size() > kBytesInMemory) {
    absl::Status status = Spill();
    if (!status.ok()) Fail(std::move(status));
  }
}

absl::Status ShellOutput::Spill() {
  auto scratch = task_.ScratchDir();
  if (!scratch.ok()) return scratch.status();
  path_ = *scratch + "/.windlass-stdout";
  file_ = UniqueFd(open(path_.c_str(),
                        O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
                        0600));
  if (!file_) return ErrnoStatus(errno, "open " + path_);
  return WriteAll(file_.get(), std::exchange(kept_, ""), "write " + path_);
}

void ShellOutput::Fail(absl::Status status) {
  status_ = std::move(status);
  kept_.clear();
  options_.give_up();
}

Outcome ShellOutput::Result() {
  switch (options_.form) {
    case ResultForm::kBytes:
      if (file_) {
        file_.Reset();
        return Outcome::Success(FileContent{path_, options_.media_type});
      }
      return Outcome::Success(Bytes{std::move(kept_), options_.media_type});
    case ResultForm::kJson: {
      auto json = ParseJson(kept_);
      if (json.ok()) return Outcome::Success(*std::move(json));
      return InvalidResult(
          Concat("stdout is not JSON: ", std::string(json.status().message()),
                 "; it begins: ", Utf8Head(kept_, 200)));
    }
    case ResultForm::kText:
      break;
  }
  if (!IsUtf8(kept_)) {
    return InvalidResult("stdout is not UTF-8 text; set result: bytes");
  }
  if (!kept_.empty() && kept_.back() == '\n') kept_.pop_back();
  return Outcome::Success(Json(kept_));
}

}  // namespace windlass

#include "engine/attempt_logs.h"

#include <fcntl.h>

#include <algorithm>
#include <filesystem>
#include <tuple>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "model/task_name.h"

namespace windlass {
namespace {

namespace fs = std::filesystem;

std::string TaskName(const Lease& lease) {
  return FormatTaskName(lease.spec().id, lease.task);
}

}  // namespace

std::shared_ptr<AttemptLogs::File> AttemptLogs::Open(const Lease& lease) {
  absl::MutexLock lock(&mutex_);
  std::shared_ptr<File>& file = open_[lease.token];
  if (file == nullptr) {
    file = std::make_shared<File>();
    fs::path folder = fs::path(folder_) / FormatRunId(lease.run->id);
    std::error_code ignored;
    fs::create_directories(folder, ignored);
    fs::path path =
        folder / absl::StrCat(TaskName(lease), ".", lease.attempt, ".log");
    file->fd = UniqueFd(
        open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
  }
  return file;
}

void AttemptLogs::OnLog(const Lease& lease, LogLevel level,
                        std::string_view message) {
  (void)level;
  if (folder_.empty()) return;
  std::shared_ptr<File> file = Open(lease);
  std::string line = absl::StrCat(std::string(message), "\n");
  {
    absl::MutexLock lock(&mutex_);
    if (file->bytes + static_cast<std::int64_t>(line.size()) > kMaximumBytes) {
      file->dropped += static_cast<std::int64_t>(line.size());
      return;
    }
    file->bytes += static_cast<std::int64_t>(line.size());
  }
  // Appends are atomic, so lines of two threads do not mix.
  (void)WriteAll(file->fd.get(), line, "attempt log");
}

void AttemptLogs::OnAttemptEnded(const Lease& lease, const AttemptEnd& end) {
  (void)end;
  std::shared_ptr<File> file;
  {
    absl::MutexLock lock(&mutex_);
    auto found = open_.find(lease.token);
    if (found == open_.end()) return;
    file = std::move(found->second);
    open_.erase(found);
  }
  if (file->dropped > 0) {
    (void)WriteAll(file->fd.get(),
                   absl::StrCat("… ", file->dropped, " bytes more, not kept\n"),
                   "attempt log");
  }
}

std::vector<AttemptLog> ListAttemptLogs(const std::string& folder, RunId run) {
  std::vector<AttemptLog> logs;
  std::error_code error;
  for (const auto& entry :
       fs::directory_iterator(fs::path(folder) / FormatRunId(run), error)) {
    std::string name = entry.path().filename();
    if (!name.ends_with(".log")) continue;
    name.resize(name.size() - 4);
    std::size_t dot = name.rfind('.');
    AttemptLog log;
    if (dot == std::string::npos ||
        !absl::SimpleAtoi(name.substr(dot + 1), &log.attempt)) {
      continue;
    }
    log.task = name.substr(0, dot);
    log.path = entry.path();
    logs.push_back(std::move(log));
  }
  std::sort(logs.begin(), logs.end(),
            [](const AttemptLog& a, const AttemptLog& b) {
              return std::tie(a.task, a.attempt) < std::tie(b.task, b.attempt);
            });
  return logs;
}

}  // namespace windlass

#include "handlers/python/package.h"

#include <sys/stat.h>

#include <cerrno>
#include <string_view>
#include <utility>

#include "base/concat.h"
#include "base/file.h"
#include "python_package.h"

namespace windlass {
namespace {

namespace sources = python_package;

constexpr std::pair<std::string_view, std::string_view> kFiles[] = {
    {"__init__.py", sources::kInit},    {"_child.py", sources::kChild},
    {"_current.py", sources::kCurrent}, {"_errors.py", sources::kErrors},
    {"_fork.py", sources::kFork},       {"_frame.py", sources::kFrame},
    {"_plain.py", sources::kPlain},     {"_serve.py", sources::kServe},
    {"_task.py", sources::kTask},       {"_values.py", sources::kValues},
    {"_warm.py", sources::kWarm},       {"_wire.py", sources::kWire},
};

absl::Status WritePackage(const std::string& folder) {
  const std::string package = folder + "/windlass";
  if (mkdir(package.c_str(), S_IRWXU) != 0) {
    return ErrnoStatus(errno, Concat("make folder ", package));
  }
  for (const auto& [name, text] : kFiles) {
    absl::Status status = WriteFileAtomically(Concat(package, "/", name), text);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace

PythonPackage::~PythonPackage() {
  MutexLock lock(mutex_);
  if (!folder_.empty()) (void)RemoveTree(folder_);
}

absl::StatusOr<std::string> PythonPackage::Folder() {
  MutexLock lock(mutex_);
  if (!folder_.empty()) return folder_;
  auto folder = MakeTempDir("windlass-python-");
  if (!folder.ok()) return folder;
  absl::Status status = WritePackage(*folder);
  if (!status.ok()) {
    (void)RemoveTree(*folder);
    return status;
  }
  return folder_ = *std::move(folder);
}

}  // namespace windlass

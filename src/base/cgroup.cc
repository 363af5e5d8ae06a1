#include "base/cgroup.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

#include "base/concat.h"
#include "base/file.h"

namespace windlass {
namespace {

constexpr std::size_t kLargestFile = 4096;

std::string_view TakeUntil(char separator, std::string_view& text) {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view taken = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return taken;
}

// Nothing for "max", and for what is no number.
std::optional<std::int64_t> NumberOf(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end == text.data()) return std::nullopt;
  return number;
}

std::string FirstLine(const std::string& path) {
  auto text = ReadFile(path, kLargestFile);
  return text.ok() ? text->substr(0, text->find('\n')) : "";
}

// `root` with the group's path, then with that of each group above it.
std::vector<std::string> FoldersOf(const std::string& root,
                                   std::string_view path) {
  std::vector<std::string> folders;
  while (path.size() > 1 && path.starts_with('/')) {
    folders.push_back(Concat(root, path));
    path = path.substr(0, path.rfind('/'));
  }
  folders.push_back(root);
  return folders;
}

void LimitMemory(const std::string& file, CgroupLimits& limits) {
  const auto bytes = NumberOf(FirstLine(file));
  if (bytes && *bytes > 0) {
    limits.memory_bytes = std::min(limits.memory_bytes, *bytes);
  }
}

void LimitProcessors(std::optional<std::int64_t> quota,
                     std::optional<std::int64_t> period, CgroupLimits& limits) {
  if (!quota || !period || *quota <= 0 || *period <= 0) return;
  limits.processors =
      std::min(limits.processors,
               static_cast<double>(*quota) / static_cast<double>(*period));
}

bool Has(std::string_view controllers, std::string_view wanted) {
  while (!controllers.empty()) {
    if (TakeUntil(',', controllers) == wanted) return true;
  }
  return false;
}

void ReadVersion2(const std::string& folder, CgroupLimits& limits) {
  LimitMemory(folder + "/memory.max", limits);
  const std::string line = FirstLine(folder + "/cpu.max");  // "50000 100000"
  std::string_view rest = line;
  const auto quota = NumberOf(TakeUntil(' ', rest));
  LimitProcessors(quota, NumberOf(rest), limits);
}

}  // namespace

CgroupLimits ReadCgroupLimits(std::string_view groups,
                              const std::string& root) {
  CgroupLimits limits;
  while (!groups.empty()) {
    // hierarchy:controllers:path
    std::string_view line = TakeUntil('\n', groups);
    TakeUntil(':', line);
    const std::string_view controllers = TakeUntil(':', line);
    if (controllers.empty()) {
      for (const std::string& folder : FoldersOf(root, line)) {
        ReadVersion2(folder, limits);
      }
    }
    if (Has(controllers, "memory")) {
      for (const std::string& folder : FoldersOf(root + "/memory", line)) {
        LimitMemory(folder + "/memory.limit_in_bytes", limits);
      }
    }
    if (Has(controllers, "cpu")) {
      for (const std::string& folder :
           FoldersOf(Concat(root, "/", controllers), line)) {
        LimitProcessors(NumberOf(FirstLine(folder + "/cpu.cfs_quota_us")),
                        NumberOf(FirstLine(folder + "/cpu.cfs_period_us")),
                        limits);
      }
    }
  }
  return limits;
}

}  // namespace windlass

#include "base/local_process.h"

#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"

namespace windlass {
namespace {

std::string FirstLine(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

}  // namespace

std::string LocalHostIdentity() {
  struct stat pid_namespace {};
  if (stat("/proc/self/ns/pid", &pid_namespace) != 0) return "";
  const std::string boot = FirstLine("/proc/sys/kernel/random/boot_id");
  if (boot.empty()) return "";
  return absl::StrCat(boot, "/", pid_namespace.st_ino);
}

std::string LocalProcessName() {
  utsname host{};
  return absl::StrCat(uname(&host) == 0 ? host.nodename : "unknown", "-",
                      getpid());
}

std::int64_t ProcessStart(std::int64_t pid) {
  // "12 (a name) with) spaces) S ppid ...": fields count from after the last
  // parenthesis.
  const std::string stat = FirstLine(absl::StrCat("/proc/", pid, "/stat"));
  const auto name_end = stat.rfind(')');
  if (name_end == std::string::npos) return 0;
  std::istringstream fields(stat.substr(name_end + 1));
  std::string state;
  fields >> state;
  if (state == "Z" || state == "X") return 0;
  constexpr int kFromStateToStart = 18;
  std::string skipped;
  for (int i = 0; i < kFromStateToStart; ++i) fields >> skipped;
  std::int64_t start = 0;
  fields >> start;
  return fields ? start : 0;
}

void DescribeThisProcess(ExecutorInfo& info) {
  info.host = LocalHostIdentity();
  info.pid = getpid();
  info.process_start = ProcessStart(info.pid);
}

bool MayBeAlive(const ExecutorInfo& info) {
  if (info.pid == 0 || info.host.empty()) return true;
  if (info.host != LocalHostIdentity()) return true;
  return ProcessStart(info.pid) == info.process_start;
}

}  // namespace windlass

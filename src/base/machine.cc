#include "base/machine.h"

#include <sched.h>
#include <sys/sysinfo.h>

#include <algorithm>
#include <cmath>
#include <thread>

#include "base/cgroup.h"
#include "base/file.h"

namespace windlass {
namespace {

constexpr std::size_t kLargestFile = std::size_t{64} << 10;

// Once: asking costs a dozen files.
const CgroupLimits& OurLimits() {
  static const CgroupLimits limits = [] {
    auto groups = ReadFile("/proc/self/cgroup", kLargestFile);
    return groups.ok() ? ReadCgroupLimits(*groups, "/sys/fs/cgroup")
                       : CgroupLimits();
  }();
  return limits;
}

}  // namespace

std::int64_t MachineMemory() {
  struct sysinfo info = {};
  const std::int64_t all =
      sysinfo(&info) != 0
          ? std::int64_t{2} << 30
          : static_cast<std::int64_t>(info.totalram) * info.mem_unit;
  return std::min(all, OurLimits().memory_bytes);
}

int MachineProcessors() {
  cpu_set_t ours;
  const bool known = sched_getaffinity(0, sizeof ours, &ours) == 0;
  const int allowed =
      known ? CPU_COUNT(&ours)
            : static_cast<int>(std::thread::hardware_concurrency());
  const double quota = std::ceil(OurLimits().processors);
  return std::max(1, quota < allowed ? static_cast<int>(quota) : allowed);
}

}  // namespace windlass

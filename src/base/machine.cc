#include "base/machine.h"

#include <sys/sysinfo.h>

namespace windlass {

std::int64_t MachineMemory() {
  struct sysinfo info = {};
  if (sysinfo(&info) != 0) return std::int64_t{2} << 30;
  return static_cast<std::int64_t>(info.totalram) * info.mem_unit;
}

}  // namespace windlass

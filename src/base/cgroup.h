// What the control groups of a container leave of the machine.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace windlass {

struct CgroupLimits {
  std::int64_t memory_bytes = std::numeric_limits<std::int64_t>::max();
  double processors = std::numeric_limits<double>::infinity();
};

// The least of a process's groups and all above them, of version 1 and 2, as
// cgroups(7) describes. `groups` is what /proc/self/cgroup says, `root` the
// folder that control groups are mounted in. What cannot be read does not
// limit: in a container the groups' own paths may be out of sight, and its
// limits stand at the root.
CgroupLimits ReadCgroupLimits(std::string_view groups, const std::string& root);

}  // namespace windlass

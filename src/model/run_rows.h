// What the rows of a run tell that RunProgress counts but does not list.
#pragma once

#include <cstdint>
#include <vector>

namespace windlass {

// Instances [first, first + count) of a mapped task.
struct InstanceRange {
  std::int32_t first = 0;
  std::int32_t count = 0;
};

// Asked within a call of RunProgress, seldom; answers for the moment of that
// call, with what the caller reports as ended no longer running.
class RunRows {
 public:
  virtual ~RunRows() = default;

  // How many attempts of this node (of all its instances) run and have not been
  // told to stop.
  virtual std::int32_t Running(std::int32_t node) const = 0;

  // The first `limit` of a mapped node's instances from `from` on, and below
  // `to`, that have neither succeeded nor been skipped; ascending.
  virtual std::vector<InstanceRange> NotDone(std::int32_t node,
                                             std::int32_t from, std::int32_t to,
                                             std::int32_t limit) const = 0;
};

}  // namespace windlass

// Rows of a run as a test says they are.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "model/run_rows.h"
#include "windlass/ids.h"

namespace windlass::testing {

class FakeRunRows : public RunRows {
 public:
  std::int32_t Running(std::int32_t node) const override {
    auto found = running.find(node);
    return found == running.end() ? 0 : found->second;
  }

  std::vector<InstanceRange> NotDone(std::int32_t node, std::int32_t from,
                                     std::int32_t to,
                                     std::int32_t limit) const override {
    std::vector<InstanceRange> ranges;
    for (std::int32_t i = from; i < to && limit > 0; ++i) {
      if (done.contains({node, i})) continue;
      --limit;
      if (!ranges.empty() && ranges.back().first + ranges.back().count == i) {
        ++ranges.back().count;
      } else {
        ranges.push_back({i, 1});
      }
    }
    return ranges;
  }

  std::map<std::int32_t, std::int32_t> running;  // Attempts by node.
  std::set<TaskKey> done;                        // Succeeded or skipped.
};

}  // namespace windlass::testing

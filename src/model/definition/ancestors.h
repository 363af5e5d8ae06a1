// Which tasks have ended when another starts.
#pragma once

#include <utility>
#include <vector>

#include "model/definition/check.h"

namespace windlass {

// For each question (task, other): whether `other` is among the tasks that
// `task` depends on, directly or through others. Takes time proportional to
// the graph times the number of different `other`s, divided by 64.
std::vector<bool> AreAncestors(const DraftGraph& graph,
                               const std::vector<std::pair<int, int>>& asked);

}  // namespace windlass

#include "model/graph.h"

#include <algorithm>
#include <cassert>
#include <string_view>
#include <unordered_map>

namespace windlass {

Graph::Graph(const Workflow& workflow)
    : workflow_(&workflow),
      successors_(workflow.tasks.size()),
      dependencies_(workflow.tasks.size()),
      map_slots_(workflow.tasks.size(), -1),
      on_exit_(workflow.on_exit_index.value_or(-1)) {
  std::unordered_map<std::string_view, int> nodes;
  for (int node = 0; node < size(); ++node) nodes.emplace(spec(node).id, node);

  for (int node = 0; node < size(); ++node) {
    auto place = static_cast<std::size_t>(node);
    if (spec(node).map) map_slots_[place] = map_count_++;
    if (node == on_exit_) continue;
    for (const std::string& id : spec(node).depends_on) {
      auto found = nodes.find(id);
      assert(found != nodes.end());
      dependencies_[place].push_back(found->second);
    }
    std::vector<int>& own = dependencies_[place];
    std::sort(own.begin(), own.end());
    own.erase(std::unique(own.begin(), own.end()), own.end());
    for (int dependency : own) {
      successors_[static_cast<std::size_t>(dependency)].push_back(node);
    }
  }
}

}  // namespace windlass

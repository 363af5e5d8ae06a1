// A workflow's dependencies in the form that running it needs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "windlass/workflow.h"

namespace windlass {

// The parts of a workflow that RunProgress needs, computed once per
// definition: successors, dependencies, which nodes are mapped. Immutable, so
// any number of threads and runs may share one.
class Graph {
 public:
  // Requires acyclic, known dependencies (what ParseWorkflow() guarantees).
  // `workflow` must outlive the graph.
  explicit Graph(const Workflow& workflow);

  const Workflow& workflow() const { return *workflow_; }
  const TaskSpec& spec(int node) const {
    return workflow_->tasks[static_cast<std::size_t>(node)];
  }
  int size() const { return static_cast<int>(successors_.size()); }

  // Both by increasing place of the task in the file. on_exit has neither.
  const std::vector<int>& successors(int node) const {
    return successors_[static_cast<std::size_t>(node)];
  }
  const std::vector<int>& dependencies(int node) const {
    return dependencies_[static_cast<std::size_t>(node)];
  }

  // The node of on_exit, or -1.
  int on_exit() const { return on_exit_; }

  // Mapped nodes are numbered 0, 1, ... in the order of the file; the others
  // are -1.
  int map_slot(int node) const {
    return map_slots_[static_cast<std::size_t>(node)];
  }
  int map_count() const { return map_count_; }

 private:
  const Workflow* workflow_;
  std::vector<std::vector<int>> successors_;
  std::vector<std::vector<int>> dependencies_;
  std::vector<std::int32_t> map_slots_;
  int map_count_ = 0;
  int on_exit_ = -1;
};

}  // namespace windlass

// A run kept in the plainest way there is, to check RunProgress against: every
// instance is listed, nothing is counted in advance, every question looks
// through all tasks.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "support/trigger_rule_oracle.h"
#include "windlass/ids.h"
#include "windlass/states.h"
#include "windlass/store.h"
#include "windlass/workflow.h"

namespace windlass::testing {

// What a call led to; released instances one by one.
struct Happened {
  std::vector<std::int32_t> reset;
  std::vector<std::int32_t> resumed;
  std::vector<TaskKey> released;
  std::vector<std::pair<TaskKey, TaskState>> settled;
  std::vector<std::int32_t> cancelled;
  std::optional<RunState> ended;
};

// `running` are the tasks and instances that attempts run of.
class NaiveRun {
 public:
  using Running = std::set<TaskKey>;

  explicit NaiveRun(const Workflow& workflow);

  Happened Start();
  Happened TaskEnded(TaskKey task, TaskState state, const Running& running);
  Happened Expanded(int node, int count);
  Happened Cancel(RunState outcome, const Running& running);
  Happened RetryTasks(RetryScope scope);
  Happened Requeue(TaskKey task);

  RunState state() const { return state_; }
  RunState outcome() const { return outcome_; }
  NodeProgress node(int node) const;
  int InFlight() const;

 private:
  struct Instance {
    bool released = false;
    std::optional<TaskState> end;
  };
  struct Node {
    bool may_run = false;  // The rule is met.
    bool released = false;
    bool expanded = false;
    std::vector<Instance> instances;
    std::optional<TaskState> end;
    bool could_not_run = false;
    bool known = false;  // Its end was told to the nodes after it.
    // What it will have ended as when what runs of it has stopped.
    std::optional<TaskState> stops_as;
  };

  int size() const { return static_cast<int>(nodes_.size()); }
  int on_exit() const { return workflow_.on_exit_index.value_or(-1); }
  Node& at(int node) { return nodes_[static_cast<std::size_t>(node)]; }
  const Node& at(int node) const {
    return nodes_[static_cast<std::size_t>(node)];
  }
  const TaskSpec& spec(int node) const {
    return workflow_.tasks[static_cast<std::size_t>(node)];
  }
  bool DependsOn(int node, int dependency) const;
  bool IsBad(int node) const;
  int LiveInstances(int node) const;
  void EndNode(int node, TaskState state);
  void Decide(int node, Happened& happened);
  void FinishMap(int node, const Running& running, Happened& happened);
  void CancelOne(int node, const Running& running, Happened& happened);
  bool MustStop(TaskKey task, const Running& running) const;
  bool CancelInstances(int node, const Running& running);
  bool WaitsForStops() const;
  void Follow(Happened& happened);
  void ReleaseWhatMay(Happened& happened);
  void Forget(const std::set<int>& nodes, Happened& happened);
  void Resume(int node, Happened& happened);
  void AddEndedDownstream(std::set<int>& nodes) const;
  void Reopen(Happened& happened);

  const Workflow& workflow_;
  std::vector<Node> nodes_;
  std::deque<int> untold_;
  bool started_ = false;
  RunState state_ = RunState::kRunning;
  RunState outcome_ = RunState::kRunning;
};

}  // namespace windlass::testing

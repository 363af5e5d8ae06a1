#include "support/naive_run.h"

#include <algorithm>

namespace windlass::testing {

NaiveRun::NaiveRun(const Workflow& workflow)
    : workflow_(workflow), nodes_(workflow.tasks.size()) {}

Happened NaiveRun::Start() {
  Happened happened;
  if (started_ || IsFinal(state_)) return happened;
  started_ = true;
  for (int node = 0; node < size(); ++node) {
    if (node != on_exit()) Decide(node, happened);
  }
  Follow(happened);
  return happened;
}

Happened NaiveRun::TaskEnded(TaskKey task, TaskState state,
                             const Running& running) {
  Happened happened;
  Node& node = at(task.node);
  if (node.stops_as) state = TaskState::kCancelled;
  if (task.index < 0) {
    EndNode(task.node, state);
  } else {
    node.instances[static_cast<std::size_t>(task.index)].end = state;
    FinishMap(task.node, running, happened);
  }
  Follow(happened);
  return happened;
}

Happened NaiveRun::Expanded(int number, int count) {
  Happened happened;
  Node& node = at(number);
  node.expanded = true;
  node.instances.resize(static_cast<std::size_t>(count));
  if (count == 0) {
    TaskState state = spec(number).map->on_empty == MapSpec::OnEmpty::kSkip
                          ? TaskState::kSkipped
                          : TaskState::kSucceeded;
    happened.settled.push_back({{number, -1}, state});
    EndNode(number, state);
  }
  Follow(happened);
  return happened;
}

Happened NaiveRun::Cancel(RunState outcome, const Running& running) {
  Happened happened;
  if (IsFinal(state_) || WaitsForStops()) return happened;
  if (outcome_ == RunState::kRunning) {
    for (int node = 0; node < size(); ++node) {
      if (node != on_exit() && !at(node).end) {
        CancelOne(node, running, happened);
      }
    }
    outcome_ = outcome;
    if (WaitsForStops()) return happened;
    if (on_exit() >= 0 && started_) {
      at(on_exit()).may_run = true;
      ReleaseWhatMay(happened);
      return happened;
    }
  } else if (outcome == RunState::kFailed || outcome_ == outcome) {
    return happened;
  }
  outcome_ = outcome;
  if (on_exit() >= 0) {
    CancelOne(on_exit(), running, happened);
    if (!at(on_exit()).end) return happened;
  }
  state_ = outcome;
  happened.ended = state_;
  return happened;
}

Happened NaiveRun::RetryTasks(RetryScope scope) {
  Happened happened;
  if (!IsFinal(state_)) return happened;
  std::set<int> again;
  for (int node = 0; node < size(); ++node) {
    bool bad = at(node).end == TaskState::kFailed ||
               at(node).end == TaskState::kCancelled;
    if (bad || scope == RetryScope::kWholeRun) again.insert(node);
  }
  if (again.empty()) return happened;
  std::set<int> maps;
  for (int node : again) {
    bool bad = at(node).end == TaskState::kFailed ||
               at(node).end == TaskState::kCancelled;
    if (bad && node != on_exit() && at(node).expanded &&
        scope == RetryScope::kFailedTasks) {
      maps.insert(node);
    }
  }
  AddEndedDownstream(again);
  std::erase_if(maps, [&](int map) {
    return std::any_of(again.begin(), again.end(),
                       [&](int other) { return DependsOn(map, other); });
  });
  for (int map : maps) again.erase(map);
  if (on_exit() >= 0) again.insert(on_exit());
  started_ = true;
  for (int map : maps) Resume(map, happened);
  Forget(again, happened);
  Reopen(happened);
  return happened;
}

Happened NaiveRun::Requeue(TaskKey task) {
  Happened happened;
  Node& node = at(task.node);
  const bool had_ended = node.end.has_value();
  const bool is_on_exit = task.node == on_exit();
  if (WaitsForStops() || node.stops_as) return happened;
  if (task.index >= 0) {
    Instance& instance = node.instances[static_cast<std::size_t>(task.index)];
    if (instance.end != TaskState::kFailed) return happened;
    instance.end.reset();
    node.end.reset();
    node.known = false;
    happened.released.push_back(task);
    if (!had_ended) return happened;
  } else if (node.end != TaskState::kFailed || node.could_not_run) {
    return happened;
  }
  std::set<int> again = {task.node};
  if (!is_on_exit) {
    AddEndedDownstream(again);
    if (on_exit() >= 0 && (at(on_exit()).released || at(on_exit()).end)) {
      again.insert(on_exit());
    }
  }
  if (task.index >= 0) again.erase(task.node);
  Forget(again, happened);
  if (task.index < 0) node.may_run = true;
  if (is_on_exit) {
    state_ = RunState::kRunning;
    Follow(happened);
  } else {
    Reopen(happened);
  }
  return happened;
}

NodeProgress NaiveRun::node(int number) const {
  const Node& node = at(number);
  NodeProgress progress;
  progress.state = node.end        ? *node.end
                   : node.released ? TaskState::kRunning
                                   : TaskState::kPending;
  if (!node.expanded) return progress;
  progress.items = static_cast<int>(node.instances.size());
  for (const Instance& instance : node.instances) {
    progress.succeeded += instance.end == TaskState::kSucceeded;
    progress.failed += instance.end == TaskState::kFailed;
    progress.skipped += instance.end == TaskState::kSkipped;
    progress.cancelled += instance.end == TaskState::kCancelled;
  }
  return progress;
}

int NaiveRun::InFlight() const {
  int count = 0;
  for (int number = 0; number < size(); ++number) {
    const Node& node = at(number);
    if (node.end || !node.released) continue;
    count += node.expanded ? LiveInstances(number) : 1;
  }
  return count;
}

bool NaiveRun::DependsOn(int node, int dependency) const {
  const auto& ids = spec(node).depends_on;
  return std::find(ids.begin(), ids.end(), spec(dependency).id) != ids.end();
}

bool NaiveRun::IsBad(int node) const {
  if (at(node).could_not_run) return true;
  bool failed = at(node).end == TaskState::kFailed ||
                at(node).end == TaskState::kCancelled;
  return failed && !spec(node).allow_failure;
}

int NaiveRun::LiveInstances(int node) const {
  const auto& all = at(node).instances;
  return static_cast<int>(
      std::count_if(all.begin(), all.end(), [](const Instance& instance) {
        return instance.released && !instance.end;
      }));
}

void NaiveRun::EndNode(int node, TaskState state) {
  at(node).end = state;
  at(node).stops_as.reset();
  untold_.push_back(node);
}

void NaiveRun::Decide(int number, Happened& happened) {
  Node& node = at(number);
  if (node.may_run || node.end) return;
  std::vector<Ended> ended;
  for (int other = 0; other < size(); ++other) {
    if (!DependsOn(number, other) || !at(other).known) continue;
    ended.push_back(IsBad(other)                           ? Ended::kFailure
                    : at(other).end == TaskState::kSkipped ? Ended::kSkip
                                                           : Ended::kSuccess);
  }
  switch (FateOf(spec(number).trigger_rule, spec(number).depends_on.size(),
                 ended)) {
    case Fate::kWaits:
      return;
    case Fate::kRuns:
      node.may_run = true;
      return;
    case Fate::kIsSkipped:
      happened.settled.push_back({{number, -1}, TaskState::kSkipped});
      EndNode(number, TaskState::kSkipped);
      return;
    case Fate::kFails:
      happened.settled.push_back({{number, -1}, TaskState::kFailed});
      node.could_not_run = true;
      EndNode(number, TaskState::kFailed);
  }
}

void NaiveRun::FinishMap(int number, const Running& running,
                         Happened& happened) {
  Node& node = at(number);
  auto count = [&](std::optional<TaskState> end) {
    return std::count_if(node.instances.begin(), node.instances.end(),
                         [&](const Instance& i) { return i.end == end; });
  };
  bool failed = count(TaskState::kFailed) + count(TaskState::kCancelled) > 0;
  if (failed && spec(number).map->fail_fast && count(std::nullopt) > 0 &&
      !node.stops_as) {
    happened.cancelled.push_back(number);
    if (CancelInstances(number, running)) node.stops_as = TaskState::kFailed;
  }
  if (count(std::nullopt) > 0) return;
  TaskState state = node.stops_as                  ? *node.stops_as
                    : failed                       ? TaskState::kFailed
                    : count(TaskState::kSucceeded) ? TaskState::kSucceeded
                                                   : TaskState::kSkipped;
  happened.settled.push_back({{number, -1}, state});
  EndNode(number, state);
}

bool NaiveRun::MustStop(TaskKey task, const Running& running) const {
  return spec(task.node).cancellation.type ==
             CancellationSpec::Type::kWaitCancellationCompleted &&
         running.contains(task);
}

// Whether one of them has to stop first.
bool NaiveRun::CancelInstances(int number, const Running& running) {
  bool stops = false;
  std::int32_t index = 0;
  for (Instance& instance : at(number).instances) {
    if (!instance.end) {
      if (MustStop({number, index}, running)) {
        stops = true;
      } else {
        instance = {true, TaskState::kCancelled};
      }
    }
    ++index;
  }
  return stops;
}

bool NaiveRun::WaitsForStops() const {
  if (outcome_ == RunState::kRunning) return false;
  for (int node = 0; node < size(); ++node) {
    if (node != on_exit() && !at(node).end) return true;
  }
  return false;
}

void NaiveRun::CancelOne(int number, const Running& running,
                         Happened& happened) {
  Node& node = at(number);
  if (node.stops_as) return;
  bool has_row = node.released && !node.expanded;
  if (has_row || LiveInstances(number) > 0) {
    happened.cancelled.push_back(number);
  }
  if (CancelInstances(number, running) ||
      (has_row && MustStop({number, -1}, running))) {
    node.stops_as = TaskState::kCancelled;
    return;
  }
  if (!has_row) {
    happened.settled.push_back({{number, -1}, TaskState::kCancelled});
  }
  node.end = TaskState::kCancelled;
  node.known = true;
}

void NaiveRun::Follow(Happened& happened) {
  while (!untold_.empty()) {
    int number = untold_.front();
    untold_.pop_front();
    at(number).known = true;
    if (number == on_exit()) {
      state_ = outcome_;
      happened.ended = state_;
    }
    for (int other = 0; other < size(); ++other) {
      if (DependsOn(other, number)) Decide(other, happened);
    }
  }
  bool all = true;
  bool bad = false;
  for (int node = 0; node < size(); ++node) {
    if (node == on_exit()) continue;
    all = all && at(node).end;
    bad = bad || IsBad(node);
  }
  if (all && outcome_ == RunState::kRunning) {
    outcome_ = bad ? RunState::kFailed : RunState::kSucceeded;
  }
  if (all && !IsFinal(state_)) {
    if (on_exit() >= 0) {
      at(on_exit()).may_run = true;
    } else {
      state_ = outcome_;
      happened.ended = state_;
    }
  }
  ReleaseWhatMay(happened);
}

// Lowest task first, one at a time, while there is room.
void NaiveRun::ReleaseWhatMay(Happened& happened) {
  auto room = [&] {
    return workflow_.max_parallel == 0 || InFlight() < workflow_.max_parallel;
  };
  for (int number = 0; number < size(); ++number) {
    Node& node = at(number);
    if (!node.may_run || node.end) continue;
    if (!node.released && room()) {
      node.released = true;
      happened.released.push_back({number, -1});
    }
    for (std::size_t i = 0; i < node.instances.size() && room(); ++i) {
      int limit = spec(number).map->max_parallel;
      if (limit > 0 && LiveInstances(number) >= limit) break;
      if (node.instances[i].released) continue;
      node.instances[i].released = true;
      happened.released.push_back({number, static_cast<std::int32_t>(i)});
    }
  }
}

void NaiveRun::Forget(const std::set<int>& nodes, Happened& happened) {
  for (int node : nodes) {
    at(node) = Node();
    if (node != on_exit()) happened.reset.push_back(node);
  }
  // on_exit comes last, wherever it stands.
  if (nodes.contains(on_exit())) happened.reset.push_back(on_exit());
}

void NaiveRun::Resume(int number, Happened& happened) {
  Node& node = at(number);
  for (Instance& instance : node.instances) {
    if (instance.end == TaskState::kFailed ||
        instance.end == TaskState::kCancelled) {
      instance = Instance();
    }
  }
  node.end.reset();
  node.known = false;
  node.released = true;
  happened.resumed.push_back(number);
}

void NaiveRun::AddEndedDownstream(std::set<int>& nodes) const {
  for (bool grew = true; grew;) {
    grew = false;
    for (int node = 0; node < size(); ++node) {
      if (!at(node).end || nodes.contains(node)) continue;
      for (int other : nodes) {
        if (!DependsOn(node, other)) continue;
        nodes.insert(node);
        grew = true;
        break;
      }
    }
  }
}

void NaiveRun::Reopen(Happened& happened) {
  state_ = RunState::kRunning;
  outcome_ = RunState::kRunning;
  for (int node : happened.reset) {
    if (node != on_exit()) Decide(node, happened);
  }
  Follow(happened);
}

}  // namespace windlass::testing

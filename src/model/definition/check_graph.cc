#include <algorithm>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_join.h"
#include "base/concat.h"
#include "model/definition/check.h"

namespace windlass {
namespace {

using Indexes = absl::flat_hash_map<std::string, int>;

std::vector<std::string> IdsOf(const std::vector<TaskSpec>& tasks) {
  std::vector<std::string> ids;
  for (const TaskSpec& task : tasks) {
    if (task.id != kOnExitTaskId) ids.push_back(task.id);
  }
  return ids;
}

// Looks up what tasks depend on.
class DependencyReader {
 public:
  DependencyReader(const std::vector<TaskSpec>& tasks, Problems& problems)
      : ids_(IdsOf(tasks)), problems_(problems) {
    for (std::size_t i = 0; i < ids_.size(); ++i) {
      indexes_.emplace(ids_[i], static_cast<int>(i));
    }
  }

  // False if some dependency does not exist.
  bool Read(const TaskSpec& task, const Path& path, std::vector<int>& out) {
    absl::flat_hash_set<std::string> seen;
    bool complete = true;
    Path list = path.Member("depends_on");
    for (std::size_t i = 0; i < task.depends_on.size(); ++i) {
      const std::string& id = task.depends_on[i];
      Path at = list.Element(i);
      if (id == task.id) {
        problems_.Add(at, "a task cannot depend on itself", "remove it");
      } else if (!seen.insert(id).second) {
        problems_.Add(at, Concat("'", id, "' is listed twice"), "remove one");
      } else if (auto found = indexes_.find(id); found != indexes_.end()) {
        out.push_back(found->second);
      } else {
        ReportUnknown(id, at);
        complete = false;
      }
    }
    return complete;
  }

 private:
  void ReportUnknown(const std::string& id, const Path& at) {
    std::string suggestion = id == kOnExitTaskId
                                 ? "on_exit runs last; no task can wait for it"
                                 : problems_.DidYouMean(id, ids_);
    problems_.Add(at, Concat("there is no task '", id, "'"), suggestion);
  }

  const std::vector<std::string> ids_;
  Problems& problems_;
  Indexes indexes_;
};

// Tarjan's strongly connected components, without recursion: a chain may be
// as long as the file.
class Grouper {
 public:
  explicit Grouper(const std::vector<std::vector<int>>& edges)
      : edges_(edges), nodes_(edges.size()) {}

  std::vector<std::vector<int>> Run() {
    for (std::size_t i = 0; i < edges_.size(); ++i) {
      if (nodes_[i].number == 0) Visit(static_cast<int>(i));
    }
    return std::move(groups_);
  }

 private:
  struct Node {
    int number = 0;  // In order of visit, from 1; 0 is not visited.
    int lowest = 0;  // The smallest number reachable from here.
    bool open = false;
    std::size_t next_edge = 0;
  };

  Node& At(int index) { return nodes_[static_cast<std::size_t>(index)]; }

  void Open(int index) {
    At(index) = {++count_, count_, true, 0};
    open_.push_back(index);
    path_.push_back(index);
  }

  void Visit(int start) {
    Open(start);
    while (!path_.empty()) {
      int index = path_.back();
      const auto& edges = edges_[static_cast<std::size_t>(index)];
      if (At(index).next_edge < edges.size()) {
        Follow(index, edges[At(index).next_edge++]);
      } else {
        Leave(index);
      }
    }
  }

  void Follow(int from, int to) {
    if (At(to).number == 0) {
      Open(to);
    } else if (At(to).open) {
      At(from).lowest = std::min(At(from).lowest, At(to).number);
    }
  }

  void Leave(int index) {
    path_.pop_back();
    if (!path_.empty()) {
      Node& before = At(path_.back());
      before.lowest = std::min(before.lowest, At(index).lowest);
    }
    if (At(index).lowest == At(index).number) CloseGroup(index);
  }

  void CloseGroup(int first) {
    std::vector<int>& group = groups_.emplace_back();
    int last = -1;
    while (last != first) {
      last = open_.back();
      open_.pop_back();
      At(last).open = false;
      group.push_back(last);
    }
  }

  const std::vector<std::vector<int>>& edges_;
  std::vector<Node> nodes_;
  std::vector<int> open_;
  std::vector<int> path_;
  std::vector<std::vector<int>> groups_;
  int count_ = 0;
};

// Some cycle within a group, from its first task in the file.
std::vector<int> FindCycle(const DraftGraph& graph,
                           const std::vector<int>& group) {
  absl::flat_hash_set<int> members(group.begin(), group.end());
  absl::flat_hash_map<int, std::size_t> seen;
  std::vector<int> walk;
  int at = *std::min_element(group.begin(), group.end());
  while (seen.emplace(at, walk.size()).second) {
    walk.push_back(at);
    const auto& next = graph.dependencies[static_cast<std::size_t>(at)];
    at = *std::find_if(next.begin(), next.end(),
                       [&](int task) { return members.contains(task); });
  }
  walk.erase(walk.begin(), walk.begin() + static_cast<long>(seen[at]));
  std::rotate(walk.begin(), std::min_element(walk.begin(), walk.end()),
              walk.end());
  return walk;
}

// "a -> b -> c -> a", with the middle left out when there is much of it.
std::string Draw(const std::vector<int>& cycle,
                 const std::vector<TaskSpec>& tasks) {
  constexpr std::size_t kShown = 12;
  std::vector<std::string> ids;
  for (int index : cycle) {
    if (ids.size() == kShown) {
      ids.emplace_back("...");
      break;
    }
    ids.push_back(tasks[static_cast<std::size_t>(index)].id);
  }
  ids.push_back(tasks[static_cast<std::size_t>(cycle.front())].id);
  return absl::StrJoin(ids, " -> ");
}

void ReportCycle(const std::vector<int>& cycle,
                 const std::vector<TaskSpec>& tasks, Problems& problems) {
  const TaskSpec& first = tasks[static_cast<std::size_t>(cycle.front())];
  const TaskSpec& second =
      tasks[static_cast<std::size_t>(cycle.size() > 1 ? cycle[1] : cycle[0])];
  auto listed =
      std::find(first.depends_on.begin(), first.depends_on.end(), second.id);
  AtTask(first, [&](const Path& path) {
    Path list = path.Member("depends_on");
    problems.Add(list.Element(static_cast<std::size_t>(
                     listed - first.depends_on.begin())),
                 Concat("the tasks wait for each other: ", Draw(cycle, tasks),
                        " (each depends on the next)"),
                 "remove one of these dependencies");
  });
}

}  // namespace

DraftGraph CheckGraph(const std::vector<TaskSpec>& tasks, Problems& problems) {
  DraftGraph graph;
  DependencyReader reader(tasks, problems);
  for (const TaskSpec& task : tasks) {
    std::vector<int>& dependencies = graph.dependencies.emplace_back();
    AtTask(task, [&](const Path& path) {
      graph.incomplete.push_back(!reader.Read(task, path, dependencies));
    });
  }
  graph.groups = Grouper(graph.dependencies).Run();
  for (const std::vector<int>& group : graph.groups) {
    if (group.size() > 1) ReportCycle(FindCycle(graph, group), tasks, problems);
  }
  return graph;
}

}  // namespace windlass

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_join.h"
#include "base/concat.h"
#include "model/definition/ancestors.h"
#include "model/definition/check.h"
#include "model/definition/references.h"

namespace windlass {
namespace {

const std::vector<std::string> kRunFields = {"id", "name", "state", "attempt",
                                             "scheduled_at"};
const std::vector<std::string> kTaskFields = {"result", "state", "error"};

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

class NameChecker {
 public:
  NameChecker(const Workflow& workflow, const DraftGraph& graph,
              Problems& problems)
      : workflow_(workflow), graph_(graph), problems_(problems) {
    for (std::size_t i = 0; i < workflow.tasks.size(); ++i) {
      const std::string& id = workflow.tasks[i].id;
      if (id == kOnExitTaskId) continue;
      ids_.push_back(id);
      indexes_.emplace(id, static_cast<int>(i));
    }
    for (const ParamSpec& param : workflow.params) {
      params_.push_back(param.name);
      known_params_.insert(param.name);
    }
  }

  void CheckAll() {
    for (std::size_t i = 0; i < workflow_.tasks.size(); ++i) {
      task_ = &workflow_.tasks[i];
      task_index_ = static_cast<int>(i);
      const auto& direct = graph_.dependencies[i];
      direct_ = absl::flat_hash_set<int>(direct.begin(), direct.end());
      AtTask(*task_, [&](const Path& path) {
        ForEachUsedName(*task_, path, problems_,
                        [&](const UsedName& used) { Check(used); });
      });
    }
    ReportNoAncestors();
  }

 private:
  // A use of a task that is not a direct dependency.
  struct Distant {
    std::size_t offset;
    std::string field;
  };

  void Check(const UsedName& used) {
    const std::vector<std::string>& path = used.reference.path;
    const std::string& root = path[0];
    if (root == "params") return CheckParam(used);
    if (root == "tasks") return CheckTask(used);
    if (root == "run") return CheckRunField(used);
    if (root == "env") return;
    if (root == "secrets") return CheckSecret(used);
    bool is_item = task_->map && (root == task_->map->as || root == "index");
    if (is_item && used.scope == Scope::kItem) return;
    if (is_item || root == "index") return ReportNoItem(used);
    ReportUnknownRoot(used);
  }

  void CheckSecret(const UsedName& used) {
    if (used.scope != Scope::kItems) return;
    Report(used, "a map's items are stored, and secrets must not be",
           "use the secret in the task's params");
  }

  void Report(const UsedName& used, std::string message,
              std::string suggestion) {
    problems_.AddAt(OffsetOf(used), used.path.ToString(), std::move(message),
                    std::move(suggestion));
  }

  std::size_t OffsetOf(const UsedName& used) const {
    return problems_.OffsetInText(used.path, used.text,
                                  used.reference.position.line,
                                  used.reference.position.column);
  }

  void CheckParam(const UsedName& used) {
    const auto& path = used.reference.path;
    if (path.size() < 2 || known_params_.contains(path[1])) return;
    std::string suggestion = problems_.DidYouMean(path[1], params_);
    if (suggestion.empty()) {
      suggestion = Concat("declare it: 'params: {", path[1],
                          ": {type: string}}' at the top of the file");
    }
    Report(used, Concat("the workflow has no param '", path[1], "'"),
           std::move(suggestion));
  }

  void CheckTask(const UsedName& used) {
    const auto& path = used.reference.path;
    if (path.size() < 2) {
      return Report(used, "'tasks' needs the id of a task, as a constant",
                    "write tasks.<id>.result");
    }
    auto found = indexes_.find(path[1]);
    if (found == indexes_.end()) {
      return Report(used, Concat("there is no task '", path[1], "'"),
                    problems_.DidYouMean(path[1], ids_));
    }
    if (path.size() > 2 && !Contains(kTaskFields, path[2])) {
      Report(used,
             Concat("a task has no '", path[2], "'; it has ",
                    absl::StrJoin(kTaskFields, ", ")),
             SuggestTaskField(path));
    }
    CheckOrder(used, found->second);
  }

  std::string SuggestTaskField(const std::vector<std::string>& path) {
    bool is_result = path[2] == "output" || path[2] == "outputs";
    std::string guess =
        is_result ? "" : problems_.DidYouMean(path[2], kTaskFields);
    if (!guess.empty()) return guess;
    return Concat("write tasks.", path[1], ".result",
                  is_result ? "" : Concat(".", path[2]));
  }

  // The other task must have ended when this one starts.
  void CheckOrder(const UsedName& used, int other) {
    if (task_->id == kOnExitTaskId || direct_.contains(other)) return;
    if (other == task_index_) {
      return Report(used, "a task cannot use its own result", "");
    }
    // What it depends on is not known yet: complaining would be premature.
    if (graph_.incomplete[static_cast<std::size_t>(task_index_)]) return;
    distant_.push_back({OffsetOf(used), used.path.ToString()});
    questions_.emplace_back(task_index_, other);
  }

  void ReportNoAncestors() {
    std::vector<bool> answers = AreAncestors(graph_, questions_);
    for (std::size_t i = 0; i < answers.size(); ++i) {
      if (answers[i]) continue;
      const auto& [task, other] = questions_[i];
      const std::string& id = IdOf(task);
      problems_.AddAt(
          distant_[i].offset, std::move(distant_[i].field),
          Concat("'", id, "' does not depend on '", IdOf(other),
                 "', which may not have ended when it starts"),
          Concat("add '", IdOf(other), "' to depends_on of '", id, "'"));
    }
  }

  const std::string& IdOf(int task) const {
    return workflow_.tasks[static_cast<std::size_t>(task)].id;
  }

  void CheckRunField(const UsedName& used) {
    const auto& path = used.reference.path;
    if (path.size() < 2 || Contains(kRunFields, path[1])) return;
    Report(used,
           Concat("'run' has no '", path[1], "'; it has ",
                  absl::StrJoin(kRunFields, ", ")),
           problems_.DidYouMean(path[1], kRunFields));
  }

  void ReportNoItem(const UsedName& used) {
    const std::string& root = used.reference.path[0];
    if (task_->map) {
      return Report(used,
                    Concat("'", root,
                           "' is not known here: this is evaluated once, "
                           "before the map's items"),
                    "");
    }
    Report(used, Concat("'", root, "' is known only in a task with map"),
           "add 'map: {items: ...}'");
  }

  void ReportUnknownRoot(const UsedName& used) {
    const std::string& root = used.reference.path[0];
    std::vector<std::string> names = {"params", "tasks", "run", "env",
                                      "secrets"};
    if (task_->map && used.scope == Scope::kItem) {
      names.push_back(task_->map->as);
      names.emplace_back("index");
    }
    Report(used,
           Concat("unknown name '", root, "'; known are ",
                  absl::StrJoin(names, ", ")),
           SuggestRoot(root, names));
  }

  std::string SuggestRoot(const std::string& root,
                          const std::vector<std::string>& names) {
    if (known_params_.contains(root)) return Concat("write params.", root);
    if (indexes_.contains(root)) return Concat("write tasks.", root);
    if (root == "inputs") return "write params";
    return problems_.DidYouMean(root, names);
  }

  const Workflow& workflow_;
  const DraftGraph& graph_;
  Problems& problems_;
  std::vector<std::string> ids_;  // Without on_exit.
  absl::flat_hash_map<std::string, int> indexes_;
  std::vector<std::string> params_;
  absl::flat_hash_set<std::string> known_params_;

  // The task whose expressions are being checked.
  const TaskSpec* task_ = nullptr;
  int task_index_ = -1;
  absl::flat_hash_set<int> direct_;

  // Asked together at the end; `distant_` is parallel to `questions_`.
  std::vector<Distant> distant_;
  std::vector<std::pair<int, int>> questions_;
};

}  // namespace

void CheckExpressions(const Workflow& workflow, const DraftGraph& graph,
                      Problems& problems) {
  NameChecker(workflow, graph, problems).CheckAll();
}

}  // namespace windlass

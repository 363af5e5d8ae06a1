#include "cli/find_task.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace windlass::cli {

absl::StatusOr<RunId> FindRun(RunQueries& store, std::string_view text) {
  if (text != "last") return ParseRunId(text);
  RunFilter newest;
  newest.limit = 1;
  auto runs = store.ListRuns(newest);
  if (!runs.ok()) return runs.status();
  if (runs->empty()) return absl::NotFoundError("there are no runs yet");
  return runs->front().id;
}

absl::StatusOr<TaskKey> FindTask(const Workflow& workflow,
                                 std::string_view name) {
  TaskKey key;
  std::string_view id = name;
  if (std::size_t open = name.find('['); open != std::string_view::npos) {
    std::string_view index = name.substr(open + 1);
    if (index.empty() || index.back() != ']' ||
        !absl::SimpleAtoi(index.substr(0, index.size() - 1), &key.index) ||
        key.index < 0) {
      return absl::InvalidArgumentError(absl::StrCat(
          "task '", std::string(name),
          "': expected a task's id, or id[3] for an instance of a mapped one"));
    }
    id = name.substr(0, open);
  }
  key.node = workflow.FindTask(id);
  if (key.node >= 0) return key;
  auto ids = [](std::string* out, const TaskSpec& task) { *out += task.id; };
  return absl::NotFoundError(absl::StrCat(
      "workflow ", workflow.name, " has no task '", std::string(id),
      "'; its tasks are ", absl::StrJoin(workflow.tasks, ", ", ids)));
}

std::string TaskName(std::string_view id, TaskKey key) {
  if (key.index < 0) return std::string(id);
  return absl::StrCat(std::string(id), "[", key.index, "]");
}

}  // namespace windlass::cli

#include "results/task_result.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "results/map_result.h"

namespace windlass {

absl::StatusOr<TaskKey> FindTask(const Workflow& workflow,
                                 std::string_view name) {
  TaskKey key;
  std::string_view id = name;
  if (std::size_t open = name.find('['); open != std::string_view::npos) {
    std::string_view index = name.substr(open + 1);
    if (index.empty() || index.back() != ']' ||
        !absl::SimpleAtoi(std::string(index.substr(0, index.size() - 1)),
                          &key.index) ||
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

absl::StatusOr<Json> ReadTaskResult(RunQueries& store, ResultIo& results,
                                    RunId run, std::string_view name) {
  auto info = store.GetRunInfo(run);
  if (!info.ok()) return info.status();
  auto key = FindTask(*(*info)->workflow, name);
  if (!key.ok()) return key.status();
  auto task = store.GetTask(run, *key);
  if (!task.ok()) return task.status();
  if (task->state != TaskState::kSucceeded) {
    return absl::FailedPreconditionError(
        absl::StrCat("task ", std::string(name), " has no result: it is ",
                     std::string(Name(task->state))));
  }
  if (key->index < 0 && task->item_count >= 0) {
    const TaskSpec& spec =
        (*info)->workflow->tasks[static_cast<std::size_t>(key->node)];
    if (!spec.map) {
      return absl::InternalError(absl::StrCat("task ", spec.id, " has no map"));
    }
    return ReadMapResult(store, results, run, key->node, *spec.map);
  }
  return results.ReadValue(task->result.value_or(ResultEnvelope{}));
}

}  // namespace windlass

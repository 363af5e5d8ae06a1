#include "server/api_subject.h"

#include <utility>

#include "base/concat.h"
#include "results/task_result.h"

namespace windlass {

absl::StatusOr<ApiSubject> SubjectOf(Store& store, const ApiCall& call) {
  auto run = RunOf(call);
  if (!run.ok()) return run.status();
  auto info = store.GetRunInfo(*run);
  if (!info.ok()) return info.status();
  const std::string& name = call.request.Captured("task");
  auto key = FindTask(*(*info)->workflow, name);
  if (!key.ok()) return key.status();
  auto task = store.GetTask(*run, *key);
  if (absl::IsNotFound(task.status())) {
    return absl::NotFoundError(
        Concat("run ", FormatRunId(*run), " has no task ", name));
  }
  if (!task.ok()) return task.status();
  return ApiSubject{*std::move(info), name, *std::move(task)};
}

}  // namespace windlass

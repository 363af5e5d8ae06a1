#include "support/workflows.h"

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/mutex.h"

namespace windlass {
namespace {

// What a file on disk is to a real parser.
struct Shelf {
  Mutex mutex;
  std::map<std::int64_t, std::shared_ptr<const Workflow>> workflows
      ABSL_GUARDED_BY(mutex);
};

Shelf& TheShelf() {
  static Shelf shelf;
  return shelf;
}

}  // namespace

WorkflowBuilder::WorkflowBuilder(std::string name) {
  workflow_.name = std::move(name);
}

TaskSpec& WorkflowBuilder::Task(const std::string& id,
                                std::vector<std::string> depends_on) {
  TaskSpec& spec = tasks_.emplace_back();
  spec.id = id;
  spec.type = "noop";
  spec.depends_on = std::move(depends_on);
  return spec;
}

TaskSpec& WorkflowBuilder::MappedTask(const std::string& id,
                                      std::vector<std::string> depends_on) {
  TaskSpec& spec = Task(id, std::move(depends_on));
  spec.map.emplace();
  return spec;
}

TaskSpec& WorkflowBuilder::OnExit() {
  has_on_exit_ = true;
  return Task(std::string(kOnExitTaskId));
}

std::shared_ptr<const Workflow> WorkflowBuilder::Build() {
  auto workflow = std::make_shared<Workflow>(workflow_);
  workflow->tasks.assign(tasks_.begin(), tasks_.end());
  if (has_on_exit_) {
    workflow->on_exit_index = static_cast<int>(tasks_.size()) - 1;
  }
  Shelf& shelf = TheShelf();
  MutexLock lock(shelf.mutex);
  const auto number = static_cast<std::int64_t>(shelf.workflows.size());
  workflow->document = JsonObject{{"built", number}};
  workflow->digest = absl::StrCat("built-", number);
  shelf.workflows.emplace(number, workflow);
  return workflow;
}

std::shared_ptr<const Workflow> SingleTask() {
  WorkflowBuilder builder("single");
  builder.Task("a");
  return builder.Build();
}

std::shared_ptr<const Workflow> Chain(int length) {
  WorkflowBuilder builder("chain");
  for (int i = 0; i < length; ++i) {
    TaskSpec& spec = builder.Task(absl::StrCat("t", i));
    if (i > 0) spec.depends_on = {absl::StrCat("t", i - 1)};
  }
  return builder.Build();
}

std::shared_ptr<const Workflow> Diamond() {
  WorkflowBuilder builder("diamond");
  builder.Task("a");
  builder.Task("b", {"a"});
  builder.Task("c", {"a"});
  builder.Task("d", {"b", "c"});
  return builder.Build();
}

std::shared_ptr<const Workflow> SingleMap() {
  WorkflowBuilder builder("map");
  builder.MappedTask("m");
  return builder.Build();
}

absl::StatusOr<std::shared_ptr<const Workflow>> FindBuiltWorkflow(
    const Json& document) {
  Shelf& shelf = TheShelf();
  MutexLock lock(shelf.mutex);
  const auto found = shelf.workflows.find(document.at("built").as_int64());
  if (found == shelf.workflows.end()) {
    return absl::NotFoundError("no such workflow was built");
  }
  return found->second;
}

}  // namespace windlass

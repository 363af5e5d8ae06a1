// Workflows for tests, written in C++.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "windlass/json.h"
#include "windlass/workflow.h"

namespace windlass {

// Collects tasks; references to them stay good until Build().
class WorkflowBuilder {
 public:
  explicit WorkflowBuilder(std::string name = "flow");

  TaskSpec& Task(const std::string& id,
                 std::vector<std::string> depends_on = {});
  // One whose instances the test's own kExpanded brings.
  TaskSpec& MappedTask(const std::string& id,
                       std::vector<std::string> depends_on = {});
  TaskSpec& OnExit();
  Workflow& workflow() { return workflow_; }

  // Each call's workflow has a digest of its own.
  std::shared_ptr<const Workflow> Build();

 private:
  Workflow workflow_;
  std::deque<TaskSpec> tasks_;
  bool has_on_exit_ = false;
};

// One task "a".
std::shared_ptr<const Workflow> SingleTask();
// Tasks "t0" to "t<n-1>", each after the one before.
std::shared_ptr<const Workflow> Chain(int length);
// "a", then "b" and "c", then "d".
std::shared_ptr<const Workflow> Diamond();
// "m", mapped.
std::shared_ptr<const Workflow> SingleMap();

// The WorkflowParser for documents that Build() made in this process.
absl::StatusOr<std::shared_ptr<const Workflow>> FindBuiltWorkflow(
    const Json& document);

}  // namespace windlass

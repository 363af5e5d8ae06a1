// Reading workflow files.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "windlass/workflow.h"

namespace windlass {

// One thing that is wrong with a file. `line` and `column` count from 1; 0 is
// unknown (a definition that came without a text).
struct Problem {
  std::string file;
  int line = 0;
  int column = 0;
  std::string field;       // "tasks.report.depends_on[1]"
  std::string message;     // What is wrong and what was expected.
  std::string suggestion;  // What to do; may be empty.
};

// "flow.yaml:7:5: tasks.b.type: unknown task type 'shel'; did you mean shell?"
std::string FormatProblem(const Problem& problem);

struct LoadedWorkflow {
  std::shared_ptr<const Workflow> workflow;  // Null when there are problems.
  std::vector<Problem> problems;             // All there are, by line.

  bool ok() const { return workflow != nullptr; }
};

// Something a task type does not accept about a task's params.
struct TaskParamProblem {
  std::string field;  // Within params: "inputs.routes", "command[0]"; or empty.
  std::string message;
  std::string suggestion;
};

struct LoadOptions {
  // Named in problems.
  std::string file = "workflow";
  // Task types accepted; empty accepts any name.
  std::vector<std::string> task_types;
  // Asks the task's type what is wrong with its params, whose templates are not
  // evaluated yet. Called once for every task, from the calling thread; may be
  // empty.
  std::function<std::vector<TaskParamProblem>(const TaskSpec&)>
      check_task_params;
  // Files above this are refused unread.
  std::size_t maximum_bytes = 16 * 1024 * 1024;
};

// Parses a workflow from YAML 1.2 or JSON text. Never throws and never
// executes anything; time and memory are bounded whatever the text is (YAML
// aliases may not expand to more than a million nodes, nesting stops at 64).
LoadedWorkflow ParseWorkflow(std::string_view text, const LoadOptions& options);
inline LoadedWorkflow ParseWorkflow(const char* text,
                                    const LoadOptions& options) {
  return ParseWorkflow(std::string_view(text), options);
}

// The same for a definition that is a JSON value already.
LoadedWorkflow ParseWorkflow(const Json& document, const LoadOptions& options);

// Reads and parses a file.
LoadedWorkflow LoadWorkflow(const std::string& path, LoadOptions options = {});

// Checks a run's inputs against the workflow's `params`, fills in defaults.
// Unknown, missing and ill-typed params are InvalidArgument, all in one
// message.
absl::StatusOr<Json> CheckParams(const Workflow& workflow, const Json& params);

// The JSON Schema of workflow files, as schema/workflow.schema.json.
std::string_view WorkflowSchema();

}  // namespace windlass

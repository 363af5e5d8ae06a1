// The task type `workflow`: runs another workflow and takes its results as
// its own.
//
// Params: `file` (relative to the workflow's folder) or `definition` (the
// workflow itself, as a mapping), and `params` for it. A `${{ }}` inside
// `definition` is evaluated by the outer run; a workflow with expressions of
// its own comes from a file, or from a value.
//
// Result: {"run_id", "workflow", "state", "results"}, where `results` has the
// value of every task that no other depends on; of a mapped task a list.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "results/result_io.h"
#include "windlass/handler.h"
#include "windlass/load.h"
#include "windlass/store.h"

namespace windlass {

struct WorkflowHandlerParts {
  // All are borrowed and must outlive the handler. A `Store` is both of these.
  RunControl* runs = nullptr;
  RunQueries* queries = nullptr;
  ResultIo* results = nullptr;
  // How definitions are read; LoadWorkflow and ParseWorkflow with this
  // program's task types.
  std::function<LoadedWorkflow(const std::string& path)> load_file;
  std::function<LoadedWorkflow(const Json& document)> load_document;
};

// Runs inside runs inside runs: a workflow that runs itself ends here.
inline constexpr int kMaximumNesting = 16;

// Values above this are handed on as references instead of copied.
inline constexpr std::int64_t kMaximumSubRunValue = std::int64_t{1} << 20;

std::unique_ptr<TaskHandler> MakeWorkflowHandler(WorkflowHandlerParts parts);

}  // namespace windlass

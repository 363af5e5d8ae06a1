#include "handlers/workflow/sub_run.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/concat.h"
#include "results/map_result.h"

namespace windlass {
namespace {

constexpr std::size_t kMaximumFailuresShown = 20;

// The value itself, unless it is large: then its envelope, which readers of
// results understand.
absl::StatusOr<Json> ValueOf(const ResultEnvelope& envelope,
                             ResultIo& results) {
  if (envelope.size > kMaximumSubRunValue) return ToJson(envelope);
  return results.ReadValue(envelope);
}

// Places of tasks that no other task depends on; on_exit is none of them.
std::vector<int> Leaves(const Workflow& workflow) {
  std::vector<bool> is_leaf(workflow.tasks.size(), true);
  if (workflow.on_exit_index) {
    is_leaf[static_cast<std::size_t>(*workflow.on_exit_index)] = false;
  }
  for (const TaskSpec& task : workflow.tasks) {
    for (const std::string& id : task.depends_on) {
      const int index = workflow.FindTask(id);
      if (index >= 0) is_leaf[static_cast<std::size_t>(index)] = false;
    }
  }
  std::vector<int> leaves;
  for (std::size_t i = 0; i < is_leaf.size(); ++i) {
    if (is_leaf[i]) leaves.push_back(static_cast<int>(i));
  }
  return leaves;
}

absl::StatusOr<Json> ListOf(RunId run, int node, const MapSpec& map,
                            RunQueries& queries, ResultIo& results) {
  auto envelopes = queries.ListInstanceResults(run, node);
  if (!envelopes.ok()) return envelopes.status();
  std::int64_t total = 0;
  for (const auto& envelope : *envelopes)
    total += envelope ? envelope->size : 0;
  if (total <= kMaximumSubRunValue && map.item_results) {
    return ReadMapResult(queries, results, run, node, map);
  }
  JsonArray list;
  for (const auto& envelope : *envelopes) {
    if (!envelope) {
      list.emplace_back(nullptr);
    } else if (total > kMaximumSubRunValue) {
      list.push_back(ToJson(*envelope));
    } else {
      auto value = ValueOf(*envelope, results);
      if (!value.ok()) return value.status();
      list.push_back(*std::move(value));
    }
  }
  return Json(std::move(list));
}

absl::StatusOr<JsonObject> LeafResults(RunId run, RunQueries& queries,
                                       ResultIo& results) {
  auto info = queries.GetRunInfo(run);
  if (!info.ok()) return info.status();
  const Workflow& workflow = *(*info)->workflow;
  JsonObject values;
  for (int node : Leaves(workflow)) {
    const TaskSpec& spec = workflow.tasks[static_cast<std::size_t>(node)];
    absl::StatusOr<Json> value = Json();
    auto task = queries.GetTask(run, TaskKey{node, -1});
    if (!task.ok()) return task.status();
    if (task->state != TaskState::kSucceeded) {
      // Skipped, or failed where that is allowed: there is no value.
    } else if (spec.map) {
      value = ListOf(run, node, *spec.map, queries, results);
    } else if (task->result) {
      value = ValueOf(*task->result, results);
    }
    if (!value.ok()) return value.status();
    values[spec.id] = *std::move(value);
  }
  return values;
}

std::string NameOf(const TaskRecord& task) {
  return task.key.index < 0 ? task.id
                            : Concat(task.id, "[", task.key.index, "]");
}

absl::StatusOr<Outcome> Failed(const RunRecord& run, RunQueries& queries) {
  auto tasks = queries.ListTasks(run.id);
  if (!tasks.ok()) return tasks.status();
  JsonArray failed;
  std::string first;
  for (const TaskRecord& task : *tasks) {
    if (task.state != TaskState::kFailed || !task.error ||
        task.error->type == error_type::kUpstreamFailed) {
      continue;
    }
    if (first.empty()) {
      first = Concat(NameOf(task), ": ", task.error->message);
    }
    if (failed.size() < kMaximumFailuresShown) {
      failed.push_back(JsonObject{{"task", NameOf(task)},
                                  {"type", task.error->type},
                                  {"message", task.error->message}});
    }
  }
  if (first.empty()) first = run.reason;
  TaskError error;
  error.type = "SubRunFailed";
  error.message =
      Concat("run ", FormatRunId(run.id), " of ", run.workflow,
             run.state == RunState::kCancelled ? " was cancelled" : " failed",
             first.empty() ? "" : ": ", first);
  // Whoever cancelled the sub-run did not mean another one to start.
  error.retryable = run.state != RunState::kCancelled;
  error.details = JsonObject{{"run_id", FormatRunId(run.id)},
                             {"state", std::string(Name(run.state))},
                             {"reason", run.reason},
                             {"failed_tasks", std::move(failed)}};
  return Outcome::Failure(std::move(error));
}

}  // namespace

absl::StatusOr<Outcome> OutcomeOfSubRun(const RunRecord& run,
                                        RunQueries& queries,
                                        ResultIo& results) {
  if (run.state != RunState::kSucceeded) return Failed(run, queries);
  auto values = LeafResults(run.id, queries, results);
  if (!values.ok()) return values.status();
  return Outcome::Success(
      Json(JsonObject{{"run_id", FormatRunId(run.id)},
                      {"workflow", run.workflow},
                      {"state", std::string(Name(run.state))},
                      {"results", *std::move(values)}}));
}

}  // namespace windlass

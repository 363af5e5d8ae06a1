// The JSON documents that commands print and the HTTP API answers, field by
// field as docs/guides/command-line.md and the API's schemas promise.
#pragma once

#include <string_view>
#include <vector>

#include "windlass/json.h"
#include "windlass/load.h"
#include "windlass/store.h"
#include "windlass/workflow.h"

namespace windlass {

// Of one thing.
// "attempts" are those of `attempts` that did not succeed; the others are told
// with their tasks.
Json RunDocument(const RunRecord& run, const std::vector<TaskRecord>& tasks,
                 const Workflow& workflow,
                 const std::vector<AttemptRecord>& attempts);
// One entry of a list of runs: the same without tasks.
Json RunSummary(const RunRecord& run);
Json TaskDocument(const TaskRecord& task);
Json AttemptDocument(const AttemptRecord& attempt);
// The same with its task, as "task" and "index".
Json AttemptDocument(const AttemptRecord& attempt, const Workflow& workflow);
Json DeadLetterDocument(const DeadLetterRecord& letter);
// With those of `attempts` that are of its task, as "history".
Json DeadLetterDocument(const DeadLetterRecord& letter,
                        const std::vector<AttemptRecord>& attempts);
Json ExecutorDocument(const ExecutorRecord& executor);
Json QueueDocument(const QueueRecord& queue);
Json ScheduleDocument(const ScheduleRecord& schedule);
// With its definition when that was read.
Json WorkflowDocument(const WorkflowVersion& stored);
Json LimitDocument(const LimitRecord& limit);
Json CircuitDocument(const CircuitRecord& circuit);
Json ProblemDocument(const Problem& problem);

// Lists: {"runs": [...]} and so on.
JsonObject RunsDocument(const std::vector<RunRecord>& runs);
// {"tasks": [...]}, of mapped tasks with the lists of their instances' results
// where those are small.
JsonObject TasksDocument(const std::vector<TaskRecord>& tasks);
JsonObject DeadLettersDocument(const std::vector<DeadLetterRecord>& letters);
JsonObject ExecutorsDocument(const std::vector<ExecutorRecord>& executors);
JsonObject QueuesDocument(const std::vector<QueueRecord>& queues);
JsonObject SchedulesDocument(const std::vector<ScheduleRecord>& schedules);
JsonObject WorkflowsDocument(const std::vector<WorkflowVersion>& stored);
JsonObject VersionsDocument(const std::vector<WorkflowVersion>& versions);
JsonObject LimitsDocument(const std::vector<LimitRecord>& limits);
JsonObject CircuitsDocument(const std::vector<CircuitRecord>& circuits);

// {"attempts": [...]}, all of a run's.
JsonObject AttemptsDocument(const std::vector<AttemptRecord>& attempts,
                            const Workflow& workflow);
// {"run", "now", "nodes": [{"task", "state", ...}]}
JsonObject ProgressDocument(const RunRecord& run,
                            const RunProgressRecord& progress,
                            const Workflow& workflow, Timestamp now);

// {"run_id", "created"} of one run, {"run_ids"} of several.
JsonObject SubmittedDocument(const std::vector<SubmittedRun>& runs);

// "running", "draining" or "lost".
std::string_view StateName(const ExecutorRecord& executor);
// The field of workflow files that limits so: "rate_limit".
std::string_view FieldOf(const LimitRecord& limit);

// "half_open"
std::string_view StateName(CircuitState state);

}  // namespace windlass

// Every document of the API is read back as it was.

#include "client/records.h"

#include <gtest/gtest.h>

#include "model/documents.h"
#include "windlass/load.h"

namespace windlass {
namespace {

constexpr Timestamp kTime{std::chrono::hours(24 * 20000)};

std::shared_ptr<const Workflow> Flow() {
  return ParseWorkflow(R"(
    windlass: 1
    name: flow
    description: Two tasks
    tasks:
      first: {type: noop}
      second: {type: noop, map: {items: [1, 2]}, depends_on: [first]}
  )",
                       LoadOptions())
      .workflow;
}

// The document of what was read from `document`.
template <typename Record, typename Document>
Json Again(const absl::StatusOr<Record>& record, Document document) {
  if (!record.ok()) {
    ADD_FAILURE() << record.status();
    return nullptr;
  }
  return document(*record);
}

RunRecord SomeRun() {
  RunRecord run;
  run.id = {42};
  run.workflow = "flow";
  run.state = RunState::kCancelled;
  run.params = JsonObject{{"n", 1}};
  run.labels = {{"team", "x"}};
  run.created_at = kTime;
  run.finished_at = kTime + std::chrono::microseconds(1);
  run.attempt = 3;
  run.reason = "not needed";
  run.parent = RunId{41};
  return run;
}

RunRecord PlainRun() {
  RunRecord run;
  run.id = {7};
  run.params = JsonObject();
  return run;
}

TaskError SomeError() {
  TaskError error;
  error.type = "Oops";
  error.message = "no";
  return error;
}

TaskRecord SomeTask() {
  TaskRecord task;
  task.key = {1, 7};
  task.id = "second";
  task.type = "noop";
  task.state = TaskState::kScheduled;
  task.attempt = 2;
  task.started_at = kTime;
  task.finished_at = kTime + std::chrono::seconds(1);
  task.run_time = std::chrono::milliseconds(17);
  task.executor = "host-1";
  task.result.emplace();
  task.result->kind = ResultEnvelope::Kind::kJson;
  task.result->value = Json(1);
  task.error = SomeError();
  task.progress = 0.5;
  task.progress_message = "half";
  task.due_at = kTime;
  task.cached_from = "r1/first";
  task.item_count = 2;
  return task;
}

TEST(RecordsTest, RunsComeBack) {
  for (const RunRecord& run : {SomeRun(), PlainRun()}) {
    const Json document = RunSummary(run);
    EXPECT_EQ(Again(RunFromJson(document), RunSummary), document);
  }
}

TEST(RecordsTest, TasksAndAttemptsComeBackWithTheirKeys) {
  const auto flow = Flow();
  TaskRecord plain;
  plain.id = "first";
  for (const TaskRecord& task : {SomeTask(), plain}) {
    const Json document = TaskDocument(task);
    const auto read = TaskFromJson(document, *flow);
    EXPECT_EQ(Again(read, TaskDocument), document);
    EXPECT_EQ(read->key, task.key);
  }
  AttemptRecord attempt;
  attempt.key = {1, -1};
  attempt.attempt = 4;
  attempt.outcome = AttemptOutcome::kTimedOut;
  attempt.started_at = kTime;
  attempt.finished_at = kTime;
  attempt.executor = "host-1";
  attempt.error = SomeError();
  const Json document = AttemptDocument(attempt, *flow);
  const auto read = AttemptFromJson(document, *flow);
  EXPECT_EQ(Again(read,
                  [&](const AttemptRecord& one) {
                    return AttemptDocument(one, *flow);
                  }),
            document);
  EXPECT_EQ(read->key, attempt.key);
}

TEST(RecordsTest, ProgressComesBack) {
  const auto flow = Flow();
  RunProgressRecord progress;
  progress.state = RunState::kCancelled;
  progress.nodes = {{.state = TaskState::kSucceeded},
                    {.state = TaskState::kRunning,
                     .items = 9,
                     .succeeded = 1,
                     .failed = 2,
                     .skipped = 3,
                     .cancelled = 2}};
  const auto document = [&](const RunProgressRecord& one) -> Json {
    return ProgressDocument(SomeRun(), one, *flow, kTime);
  };
  const auto read = ProgressFromJson(document(progress));
  EXPECT_EQ(Again(read, document), document(progress));
  EXPECT_EQ(read->state, RunState::kCancelled);
}

TEST(RecordsTest, WhatIsOfTheFleetComesBack) {
  ExecutorRecord executor;
  executor.info.name = "host-1";
  executor.info.pid = 7;
  executor.info.profile = "data";
  executor.info.slots = 4;
  executor.info.queues = {"a", "b"};
  executor.started_at = executor.last_heartbeat = kTime;
  executor.busy_slots = 2;
  for (const bool is_lost : {false, true}) {
    executor.alive = !is_lost;
    executor.draining = !is_lost;
    const Json document = ExecutorDocument(executor);
    EXPECT_EQ(Again(ExecutorFromJson(document), ExecutorDocument), document);
  }
  QueueRecord queue{.name = "a",
                    .paused = true,
                    .ready = 1,
                    .running = 2,
                    .scheduled = 3,
                    .oldest_ready = kTime};
  EXPECT_EQ(Again(QueueFromJson(QueueDocument(queue)), QueueDocument),
            QueueDocument(queue));
  LimitRecord limit{.kind = LimitRecord::Kind::kRate,
                    .key = "k",
                    .limit = 3,
                    .period = std::chrono::milliseconds(1500),
                    .burst = 5,
                    .in_use = 1,
                    .waiting = 2,
                    .next_at = kTime,
                    .adaptive = {}};
  EXPECT_EQ(Again(LimitFromJson(LimitDocument(limit)), LimitDocument),
            LimitDocument(limit));
  limit = {.kind = LimitRecord::Kind::kConcurrency,
           .key = "k",
           .limit = 64,
           .period = {},
           .burst = {},
           .in_use = 9,
           .waiting = 0,
           .next_at = {},
           .adaptive = LimitRecord::Adaptation{
               .allowed = 9,
               .minimum = 2,
               .target_latency = std::chrono::milliseconds(500)}};
  EXPECT_EQ(Again(LimitFromJson(LimitDocument(limit)), LimitDocument),
            LimitDocument(limit));
  CircuitRecord circuit{.key = "api",
                        .state = CircuitState::kHalfOpen,
                        .failures = 5,
                        .failure_threshold = 5,
                        .open_for = std::chrono::seconds(30),
                        .probes = 2,
                        .probing = 1,
                        .waiting = 9,
                        .open_until = kTime};
  EXPECT_EQ(Again(CircuitFromJson(CircuitDocument(circuit)), CircuitDocument),
            CircuitDocument(circuit));
}

TEST(RecordsTest, DeadLettersSchedulesAndWorkflowsComeBack) {
  DeadLetterRecord letter;
  letter.id = 7;
  letter.run = {42};
  letter.workflow = "flow";
  letter.task = {0, 3};
  letter.task_id = "first";
  letter.type = "noop";
  letter.attempts = 2;
  letter.failed_at = kTime;
  letter.error = SomeError();
  const auto letter_document = [](const DeadLetterRecord& one) {
    return DeadLetterDocument(one);
  };
  EXPECT_EQ(Again(DeadLetterFromJson(letter_document(letter)), letter_document),
            letter_document(letter));

  ScheduleRecord schedule;
  schedule.workflow = "flow";
  schedule.spec.cron = "30 6 * * *";
  schedule.spec.overlap = ScheduleSpec::Overlap::kCancelRunning;
  schedule.spec.catch_up = true;
  schedule.params = JsonObject{{"n", 1}};
  schedule.next_at = schedule.queued_at = schedule.last_at = kTime;
  schedule.last_run = RunId{9};
  schedule.created_at = kTime;
  EXPECT_EQ(
      Again(ScheduleFromJson(ScheduleDocument(schedule)), ScheduleDocument),
      ScheduleDocument(schedule));

  WorkflowVersion stored;
  stored.name = "flow";
  stored.version = 3;
  stored.workflow = Flow();
  stored.digest = stored.workflow->digest;
  stored.description = "Two tasks";
  stored.base_dir = "/srv";
  stored.created_at = kTime;
  const auto read = WorkflowFromJson(WorkflowDocument(stored));
  EXPECT_EQ(Again(read, WorkflowDocument), WorkflowDocument(stored));
  EXPECT_EQ(read->workflow->digest, stored.digest);
}

TEST(RecordsTest, WhatIsNotAsPromisedIsNamed) {
  Json document = RunSummary(SomeRun());
  for (const auto& [field, value] :
       {std::pair<const char*, Json>{"run_id", "x"},
        {"state", "done"},
        {"attempt", "3"},
        {"created_at", "yesterday"},
        {"labels", JsonArray()}}) {
    Json broken = document;
    broken.as_object()[field] = value;
    const absl::Status status = RunFromJson(broken).status();
    EXPECT_TRUE(absl::IsInternal(status)) << field;
    EXPECT_NE(status.message().find(field), std::string::npos) << status;
  }
  EXPECT_FALSE(RunFromJson(JsonArray()).ok());
  EXPECT_FALSE(ListFromJson(JsonObject{{"runs", 1}}, "runs", RunFromJson).ok());
  EXPECT_FALSE(ListFromJson(JsonObject(), "runs", RunFromJson).ok());
}

}  // namespace
}  // namespace windlass

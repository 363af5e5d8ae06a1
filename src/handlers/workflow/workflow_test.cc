#include "handlers/workflow/workflow.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "support/fake_task_context.h"

namespace windlass {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr std::string_view kChild = R"(
windlass: 1
name: child
params: {n: {type: integer}}
tasks:
  first: {type: noop}
  each: {type: noop, depends_on: [first], map: {items: [1, 2]}}
  last: {type: noop, depends_on: [first]}
on_exit: {type: noop}
)";

// Runs that end as the test says.
class FakeRuns : public RunControl, public RunQueries {
 public:
  struct Run {
    RunRecord record;
    std::shared_ptr<RunInfo> info;
    std::vector<TaskRecord> tasks;
  };

  void End(RunId id, RunState state) { runs[id].record.state = state; }
  void SetTask(RunId id, int node, TaskState state,
               std::optional<ResultEnvelope> result,
               std::optional<TaskError> error = std::nullopt) {
    TaskRecord task;
    task.key = TaskKey{node, -1};
    task.id = runs[id].info->workflow->tasks[static_cast<std::size_t>(node)].id;
    task.state = state;
    task.result = std::move(result);
    task.error = std::move(error);
    runs[id].tasks.push_back(task);
  }

  absl::StatusOr<std::vector<SubmittedRun>> Submit(
      std::span<const SubmitRequest> requests) override {
    const SubmitRequest& request = requests[0];
    submitted.push_back(request);
    for (const auto& [id, run] : runs) {
      if (run.record.idempotency_key == request.idempotency_key) {
        return std::vector<SubmittedRun>{{id, false}};
      }
    }
    const RunId id{static_cast<std::int64_t>(100 + runs.size())};
    Run& run = runs[id];
    run.info = std::make_shared<RunInfo>();
    run.info->workflow = request.workflow;
    run.info->parent = request.parent;
    run.record.id = id;
    run.record.workflow = request.workflow->name;
    run.record.idempotency_key = *request.idempotency_key;
    return std::vector<SubmittedRun>{{id, true}};
  }
  absl::StatusOr<RunRecord> GetRun(RunId run) override {
    return runs.at(run).record;
  }
  absl::StatusOr<std::shared_ptr<const RunInfo>> GetRunInfo(
      RunId run) override {
    return std::shared_ptr<const RunInfo>(runs.at(run).info);
  }
  absl::StatusOr<std::vector<TaskRecord>> ListTasks(RunId run) override {
    return runs.at(run).tasks;
  }
  absl::StatusOr<TaskRecord> GetTask(RunId run, TaskKey key) override {
    for (const TaskRecord& task : runs.at(run).tasks) {
      if (task.key == key) return task;
    }
    return absl::NotFoundError("no such task");
  }
  absl::StatusOr<std::vector<std::optional<ResultEnvelope>>>
  ListInstanceResults(RunId, int) override {
    return instances;
  }

  // Not asked here.
  absl::Status Cancel(RunId, const std::string&) override { return No(); }
  absl::Status Pause(RunId) override { return No(); }
  absl::Status Resume(RunId) override { return No(); }
  absl::Status Retry(RunId, RetryScope) override { return No(); }
  absl::StatusOr<int> Requeue(const DeadLetterFilter&) override { return No(); }
  absl::StatusOr<int> Discard(const DeadLetterFilter&) override { return No(); }
  absl::StatusOr<RunProgressRecord> GetProgress(RunId) override { return No(); }
  absl::StatusOr<std::vector<RunRecord>> ListRuns(const RunFilter&) override {
    return No();
  }
  absl::StatusOr<ResultEnvelope> GetItems(RunId, int) override { return No(); }
  absl::StatusOr<std::vector<AttemptRecord>> ListAttempts(RunId) override {
    return No();
  }

  std::map<RunId, Run> runs;
  std::vector<SubmitRequest> submitted;
  std::vector<std::optional<ResultEnvelope>> instances;

 private:
  static absl::Status No() { return absl::UnimplementedError("not asked"); }
};

class NoObjects : public ResultStore {
 public:
  absl::StatusOr<ObjectInfo> Put(std::string_view, ByteSource&,
                                 const PutOptions&) override {
    return absl::UnimplementedError("");
  }
  absl::StatusOr<std::unique_ptr<ByteSource>> Get(std::string_view,
                                                  const ByteRange&) override {
    return absl::UnimplementedError("");
  }
  absl::StatusOr<ObjectInfo> Stat(std::string_view) override {
    return absl::UnimplementedError("");
  }
  absl::Status Delete(std::string_view) override { return absl::OkStatus(); }
  absl::Status List(std::string_view,
                    const std::function<bool(const ObjectInfo&)>&) override {
    return absl::OkStatus();
  }
};

class WorkflowHandlerTest : public ::testing::Test {
 protected:
  WorkflowHandlerTest() {
    WorkflowHandlerParts parts;
    parts.runs = &runs_;
    parts.queries = &runs_;
    parts.results = &results_;
    parts.load_file = [this](const std::string& path) {
      loaded_path_ = path;
      return ParseWorkflow(kChild, {});
    };
    parts.load_document = [](const Json& document) {
      return ParseWorkflow(document, {});
    };
    handler_ = MakeWorkflowHandler(std::move(parts));
    task_.mutable_run().base_dir = "/flows";
  }

  ResultEnvelope Inline(Json value) {
    return *results_.Write(std::move(value), {.key = "r100/x/1"});
  }
  Outcome Run() { return handler_->Execute(task_); }
  TaskError Error() {
    Outcome outcome = Run();
    EXPECT_EQ(outcome.kind, AttemptOutcome::kFailed);
    return outcome.error.value_or(TaskError{});
  }
  // Starts the sub-run and returns its id.
  RunId Start() {
    Outcome outcome = Run();
    EXPECT_EQ(outcome.kind, AttemptOutcome::kParked)
        << (outcome.error ? outcome.error->message : "");
    return outcome.wake.run;
  }

  FakeRuns runs_;
  NoObjects objects_;
  ResultIo results_{objects_};
  std::string loaded_path_;
  std::unique_ptr<TaskHandler> handler_;
  FakeTaskContext task_{
      *ParseJson(R"({"file": "sub/child.yaml", "params": {"n": 1}})")};
};

TEST_F(WorkflowHandlerTest, ASubRunIsSubmittedOnceAndWaitedFor) {
  const RunId run = Start();
  EXPECT_EQ(Start(), run);
  ASSERT_EQ(runs_.submitted.size(), 1u);
  const SubmitRequest& request = runs_.submitted[0];
  EXPECT_EQ(loaded_path_, "/flows/sub/child.yaml");
  EXPECT_EQ(request.base_dir, "/flows/sub");
  EXPECT_EQ(request.parent, RunId{1});
  EXPECT_EQ(request.parent_task, TaskKey{});
  EXPECT_EQ(FormatJson(request.params), R"({"n":1})");
}

TEST_F(WorkflowHandlerTest, AnAttemptThatCrashedAfterTheSubmitFindsItsRun) {
  const RunId run = Start();
  // What the crashed attempt had saved before the submit, not what it saved
  // after it.
  ASSERT_TRUE(
      task_
          .Save("sub_run", *ParseJson(R"({"run_attempt": 1, "generation": 1,
                                          "reported": false, "run": null})"))
          .ok());
  EXPECT_EQ(Start(), run);
  EXPECT_EQ(runs_.runs.size(), 1u);
}

TEST_F(WorkflowHandlerTest, TheResultHasTheValuesOfTheLeaves) {
  const RunId run = Start();
  // What stores say of a mapped task itself: it has ended, with nothing.
  runs_.SetTask(run, 1, TaskState::kSucceeded, ResultEnvelope());
  runs_.SetTask(run, 2, TaskState::kSucceeded, Inline(7));
  runs_.instances = {Inline("a"), std::nullopt};
  runs_.End(run, RunState::kSucceeded);
  EXPECT_EQ(FormatJson(std::get<Json>(Run().content)),
            R"({"run_id":"r100","workflow":"child","state":"succeeded",)"
            R"("results":{"each":["a",null],"last":7}})");
}

TEST_F(WorkflowHandlerTest, LargeValuesAreHandedOnAsReferences) {
  const RunId run = Start();
  ResultEnvelope large = Inline(nullptr);
  large.value.reset();
  large.size = 2 << 20;
  large.uri = "file:r100/last/9";
  runs_.SetTask(run, 1, TaskState::kSkipped, std::nullopt);
  runs_.SetTask(run, 2, TaskState::kSucceeded, large);
  runs_.End(run, RunState::kSucceeded);
  Json value = std::get<Json>(Run().content);
  EXPECT_EQ(value.at("results").at("last").at("uri"), "file:r100/last/9");
  EXPECT_TRUE(value.at("results").at("each").is_null());
}

TEST_F(WorkflowHandlerTest, AFailedSubRunNamesItsFailedTasks) {
  const RunId run = Start();
  TaskError broken;
  broken.type = "ExitCode";
  broken.message = "exit code 3";
  runs_.SetTask(run, 0, TaskState::kFailed, std::nullopt, broken);
  TaskError upstream;
  upstream.type = error_type::kUpstreamFailed;
  runs_.SetTask(run, 2, TaskState::kFailed, std::nullopt, upstream);
  runs_.End(run, RunState::kFailed);
  TaskError error = Error();
  EXPECT_EQ(error.type, "SubRunFailed");
  EXPECT_TRUE(error.retryable);
  EXPECT_EQ(error.message, "run r100 of child failed: first: exit code 3");
  EXPECT_EQ(FormatJson(error.details),
            R"({"run_id":"r100","state":"failed","reason":"","failed_tasks":)"
            R"([{"task":"first","type":"ExitCode","message":"exit code 3"}]})");
}

TEST_F(WorkflowHandlerTest, ARetryAfterAFailureStartsAnotherRun) {
  const RunId first = Start();
  runs_.End(first, RunState::kFailed);
  Error();
  const RunId second = Start();
  EXPECT_NE(second, first);
  EXPECT_EQ(Start(), second);
}

TEST_F(WorkflowHandlerTest, ARetryOfTheOuterRunStartsAnotherRun) {
  const RunId first = Start();
  runs_.SetTask(first, 1, TaskState::kSkipped, std::nullopt);
  runs_.SetTask(first, 2, TaskState::kSkipped, std::nullopt);
  runs_.End(first, RunState::kSucceeded);
  EXPECT_EQ(Run().kind, AttemptOutcome::kSucceeded);
  task_.mutable_run().attempt = 2;
  EXPECT_NE(Start(), first);
}

TEST_F(WorkflowHandlerTest, ACancelledSubRunIsNotTriedAgain) {
  const RunId run = Start();
  runs_.End(run, RunState::kCancelled);
  TaskError error = Error();
  EXPECT_EQ(error.type, "SubRunFailed");
  EXPECT_FALSE(error.retryable);
  EXPECT_THAT(error.message, HasSubstr("was cancelled"));
}

TEST_F(WorkflowHandlerTest, AnInlineDefinitionRunsInTheFolderOfTheOuterOne) {
  task_.set_params(*ParseJson(R"({"definition": {"windlass": 1, "name": "in",
      "tasks": {"a": {"type": "noop"}}}})"));
  Start();
  EXPECT_EQ(runs_.submitted[0].base_dir, "/flows");
  EXPECT_EQ(runs_.submitted[0].workflow->name, "in");
}

TEST_F(WorkflowHandlerTest, ADefinitionThatDoesNotLoadTellsEveryProblem) {
  task_.set_params(*ParseJson(R"({"definition": {"windlass": 1, "name": "in",
      "tasks": {"a": {"type": "noop", "dependson": ["b"]}}}})"));
  TaskError error = Error();
  EXPECT_EQ(error.type, "InvalidParams");
  EXPECT_FALSE(error.retryable);
  EXPECT_THAT(error.message, HasSubstr("depends_on"));
  EXPECT_THAT(runs_.submitted, IsEmpty());
}

TEST_F(WorkflowHandlerTest, ParamsOfTheWrongTypeAreRefusedBeforeTheSubmit) {
  task_.set_params(*ParseJson(R"({"file": "f", "params": {"n": "x"}})"));
  EXPECT_EQ(Error().type, "InvalidParams");
  EXPECT_THAT(runs_.submitted, IsEmpty());
}

TEST_F(WorkflowHandlerTest, AWorkflowThatRunsItselfEnds) {
  // r1 <- r2 <- ... <- the run of the task.
  for (int depth = 0; depth < kMaximumNesting; ++depth) {
    FakeRuns::Run& run = runs_.runs[RunId{depth}];
    run.info = std::make_shared<RunInfo>();
    if (depth > 0) run.info->parent = RunId{depth - 1};
  }
  task_.mutable_run().parent = RunId{kMaximumNesting - 2};
  TaskError error = Error();
  EXPECT_EQ(error.type, "NestingTooDeep");
  EXPECT_FALSE(error.retryable);
  EXPECT_THAT(error.message, HasSubstr("run itself?"));
  task_.mutable_run().parent = RunId{kMaximumNesting - 3};
  Start();
}

TEST_F(WorkflowHandlerTest, AStoppedAttemptStartsNothing) {
  task_.Stop(StopReason::kCancelled);
  EXPECT_EQ(Run().kind, AttemptOutcome::kCancelled);
  EXPECT_THAT(runs_.submitted, IsEmpty());
}

TEST_F(WorkflowHandlerTest, ASubRunIsNotMadeOfSecrets) {
  auto check = [&](std::string_view params) {
    return handler_->CheckParams(*ParseJson(params));
  };
  EXPECT_THAT(
      check(R"({"file": "a", "params": {"k": ["${{ secrets.KEY }}"]}})"),
      ElementsAre(Pair("params", HasSubstr("must not hold secrets"))));
  EXPECT_THAT(
      check(R"({"definition": {"name": "x${{ secrets.KEY }}"}})"),
      ElementsAre(Pair("definition", HasSubstr("must not hold secrets"))));
  EXPECT_THAT(check(R"({"file": "a", "params": {"k": "${{ callback.url }}"}})"),
              ElementsAre(Pair("params", HasSubstr("must not hold secrets"))));
  EXPECT_THAT(check(R"({"file": "a", "params": {"k": "${{ env.KEY }}"}})"),
              IsEmpty());
}

TEST_F(WorkflowHandlerTest, EitherAFileOrADefinitionIsNeeded) {
  auto check = [&](std::string_view params) {
    return handler_->CheckParams(*ParseJson(params));
  };
  EXPECT_THAT(check("{}"), Contains(Pair("", HasSubstr("either file"))));
  EXPECT_THAT(check(R"({"file": "a", "definition": {}})"),
              Contains(Pair("", HasSubstr("either file"))));
  EXPECT_THAT(check(R"({"file": "a", "parms": {}})"),
              Contains(Pair("parms", HasSubstr("did you mean params?"))));
  EXPECT_THAT(check(R"({"definition": "${{ tasks.make.result }}"})"),
              IsEmpty());
}

}  // namespace
}  // namespace windlass

// What a workflow file may say, and what becomes of it.
#include "windlass/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "model/definition/load_testing.h"
#include "model/json_schema.h"

namespace windlass {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

const std::string kTestData =
    WINDLASS_SOURCE_DIR "/src/model/definition/testdata/";

std::shared_ptr<const Workflow> Load(const std::string& text) {
  LoadedWorkflow loaded = ParseWorkflow(text, {});
  EXPECT_THAT(Messages(loaded), ElementsAre());
  return loaded.workflow;
}

TEST(LoadTest, TheSmallestWorkflowHasDefaults) {
  auto workflow = Load("windlass: 1\nname: w\ntasks: {a: {type: noop}}\n");
  ASSERT_NE(workflow, nullptr);
  ASSERT_EQ(workflow->tasks.size(), 1U);
  const TaskSpec& task = workflow->tasks[0];
  EXPECT_EQ(task.queue, "default");
  EXPECT_EQ(task.priority, 5);
  EXPECT_EQ(task.retry_policy.maximum_attempts, 1);
  EXPECT_FALSE(task.start_to_close_timeout.has_value());
  EXPECT_FALSE(workflow->on_exit_index.has_value());
  EXPECT_TRUE(task.params.is_object());
}

TEST(LoadTest, TheExampleOfTheDesignIsRead) {
  Load(R"(windlass: 1
name: airport-report
description: Busiest airports of a state
params:                                  # typed inputs of a run
  state: {type: string, default: WA}
defaults: {start_to_close_timeout: 2m, retry_policy: {maximum_attempts: 3}}
tasks:
  routes:
    type: http
    params: {url: "https://example.org/routes.csv", output: binary}
    retry_policy: {initial_interval: 1s, backoff_coefficient: 2,
                   maximum_interval: 1m, maximum_attempts: 5, jitter: full,
                   non_retryable_error_types: [InvalidInput]}
    start_to_close_timeout: 30s
  busiest:
    type: sql
    depends_on: [routes]
    params:
      inputs: {routes: "${{ tasks.routes.result }}"}
      query: select origin, sum(count) n from routes group by 1 limit 10
  per_airport:
    type: python
    depends_on: [busiest]
    map: {items: "${{ tasks.busiest.result.rows }}", as: airport, max_parallel: 8}
    params: {script: enrich.py, args: {code: "${{ airport.origin }}"}}
  report:
    type: shell
    depends_on: [per_airport]
    when: "${{ size(tasks.per_airport.result) > 0 }}"
    params: {command: ["./render.sh"], stdin: "${{ tasks.per_airport.result }}"}
on_exit: {type: shell, params: {command: "echo ${{ run.state }}"}}
)");
}

TEST(LoadTest, EveryFieldIsRead) {
  LoadedWorkflow loaded = LoadWorkflow(kTestData + "every_field.yaml");
  ASSERT_THAT(Messages(loaded), ElementsAre());
  const Workflow& workflow = *loaded.workflow;
  EXPECT_EQ(workflow.name, "every-field");
  EXPECT_EQ(workflow.timeout, hours(4));
  EXPECT_EQ(workflow.max_parallel, 50);
  EXPECT_EQ(workflow.labels.at("tier"), 1);
  ASSERT_EQ(workflow.params.size(), 2U);
  EXPECT_EQ(workflow.params[0].default_value, Json("WA"));
  EXPECT_FALSE(workflow.params[0].schema.get_object().contains("default"));
  EXPECT_FALSE(workflow.params[1].default_value.has_value());
  EXPECT_EQ(workflow.schedule->cron, "30 6 * * mon-fri");
  EXPECT_EQ(workflow.schedule->overlap, ScheduleSpec::Overlap::kQueue);
  EXPECT_TRUE(workflow.schedule->catch_up);
  ASSERT_EQ(workflow.tasks.size(), 5U);
  EXPECT_EQ(workflow.on_exit_index, 4);
  EXPECT_EQ(workflow.tasks[4].id, "on_exit");
  EXPECT_EQ(workflow.tasks[4].when, "true");
}

TEST(LoadTest, EveryFieldOfATaskIsRead) {
  LoadedWorkflow loaded = LoadWorkflow(kTestData + "every_field.yaml");
  ASSERT_TRUE(loaded.ok());
  const TaskSpec& task = loaded.workflow->tasks[0];
  EXPECT_EQ(task.id, "routes");
  EXPECT_EQ(task.type, "http");
  EXPECT_EQ(task.queue, "fetch");
  EXPECT_EQ(task.priority, 9);
  EXPECT_EQ(task.delay, milliseconds(250));
  EXPECT_EQ(task.retry_policy.backoff_coefficient, 1.5);
  EXPECT_EQ(task.retry_policy.maximum_interval, minutes(1));
  EXPECT_EQ(task.retry_policy.jitter, Jitter::kFull);
  EXPECT_THAT(task.retry_policy.non_retryable_error_types,
              ElementsAre("InvalidInput", "404"));
  EXPECT_EQ(task.schedule_to_start_timeout, minutes(5));
  EXPECT_EQ(task.start_to_close_timeout, seconds(30));
  EXPECT_EQ(task.schedule_to_close_timeout, minutes(10));
  EXPECT_EQ(task.heartbeat_timeout, seconds(10));
  EXPECT_EQ(task.cancellation.type,
            CancellationSpec::Type::kWaitCancellationCompleted);
  EXPECT_EQ(task.cancellation.grace_period, seconds(0));
  EXPECT_EQ(task.cache->version, "2");
  EXPECT_EQ(task.cache->max_age, hours(24));
  EXPECT_EQ(task.idempotency_key, "${{ run.id }}/routes");
  EXPECT_EQ(task.concurrency->limit, 2);
  EXPECT_EQ(task.concurrency->adaptive->minimum, 2);
  EXPECT_EQ(task.concurrency->adaptive->target_latency, milliseconds(500));
  EXPECT_EQ(task.rate_limit->limit, 50);
  EXPECT_EQ(task.circuit_breaker->failure_threshold, 3);
  EXPECT_EQ(task.circuit_breaker->open_for, minutes(1));
  EXPECT_EQ(task.circuit_breaker->probes, 2);
  EXPECT_EQ(task.resources.memory_bytes, 512 << 20);
  EXPECT_EQ(task.resources.cpu, 2);
  EXPECT_TRUE(task.result.schema.has_value());
  EXPECT_EQ(task.result.max_inline_bytes, 32 << 10);
  EXPECT_EQ(task.result.store, "file:results");
  EXPECT_EQ(task.result.compression, "zstd");
  EXPECT_FALSE(task.allow_failure);
  const TaskSpec& mapped = loaded.workflow->tasks[1];
  EXPECT_EQ(mapped.trigger_rule, TriggerRule::kAllDoneMinOneSuccess);
  EXPECT_EQ(mapped.map->as, "row");
  EXPECT_EQ(mapped.map->max_parallel, 8);
  EXPECT_TRUE(mapped.map->fail_fast);
  EXPECT_EQ(mapped.map->on_empty, MapSpec::OnEmpty::kSkip);
  EXPECT_EQ(mapped.map->batch, 0);
  const TaskSpec& batches = loaded.workflow->tasks[2];
  EXPECT_EQ(batches.map->batch, 2);
  EXPECT_EQ(batches.map->item_results, "result.rows");
  EXPECT_EQ(batches.concurrency->adaptive->minimum, 1);
  EXPECT_FALSE(batches.concurrency->adaptive->target_latency.has_value());
  const TaskSpec& last = loaded.workflow->tasks[3];
  EXPECT_EQ(last.callback->timeout, hours(1));
  EXPECT_TRUE(last.callback->schema.has_value());
  EXPECT_EQ(last.callback->fail, "body.state == 'failed'");
}

TEST(LoadTest, AdaptiveMayBeSwitchedOff) {
  const LoadedWorkflow loaded = ParseWorkflow(
      "{windlass: 1, name: w, tasks: {a: {type: noop, "
      "concurrency: {key: k, adaptive: false}}}}",
      LoadOptions{});
  ASSERT_TRUE(loaded.ok());
  EXPECT_FALSE(loaded.workflow->tasks[0].concurrency->adaptive.has_value());
}

TEST(LoadTest, DefaultsApplyToTasksThatDoNotStateThem) {
  LoadedWorkflow loaded = LoadWorkflow(kTestData + "every_field.yaml");
  ASSERT_TRUE(loaded.ok());
  for (const char* id : {"per_row", "on_exit"}) {
    const TaskSpec& task =
        loaded.workflow
            ->tasks[static_cast<std::size_t>(loaded.workflow->FindTask(id))];
    EXPECT_EQ(task.queue, "reports");
    EXPECT_EQ(task.priority, 3);
    EXPECT_EQ(task.retry_policy.maximum_attempts, 3);
    EXPECT_EQ(task.retry_policy.jitter, Jitter::kEqual);
    EXPECT_EQ(task.start_to_close_timeout, minutes(2));
    EXPECT_EQ(task.cancellation.type, CancellationSpec::Type::kAbandon);
    EXPECT_EQ(task.concurrency->limit, 4);
    EXPECT_EQ(task.result.compression, "none");
    EXPECT_TRUE(task.allow_failure);
  }
}

TEST(LoadTest, RetryPoliciesMergeFieldByField) {
  auto workflow = Load(
      "windlass: 1\nname: w\n"
      "tasks: {a: {type: noop, retry_policy: {jitter: full}}}\n"
      "defaults: {retry_policy: {maximum_attempts: 7, jitter: none}}\n");
  ASSERT_NE(workflow, nullptr);
  EXPECT_EQ(workflow->tasks[0].retry_policy.maximum_attempts, 7);
  EXPECT_EQ(workflow->tasks[0].retry_policy.jitter, Jitter::kFull);
}

TEST(LoadTest, TheLongestDelayFollowsTheFirst) {
  LoadedWorkflow loaded = LoadWorkflow(kTestData + "every_field.json");
  ASSERT_THAT(Messages(loaded), ElementsAre());
  const RetryPolicy& policy = loaded.workflow->tasks[1].retry_policy;
  EXPECT_EQ(policy.initial_interval, minutes(5));
  EXPECT_EQ(policy.maximum_interval, minutes(500));
  EXPECT_EQ(policy.maximum_attempts, 3);
}

TEST(LoadTest, TheLongestDelayOfTheDefaultsIsKept) {
  auto workflow = Load(
      "windlass: 1\nname: w\n"
      "defaults: {retry_policy: {maximum_interval: 1m}}\n"
      "tasks: {a: {type: noop, retry_policy: {initial_interval: 10s}}}\n");
  ASSERT_NE(workflow, nullptr);
  EXPECT_EQ(workflow->tasks[0].retry_policy.maximum_interval, minutes(1));
}

TEST(LoadTest, TasksKeepTheOrderOfTheFile) {
  auto workflow = Load(
      "windlass: 1\nname: w\non_exit: {type: noop}\n"
      "tasks: {z: {type: noop}, a: {type: noop}, m: {type: noop}}\n");
  ASSERT_NE(workflow, nullptr);
  std::vector<std::string> ids;
  for (const TaskSpec& task : workflow->tasks) ids.push_back(task.id);
  EXPECT_THAT(ids, ElementsAre("z", "a", "m", "on_exit"));
  EXPECT_EQ(workflow->FindTask("m"), 2);
  EXPECT_EQ(workflow->FindTask("x"), -1);
}

TEST(LoadTest, TheDocumentParsesIntoTheSameWorkflow) {
  LoadedWorkflow first = LoadWorkflow(kTestData + "every_field.yaml");
  ASSERT_TRUE(first.ok());
  LoadedWorkflow second = ParseWorkflow(first.workflow->document, {});
  ASSERT_THAT(Messages(second), ElementsAre());
  EXPECT_EQ(second.workflow->digest, first.workflow->digest);
  EXPECT_EQ(second.workflow->digest.size(), 64U);
  EXPECT_EQ(second.workflow->document, first.workflow->document);
}

TEST(LoadTest, AByteOrderMarkIsSkipped) {
  Load("\xEF\xBB\xBFwindlass: 1\nname: w\ntasks: {a: {type: noop}}\n");
}

TEST(LoadTest, EveryTriggerRuleHasItsName) {
  for (const char* name :
       {"all_success", "all_failed", "all_done", "all_done_min_one_success",
        "all_skipped", "one_success", "one_failed", "one_done", "none_failed",
        "none_failed_min_one_success", "none_skipped", "always"}) {
    auto workflow = Load(std::string("windlass: 1\nname: w\ntasks:\n"
                                     "  a: {type: noop}\n"
                                     "  b: {type: noop, depends_on: [a], "
                                     "trigger_rule: ") +
                         name + "}\n");
    ASSERT_NE(workflow, nullptr);
    EXPECT_EQ(TriggerRuleName(workflow->tasks[1].trigger_rule), name);
  }
}

TEST(LoadTest, AFileThatIsNotThereIsAProblem) {
  LoadedWorkflow loaded = LoadWorkflow("/nowhere/flow.yaml");
  EXPECT_THAT(Messages(loaded),
              ElementsAre("/nowhere/flow.yaml: cannot read the file: No such "
                          "file or directory"));
}

TEST(LoadTest, ADirectoryIsAProblem) {
  EXPECT_FALSE(LoadWorkflow("/tmp").ok());
}

TEST(CheckParamsTest, DefaultsAreFilledIn) {
  auto workflow = Load(
      "windlass: 1\nname: w\ntasks: {a: {type: noop}}\n"
      "params: {n: {type: integer}, s: {type: string, default: x}}\n");
  auto params = CheckParams(*workflow, JsonObject{{"n", 3}});
  ASSERT_TRUE(params.ok()) << params.status();
  EXPECT_EQ(FormatJson(*params), R"({"n":3,"s":"x"})");
}

TEST(CheckParamsTest, AllProblemsComeInOneMessage) {
  auto workflow = Load(
      "windlass: 1\nname: w\ntasks: {a: {type: noop}}\n"
      "params: {n: {type: integer}, state: {type: string}}\n");
  auto params =
      CheckParams(*workflow, JsonObject{{"stat", "WA"}, {"n", "three"}});
  ASSERT_FALSE(params.ok());
  EXPECT_EQ(params.status().message(),
            "params: unknown param 'stat'; did you mean 'state'?; param 'n': "
            "expected a whole number, got \"three\"; param 'state' is missing "
            "and has no default");
}

TEST(WorkflowSchemaTest, TheCommittedFileIsFresh) {
  std::string path = WINDLASS_SOURCE_DIR "/schema/workflow.schema.json";
  if (std::getenv("WINDLASS_UPDATE_SCHEMA") != nullptr) {
    std::ofstream(path) << WorkflowSchema();
  }
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  EXPECT_EQ(text.str(), WorkflowSchema())
      << "run the tests once with WINDLASS_UPDATE_SCHEMA=1";
}

class WorkflowSchemaCases : public testing::Test {
 protected:
  static std::size_t Violations(const Json& document) {
    auto json = ParseJson(WorkflowSchema());
    auto schema = JsonSchema::Compile(*json);
    EXPECT_TRUE(schema.ok()) << schema.status();
    auto found = schema->Check(document);
    for (const auto& violation : found) {
      last_ = violation.path + ": " + violation.message;
    }
    return found.size();
  }
  static Json Minimal() {
    return *ParseJson(R"({"windlass":1,"name":"w",
                          "tasks":{"a":{"type":"noop"}}})");
  }
  static inline std::string last_;
};

TEST_F(WorkflowSchemaCases, ItAcceptsWhatTheParserAccepts) {
  for (const char* name : {"every_field.yaml", "every_field.json"}) {
    LoadedWorkflow loaded = LoadWorkflow(kTestData + name);
    ASSERT_TRUE(loaded.ok());
    EXPECT_EQ(Violations(loaded.workflow->document), 0U) << last_;
  }
}

TEST_F(WorkflowSchemaCases, ItRefusesWhatTheParserRefuses) {
  for (const char* change :
       {R"({"tasks":{}})", R"({"windlass":2})", R"({"nmae":"x"})",
        R"({"tasks":{"a":{"type":"noop","dependsOn":[]}}})",
        R"({"tasks":{"a":{}}})", R"({"tasks":{"1a":{"type":"noop"}}})",
        R"({"tasks":{"on_exit":{"type":"noop"}}})",
        R"({"tasks":{"a":{"type":"noop","priority":10}}})",
        R"({"tasks":{"a":{"type":"noop","delay":30}}})",
        R"({"tasks":{"a":{"type":"noop","delay":"30 s"}}})",
        R"({"tasks":{"a":{"type":"noop","map":{}}}})",
        R"({"tasks":{"a":{"type":"noop","trigger_rule":"all"}}})",
        R"({"defaults":{"type":"noop"}})", R"({"params":{"n":"string"}})",
        R"({"params":{"n":{"defualt":1}}})", R"({"labels":{"a":[]}})"}) {
    Json document = Minimal();
    Json changes = *ParseJson(change);
    for (const auto& member : changes.get_object()) {
      document.get_object()[member.key()] = member.value();
    }
    EXPECT_GT(Violations(document), 0U) << change;
    EXPECT_FALSE(ParseWorkflow(document, {}).ok()) << change;
  }
}

TEST_F(WorkflowSchemaCases, EveryFieldOfTheSchemaIsInTheExample) {
  std::stringstream text;
  text << std::ifstream(kTestData + "every_field.yaml").rdbuf();
  Json schema = *ParseJson(WorkflowSchema());
  for (const auto& definition : schema.at("definitions").get_object()) {
    if (definition.key() == "param") continue;
    const Json* fields =
        definition.value().get_object().if_contains("properties");
    if (fields == nullptr) continue;
    for (const auto& field : fields->get_object()) {
      EXPECT_THAT(text.str(), HasSubstr(std::string(field.key()) + ":"));
    }
  }
}

}  // namespace
}  // namespace windlass

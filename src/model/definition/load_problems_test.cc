// What is refused, one rule at a time, with its place and what to do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/definition/load_testing.h"

namespace windlass {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

TEST(LoadProblemsTest, TheVersionIsMandatory) {
  EXPECT_THAT(ProblemsOf("name: w\ntasks: {a: {type: noop}}\n"),
              ElementsAre("f:1:1: 'windlass' is missing; add 'windlass:'"));
  EXPECT_THAT(
      ProblemsOf("windlass: 2\nname: w\ntasks: {a: {type: noop}}\n"),
      ElementsAre("f:1:11: windlass: expected 1, the version of this format, "
                  "got 2 (a number); write 'windlass: 1'"));
  EXPECT_THAT(ProblemsOf("windlass: '1'\nname: w\ntasks: {a: {type: noop}}"),
              ElementsAre(HasSubstr("got '1' (text)")));
}

TEST(LoadProblemsTest, NameAndTasksAreMandatory) {
  EXPECT_THAT(ProblemsOf("windlass: 1\n"),
              ElementsAre("f:1:1: 'name' is missing; add 'name:'",
                          "f:1:1: 'tasks' is missing; add 'tasks:'"));
  EXPECT_THAT(ProblemsOf("windlass: 1\nname: w\ntasks: {}\n"),
              ElementsAre("f:3:1: tasks: there are no tasks; add one: 'hello: "
                          "{type: noop}'"));
  EXPECT_THAT(ProblemsOf("windlass: 1\nname: ''\ntasks: {a: {type: noop}}"),
              ElementsAre(StartsWith("f:2:7: name: expected text, got ''")));
}

TEST(LoadProblemsTest, TasksAreAMapping) {
  EXPECT_THAT(ProblemsOf("windlass: 1\nname: w\ntasks:\n  - id: a\n"),
              ElementsAre("f:4:3: tasks: expected a mapping from ids to tasks, "
                          "got a list; write 'extract: {type: ...}' instead of "
                          "'- id: extract'"));
  EXPECT_THAT(TaskProblems("  a: shell"),
              ElementsAre("f:2:6: tasks.a: expected a mapping, got 'shell' "
                          "(text)"));
}

TEST(LoadProblemsTest, ATextIsNoWorkflow) {
  EXPECT_THAT(ProblemsOf("hello"),
              ElementsAre("f:1:1: expected a mapping, got 'hello' (text)"));
  EXPECT_THAT(ProblemsOf("[1]"),
              ElementsAre("f:1:1: expected a mapping, got a list"));
}

TEST(LoadProblemsTest, UnknownFieldsAreRefusedWithASuggestion) {
  EXPECT_THAT(
      TaskProblems("  a:\n    type: noop\n    prioritty: 3"),
      ElementsAre("f:4:5: tasks.a.prioritty: unknown field 'prioritty'; did "
                  "you mean 'priority'?"));
  EXPECT_THAT(ProblemsOf("windlass: 1\nnmae: x\nname: w\n"
                         "tasks: {a: {type: noop}}"),
              ElementsAre("f:2:1: nmae: unknown field 'nmae'; did you mean "
                          "'name'?"));
}

TEST(LoadProblemsTest, CamelCaseIsToldTheSnakeCaseName) {
  EXPECT_THAT(
      TaskProblems("  a: {type: noop}\n"
                   "  b: {type: noop, dependsOn: [a], retryPolicy: {}}"),
      ElementsAre(AllOf(StartsWith("f:3:19: tasks.b.dependsOn: "),
                        HasSubstr("write 'depends_on'")),
                  AllOf(StartsWith("f:3:35: tasks.b.retryPolicy: "),
                        HasSubstr("write 'retry_policy'"))));
}

TEST(LoadProblemsTest, NamesFromOtherEnginesAreTranslated) {
  EXPECT_THAT(TaskProblems("  a: {type: noop, needs: [b]}"),
              ElementsAre(HasSubstr("unknown field 'needs'; write "
                                    "'depends_on'")));
  EXPECT_THAT(TaskProblems("  a: {type: noop, command: ls}"),
              ElementsAre(HasSubstr("write 'params: {command: ...}'")));
}

TEST(LoadProblemsTest, ATaskNeedsAType) {
  EXPECT_THAT(TaskProblems("  a:\n    params: {}"),
              ElementsAre("f:2:3: tasks.a: 'type' is missing; add 'type:'"));
}

TEST(LoadProblemsTest, UnknownTaskTypesAreRefusedWithASuggestion) {
  LoadOptions options;
  options.task_types = {"shell", "python", "noop"};
  EXPECT_THAT(TaskProblems("  a: {type: shel}", options),
              ElementsAre("f:2:13: tasks.a.type: unknown task type 'shel'; did "
                          "you mean 'shell'?"));
  EXPECT_THAT(TaskProblems("  a: {type: noop}", options), ElementsAre());
}

TEST(LoadProblemsTest, TaskIdsAreNames) {
  EXPECT_THAT(TaskProblems("  1a: {type: noop}"),
              ElementsAre(StartsWith("f:2:3: tasks.1a: expected a name")));
  EXPECT_THAT(TaskProblems("  'a b': {type: noop}"),
              ElementsAre(AllOf(StartsWith("f:2:3: tasks[\"a b\"]: "),
                                HasSubstr("got 'a b'"))));
  EXPECT_THAT(TaskProblems("  " + std::string(201, 'a') + ": {type: noop}"),
              ElementsAre(HasSubstr("at most 200")));
}

TEST(LoadProblemsTest, NoTaskMayBeNamedOnExit) {
  EXPECT_THAT(TaskProblems("  a: {type: noop}\n  on_exit: {type: noop}"),
              ElementsAre("f:3:3: tasks.on_exit: a task may not be named "
                          "'on_exit'; write it as 'on_exit:' beside 'tasks:', "
                          "or rename it"));
}

TEST(LoadProblemsTest, DurationsNeedAUnit) {
  EXPECT_THAT(TaskProblems("  a: {type: noop, delay: 30}"),
              ElementsAre("f:2:26: tasks.a.delay: expected a duration such as "
                          "\"30s\", got 30 (a number); write \"30s\""));
  EXPECT_THAT(TaskProblems("  a: {type: noop, delay: '30'}"),
              ElementsAre(HasSubstr("write \"30s\"")));
  EXPECT_THAT(TaskProblems("  a: {type: noop, delay: soon}"),
              ElementsAre(HasSubstr("got 'soon' (text)")));
  EXPECT_THAT(TaskProblems("  a: {type: noop, delay: -5s}"),
              ElementsAre(HasSubstr("got '-5s' (text)")));
}

TEST(LoadProblemsTest, TimeoutsAreLongerThanZero) {
  EXPECT_THAT(TaskProblems("  a: {type: noop, start_to_close_timeout: 0s}"),
              ElementsAre(HasSubstr("expected a duration longer than zero")));
}

TEST(LoadProblemsTest, TimeoutsFitIntoEachOther) {
  EXPECT_THAT(
      TaskProblems("  a: {type: noop, heartbeat_timeout: 2m, "
                   "start_to_close_timeout: 1m}"),
      ElementsAre("f:2:38: tasks.a.heartbeat_timeout: 2m is longer than "
                  "start_to_close_timeout (1m), so it has no effect; make it "
                  "at most 1m"));
  EXPECT_THAT(TaskProblems("  a: {type: noop, start_to_close_timeout: 2h, "
                           "schedule_to_close_timeout: 1h}"),
              ElementsAre(HasSubstr("longer than schedule_to_close_timeout")));
}

TEST(LoadProblemsTest, TheFirstRetryDelayIsNotAboveTheLongest) {
  EXPECT_THAT(
      TaskProblems("  a: {type: noop, retry_policy: {initial_interval: 2m, "
                   "maximum_interval: 1m}}"),
      ElementsAre(HasSubstr("tasks.a.retry_policy.initial_interval: 2m is "
                            "longer than maximum_interval (1m)")));
}

TEST(LoadProblemsTest, NumbersHaveTheirRange) {
  EXPECT_THAT(TaskProblems("  a: {type: noop, priority: 10}"),
              ElementsAre("f:2:29: tasks.a.priority: expected a whole number "
                          "from 0 to 9, got 10 (a number)"));
  EXPECT_THAT(
      TaskProblems("  a: {type: noop, retry_policy: {maximum_attempts: -1, "
                   "backoff_coefficient: 0.5}}"),
      ElementsAre(HasSubstr("maximum_attempts: expected a whole number, at "
                            "least 0, got -1"),
                  HasSubstr("backoff_coefficient: expected a number, at least "
                            "1, got 0.5")));
  EXPECT_THAT(
      TaskProblems("  a: {type: noop, concurrency: {key: k, limit: 0}}"),
      ElementsAre(HasSubstr("tasks.a.concurrency.limit: expected")));
}

TEST(LoadProblemsTest, TypesAreStrict) {
  EXPECT_THAT(TaskProblems("  a: {type: noop, allow_failure: yes}"),
              ElementsAre("f:2:34: tasks.a.allow_failure: expected true or "
                          "false, got 'yes' (text)"));
  EXPECT_THAT(TaskProblems("  a: {type: noop, priority: '3'}"),
              ElementsAre(HasSubstr("got '3' (text)")));
  EXPECT_THAT(TaskProblems("  a: {type: noop, queue: 7}"),
              ElementsAre(HasSubstr("expected a name, got 7 (a number); put it "
                                    "in quotes")));
  EXPECT_THAT(TaskProblems("  a: {type: noop, params: [x]}"),
              ElementsAre(HasSubstr("expected a mapping, got a list")));
  EXPECT_THAT(TaskProblems("  a:\n    type: noop\n    params:"),
              ElementsAre(HasSubstr("got nothing (null); give it a value or "
                                    "remove the field")));
  EXPECT_THAT(TaskProblems("  b: {type: noop}\n"
                           "  a: {type: noop, depends_on: b}"),
              ElementsAre(HasSubstr("expected a list, got 'b' (text); write "
                                    "[b]")));
}

TEST(LoadProblemsTest, WordsOfAChoiceAreSuggested) {
  EXPECT_THAT(
      TaskProblems("  b: {type: noop}\n"
                   "  a: {type: noop, depends_on: [b], trigger_rule: al_done}"),
      ElementsAre(AllOf(HasSubstr("expected one of all_success, "),
                        HasSubstr("did you mean 'all_done'?"))));
}

TEST(LoadProblemsTest, DependenciesMustExist) {
  EXPECT_THAT(
      TaskProblems("  extract: {type: noop}\n"
                   "  b:\n    type: noop\n    depends_on:\n"
                   "      - extract\n      - extrct"),
      ElementsAre("f:7:9: tasks.b.depends_on[1]: there is no task 'extrct'; "
                  "did you mean 'extract'?"));
  EXPECT_THAT(ProblemsOf("windlass: 1\nname: w\non_exit: {type: noop}\n"
                         "tasks: {a: {type: noop, depends_on: [on_exit]}}"),
              ElementsAre(HasSubstr("no task can wait for it")));
}

TEST(LoadProblemsTest, ATaskCannotDependOnItself) {
  EXPECT_THAT(TaskProblems("  a: {type: noop, depends_on: [a]}"),
              ElementsAre("f:2:32: tasks.a.depends_on[0]: a task cannot depend "
                          "on itself; remove it"));
}

TEST(LoadProblemsTest, DependenciesAreListedOnce) {
  EXPECT_THAT(TaskProblems("  a: {type: noop}\n"
                           "  b: {type: noop, depends_on: [a, a]}"),
              ElementsAre(HasSubstr("f:3:35: tasks.b.depends_on[1]: 'a' is "
                                    "listed twice")));
}

TEST(LoadProblemsTest, CyclesAreNamed) {
  EXPECT_THAT(
      TaskProblems("  x: {type: noop, depends_on: [a]}\n"
                   "  a: {type: noop, depends_on: [c]}\n"
                   "  b: {type: noop, depends_on: [a]}\n"
                   "  c: {type: noop, depends_on: [b]}"),
      ElementsAre("f:3:32: tasks.a.depends_on[0]: the tasks wait for each "
                  "other: a -> c -> b -> a (each depends on the next); remove "
                  "one of these dependencies"));
}

TEST(LoadProblemsTest, SeparateCyclesAreAllReported) {
  EXPECT_THAT(TaskProblems("  a: {type: noop, depends_on: [b]}\n"
                           "  b: {type: noop, depends_on: [a]}\n"
                           "  c: {type: noop, depends_on: [a, d]}\n"
                           "  d: {type: noop, depends_on: [c]}"),
              ElementsAre(HasSubstr("a -> b -> a"), HasSubstr("c -> d -> c")));
}

TEST(LoadProblemsTest, SomeTriggerRulesNeedDependencies) {
  EXPECT_THAT(TaskProblems("  a: {type: noop, trigger_rule: one_failed}"),
              ElementsAre("f:2:33: tasks.a.trigger_rule: 'one_failed' never "
                          "lets a task without depends_on start; add "
                          "depends_on or remove trigger_rule"));
  EXPECT_THAT(TaskProblems("  a: {type: noop, trigger_rule: all_done}"),
              ElementsAre());
}

TEST(LoadProblemsTest, AMapNeedsItems) {
  EXPECT_THAT(TaskProblems("  a: {type: noop, map: {as: x}}"),
              ElementsAre("f:2:19: tasks.a.map: 'items' is missing; add "
                          "'items:'"));
  EXPECT_THAT(TaskProblems("  a: {type: noop, map: {items: params.list}}"),
              ElementsAre(HasSubstr("expected a list or an expression, got "
                                    "'params.list' (text); write \"${{ "
                                    "params.list }}\"")));
}

TEST(LoadProblemsTest, AnItemCannotHaveAReservedName) {
  for (const char* name :
       {"params", "tasks", "run", "env", "secrets", "index"}) {
    EXPECT_THAT(TaskProblems("  a: {type: noop, map: {items: [1], as: " +
                             std::string(name) + "}}"),
                ElementsAre(HasSubstr("has a meaning in expressions already")));
  }
}

TEST(LoadProblemsTest, ResultsOfItemsAreThoseOfABatch) {
  EXPECT_THAT(
      TaskProblems(
          "  a: {type: noop, map: {items: [1], item_results: result}}"),
      ElementsAre(HasSubstr("tasks.a.map.item_results: there are no batches")));
  EXPECT_THAT(TaskProblems("  a: {type: noop, map: {items: [1], batch: 2, "
                           "as: result, item_results: result}}"),
              ElementsAre(HasSubstr("tasks.a.map.as: 'result' is the result "
                                    "of the batch")));
  EXPECT_THAT(TaskProblems("  a: {type: noop, map: {items: [1], batch: 0}}"),
              ElementsAre(HasSubstr("tasks.a.map.batch: expected")));
  EXPECT_THAT(TaskProblems("  a: {type: noop, map: {items: [1], batch: 2, "
                           "item_results: [1]}}"),
              ElementsAre(HasSubstr("tasks.a.map.item_results: expected an "
                                    "expression")));
}

TEST(LoadProblemsTest, AnAdaptiveLimitHasItsMinimumBelowIt) {
  EXPECT_THAT(TaskProblems("  a: {type: noop, concurrency: {key: k, limit: 4, "
                           "adaptive: {minimum: 5}}}"),
              ElementsAre(HasSubstr("tasks.a.concurrency.adaptive.minimum: "
                                    "minimum 5 is more than the limit, 4")));
  EXPECT_THAT(TaskProblems("  a: {type: noop, concurrency: {key: k, limit: 4, "
                           "adaptive: yes please}}"),
              ElementsAre(HasSubstr("tasks.a.concurrency.adaptive: expected")));
}

TEST(LoadProblemsTest, DefaultsAreCheckedLikeTasks) {
  EXPECT_THAT(ProblemsOf("windlass: 1\nname: w\ntasks: {a: {type: noop}}\n"
                         "defaults: {priority: 12, type: noop}\n"),
              ElementsAre(HasSubstr("f:4:22: defaults.priority: "),
                          HasSubstr("f:4:26: defaults.type: unknown field")));
}

TEST(LoadProblemsTest, OnExitDependsOnNothing) {
  EXPECT_THAT(ProblemsOf("windlass: 1\nname: w\ntasks: {a: {type: noop}}\n"
                         "on_exit: {type: noop, depends_on: [a]}\n"),
              ElementsAre(HasSubstr("on_exit.depends_on: unknown field")));
}

TEST(LoadProblemsTest, ParamsAreSchemaFragments) {
  const std::string rest = "windlass: 1\nname: w\ntasks: {a: {type: noop}}\n";
  EXPECT_THAT(ProblemsOf(rest + "params: {n: integer}\n"),
              ElementsAre("f:4:13: params.n: expected a JSON Schema such as "
                          "{type: string}, got 'integer' (text); write {type: "
                          "integer}"));
  EXPECT_THAT(ProblemsOf(rest + "params: {n: WA}\n"),
              ElementsAre(HasSubstr("write {default: ...}")));
  EXPECT_THAT(ProblemsOf(rest + "params: {n: {type: strng}}\n"),
              ElementsAre(HasSubstr("this is no JSON Schema: type: expected")));
  EXPECT_THAT(ProblemsOf(rest + "params: {n: {defualt: 1}}\n"),
              ElementsAre(HasSubstr("f:4:14: params.n.defualt: unknown JSON "
                                    "Schema keyword 'defualt'; did you mean "
                                    "'default'?")));
  EXPECT_THAT(ProblemsOf(rest + "params: {n: {required: true}}\n"),
              ElementsAre(HasSubstr("a param without a default is required")));
}

TEST(LoadProblemsTest, ADefaultFitsItsOwnSchema) {
  EXPECT_THAT(ProblemsOf("windlass: 1\nname: w\ntasks: {a: {type: noop}}\n"
                         "params: {n: {type: integer, default: three}}\n"),
              ElementsAre("f:4:38: params.n.default: the default does not fit "
                          "the param's own schema: expected a whole number, "
                          "got \"three\""));
}

TEST(LoadProblemsTest, AResultSchemaIsASchema) {
  EXPECT_THAT(
      TaskProblems("  a: {type: noop, result: {schema: {pattern: '('}}}"),
      ElementsAre(AllOf(HasSubstr("tasks.a.result.schema: this is no JSON "
                                  "Schema: pattern: bad regular expression"))));
}

TEST(LoadProblemsTest, SchedulesAreChecked) {
  const std::string rest = "windlass: 1\nname: w\ntasks: {a: {type: noop}}\n";
  EXPECT_THAT(ProblemsOf(rest + "schedule: {cron: '61 * * * *'}\n"),
              ElementsAre(HasSubstr("f:4:18: schedule.cron: bad minute '61': "
                                    "expected * or numbers from 0 to 59")));
  EXPECT_THAT(ProblemsOf(rest + "schedule: {cron: '0 0 * *'}\n"),
              ElementsAre(HasSubstr("expected 5 fields")));
  EXPECT_THAT(
      ProblemsOf(rest +
                 "schedule: {cron: '@daily', timezone: Europe/Berlim}\n"),
      ElementsAre(HasSubstr("schedule.timezone: unknown time zone "
                            "'Europe/Berlim'")));
  EXPECT_THAT(ProblemsOf(rest + "schedule: {cron: '@daily', timezone: "
                                "../../../etc/passwd}\n"),
              ElementsAre(HasSubstr("unknown time zone")));
  EXPECT_THAT(ProblemsOf(rest + "schedule: {timezone: UTC}\n"),
              ElementsAre(HasSubstr("schedule: 'cron' is missing")));
}

TEST(LoadProblemsTest, TaskTypesMayCheckTheirParams) {
  LoadOptions options;
  options.check_task_params = [](const TaskSpec& task) {
    std::vector<TaskParamProblem> problems;
    if (task.type == "shell") {
      problems.push_back({"command[1]", "expected text", "quote it"});
      problems.push_back({"env.PATH", "not allowed", ""});
      problems.push_back({"cwd", "missing", ""});
    }
    return problems;
  };
  EXPECT_THAT(TaskProblems("  a:\n    type: shell\n    params:\n"
                           "      command: [ls, 1]\n"
                           "      env: {PATH: x}\n",
                           options),
              ElementsAre("f:4:5: tasks.a.params.cwd: missing",
                          "f:5:21: tasks.a.params.command[1]: expected text; "
                          "quote it",
                          "f:6:19: tasks.a.params.env.PATH: not allowed"));
}

TEST(LoadProblemsTest, DuplicateTasksAreRefused) {
  EXPECT_THAT(TaskProblems("  a: {type: noop}\n  a: {type: noop}"),
              ElementsAre("f:3:3: duplicate key 'a'; keep one of the two"));
}

TEST(LoadProblemsTest, JsonErrorsHaveLineAndColumn) {
  EXPECT_THAT(ProblemsOf("{\n  \"windlass\": 1\n  \"name\": \"w\"\n}"),
              ElementsAre(StartsWith("f:3:3: this is not valid JSON: ")));
  EXPECT_THAT(ProblemsOf("{\"windlass\": 1, \"name\": \"w\",\n"
                         " \"tasks\": {\"a\": {\"type\": \"noop\",\n"
                         "                \"priority\": 10}}}"),
              ElementsAre(StartsWith("f:3:29: tasks.a.priority: ")));
  EXPECT_THAT(ProblemsOf("{\"a\": 1, \"b\": [], \"\\u0061\": 2}"),
              ElementsAre(StartsWith("f:1:19: duplicate key")));
}

TEST(LoadProblemsTest, AJsonFileIsJson) {
  LoadOptions options;
  options.file = "flow.json";
  EXPECT_THAT(Messages(ParseWorkflow("windlass: 1\n", options)),
              ElementsAre(StartsWith("flow.json:1:1: this is not valid JSON")));
  EXPECT_THAT(ProblemsOf("{windlass: 1, name: w, tasks: {a: {type: noop}}}"),
              ElementsAre());
}

TEST(LoadProblemsTest, DefinitionsWithoutATextHaveNoLines) {
  LoadOptions options;
  options.file = "request";
  Json document = *ParseJson(R"({"windlass":1,"tasks":{"a":{"type":3}}})");
  EXPECT_THAT(Messages(ParseWorkflow(document, options)),
              ElementsAre(StartsWith("request: 'name' is missing"),
                          StartsWith("request: tasks.a.type: expected a name, "
                                     "got 3 (a number)")));
}

TEST(LoadProblemsTest, ColumnsCountCharacters) {
  EXPECT_THAT(TaskProblems("  a: {params: {x: 'äöü'}, type: noop, foo: 1}"),
              Contains(StartsWith("f:2:39: tasks.a.foo: ")));
}

}  // namespace
}  // namespace windlass

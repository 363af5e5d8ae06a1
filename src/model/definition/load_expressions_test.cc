// What expressions in a workflow file may name, and where.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/definition/load_testing.h"

namespace windlass {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

// Of a task `b` that depends on `a`, beside a task `other`, with a param `n`.
std::vector<std::string> FieldProblems(const std::string& fields) {
  return ProblemsOf(
      "windlass: 1\nname: w\nparams: {n: {type: integer}}\ntasks:\n"
      "  a: {type: noop}\n  other: {type: noop}\n"
      "  b:\n    type: noop\n    depends_on: [a]\n" +
      fields);
}

TEST(LoadExpressionsTest, SyntaxErrorsHaveTheirPlaceInTheFile) {
  EXPECT_THAT(FieldProblems("    when: ${{ params.n > }}\n"),
              ElementsAre(AllOf(StartsWith("f:10:26: tasks.b.when: bad "
                                           "expression: "))));
  EXPECT_THAT(FieldProblems("    params: {x: 'n is ${{ params.n + }}'}\n"),
              ElementsAre(StartsWith("f:10:38: tasks.b.params.x: bad ")));
  EXPECT_THAT(FieldProblems("    params:\n      x: |\n        first\n"
                            "        ${{ params.m }}\n"),
              ElementsAre(StartsWith("f:13:13: tasks.b.params.x: ")));
}

TEST(LoadExpressionsTest, AConditionMayBeBareOrWrapped) {
  EXPECT_THAT(FieldProblems("    when: size(tasks.a.result) > 0\n"),
              ElementsAre());
  EXPECT_THAT(FieldProblems("    when: ' ${{ params.n > 0 }} '\n"),
              ElementsAre());
  EXPECT_THAT(FieldProblems("    when: false\n"), ElementsAre());
}

TEST(LoadExpressionsTest, AConditionIsOneExpression) {
  EXPECT_THAT(
      FieldProblems("    when: ${{ params.n > 0 }} && ${{ params.n < 9 }}\n"),
      ElementsAre(AllOf(StartsWith("f:10:28: tasks.b.when: expected one "
                                   "expression and nothing else"),
                        HasSubstr("between one ${{ and one }}"))));
}

TEST(LoadExpressionsTest, UnknownNamesAreRefused) {
  EXPECT_THAT(FieldProblems("    params: {x: '${{ parms.n }}'}\n"),
              ElementsAre("f:10:22: tasks.b.params.x: unknown name 'parms'; "
                          "known are params, tasks, run, env, secrets; did you "
                          "mean 'params'?"));
  EXPECT_THAT(FieldProblems("    params: {x: '${{ n }}'}\n"),
              ElementsAre(HasSubstr("write params.n")));
  EXPECT_THAT(FieldProblems("    params: {x: '${{ a.result }}'}\n"),
              ElementsAre(HasSubstr("write tasks.a")));
}

TEST(LoadExpressionsTest, NamesOfMacrosAndTypesAreKnown) {
  EXPECT_THAT(FieldProblems("    when: tasks.a.result.all(x, x > params.n)\n"),
              ElementsAre());
  EXPECT_THAT(FieldProblems("    when: type(params.n) == int\n"),
              ElementsAre());
}

TEST(LoadExpressionsTest, ParamsMustBeDeclared) {
  EXPECT_THAT(FieldProblems("    params: {x: '${{ params.m }}'}\n"),
              ElementsAre(HasSubstr("the workflow has no param 'm'")));
  EXPECT_THAT(
      ProblemsOf("windlass: 1\nname: w\n"
                 "params: {state: {type: string}}\ntasks:\n"
                 "  a: {type: noop, params: {x: '${{ params.sate }}'}}"),
      ElementsAre(HasSubstr("did you mean 'state'?")));
}

TEST(LoadExpressionsTest, TasksMustExist) {
  EXPECT_THAT(FieldProblems("    params: {x: '${{ tasks.othr.result }}'}\n"),
              ElementsAre(HasSubstr("there is no task 'othr'; did you mean "
                                    "'other'?")));
  EXPECT_THAT(FieldProblems("    params: {x: '${{ tasks[params.n] }}'}\n"),
              ElementsAre(HasSubstr("needs the id of a task, as a constant")));
}

TEST(LoadExpressionsTest, TasksMustBeUpstream) {
  EXPECT_THAT(
      FieldProblems("    params: {x: '${{ tasks.other.result }}'}\n"),
      ElementsAre("f:10:22: tasks.b.params.x: 'b' does not depend on 'other', "
                  "which may not have ended when it starts; add 'other' to "
                  "depends_on of 'b'"));
  EXPECT_THAT(FieldProblems("    params: {x: '${{ tasks.b.result }}'}\n"),
              ElementsAre(HasSubstr("a task cannot use its own result")));
}

TEST(LoadExpressionsTest, UpstreamMayBeFarAway) {
  EXPECT_THAT(
      TaskProblems("  a: {type: noop}\n"
                   "  b: {type: noop, depends_on: [a]}\n"
                   "  c: {type: noop, depends_on: [b]}\n"
                   "  d: {type: noop, depends_on: [c], when: tasks.a.result}"),
      ElementsAre());
}

TEST(LoadExpressionsTest, AnUnknownDependencyIsReportedOnce) {
  EXPECT_THAT(TaskProblems("  extract: {type: noop}\n"
                           "  b: {type: noop, depends_on: [extrat], "
                           "when: tasks.extract.result}"),
              ElementsAre(HasSubstr("there is no task 'extrat'")));
}

TEST(LoadExpressionsTest, ManyDistantTasksAreTold) {
  std::string text = "  a0: {type: noop}\n";
  std::string uses;
  for (int i = 1; i < 200; ++i) {
    std::string n = std::to_string(i);
    text += "  a" + n + ": {type: noop, depends_on: [a" +
            std::to_string(i - 1) + "]}\n";
    uses += "${{ tasks.a" + n + ".result }}";
  }
  text +=
      "  last: {type: noop, depends_on: [a150], params: {x: '" + uses + "'}}\n";
  auto problems = TaskProblems(text);
  EXPECT_EQ(problems.size(), 49U);
  EXPECT_THAT(problems.front(), HasSubstr("does not depend on 'a151'"));
}

TEST(LoadExpressionsTest, ATaskHasResultStateAndError) {
  EXPECT_THAT(FieldProblems("    params: {x: '${{ tasks.a.output }}'}\n"),
              ElementsAre(HasSubstr("a task has no 'output'; it has result, "
                                    "state, error; write tasks.a.result")));
  EXPECT_THAT(FieldProblems("    params: {x: '${{ tasks.a.rows }}'}\n"),
              ElementsAre(HasSubstr("write tasks.a.result.rows")));
}

TEST(LoadExpressionsTest, ARunHasIdNameStateAndAttempt) {
  EXPECT_THAT(FieldProblems("    params: {x: '${{ run.id }}${{ run.attempt }}"
                            "${{ run.name }}${{ run.state }}'}\n"),
              ElementsAre());
  EXPECT_THAT(FieldProblems("    params: {x: '${{ run.stat }}'}\n"),
              ElementsAre(HasSubstr("did you mean 'state'?")));
}

TEST(LoadExpressionsTest, EnvironmentAndSecretsAreNotLookedUp) {
  EXPECT_THAT(FieldProblems("    params: {x: '${{ env.ANY }}', "
                            "y: '${{ secrets.ANY }}'}\n"),
              ElementsAre());
}

TEST(LoadExpressionsTest, ItemsHoldNoSecretsBecauseTheyAreStored) {
  EXPECT_THAT(FieldProblems("    map: {items: '${{ [secrets.KEY] }}'}\n"),
              ElementsAre(HasSubstr("tasks.b.map.items: a map's items are "
                                    "stored")));
  EXPECT_THAT(FieldProblems("    map: {items: ['${{ secrets.KEY }}']}\n"),
              ElementsAre(HasSubstr("tasks.b.map.items[0]: a map's items are "
                                    "stored")));
  EXPECT_THAT(FieldProblems("    map: {items: ['${{ env.KEY }}']}\n"),
              ElementsAre());
}

TEST(LoadExpressionsTest, ACallbackIsKnownInTheParamsOfATaskThatHasOne) {
  EXPECT_THAT(FieldProblems("    callback: {}\n"
                            "    params: {x: '${{ callback.url }}', "
                            "y: '${{ callback.secret }}'}\n"),
              ElementsAre());
  EXPECT_THAT(FieldProblems("    params: {x: '${{ callback.url }}'}\n"),
              ElementsAre(AllOf(HasSubstr("only in a task with callback"),
                                HasSubstr("add 'callback: {}'"))));
  EXPECT_THAT(FieldProblems("    callback: {}\n"
                            "    params: {x: '${{ callback.uri }}'}\n"),
              ElementsAre(AllOf(HasSubstr("it has url, secret"),
                                HasSubstr("did you mean 'url'?"))));
  EXPECT_THAT(FieldProblems("    callback: {}\n"
                            "    when: callback.url != ''\n"),
              ElementsAre(HasSubstr("known only in params")));
}

TEST(LoadExpressionsTest, AnItemMayBeNamedCallbackWhereThereIsNone) {
  const std::string map =
      "    map: {items: [1], as: callback}\n"
      "    params: {x: '${{ callback.url }}'}\n";
  EXPECT_THAT(FieldProblems(map), ElementsAre());
  EXPECT_THAT(FieldProblems("    callback: {}\n" + map),
              ElementsAre(HasSubstr("tasks.b.map.as: 'callback' has a "
                                    "meaning")));
}

TEST(LoadExpressionsTest, WhatMakesAMessageAFailureReadsTheMessage) {
  EXPECT_THAT(FieldProblems("    callback: {fail: \"body.state == 'bad' && "
                            "id != '' && received_at != ''\"}\n"),
              ElementsAre());
  EXPECT_THAT(FieldProblems("    callback: {fail: params.n > 0}\n"),
              ElementsAre(HasSubstr("tasks.b.callback.fail: unknown name "
                                    "'params'; known are id, received_at, "
                                    "body")));
  EXPECT_THAT(FieldProblems("    callback: {fail: 'body.state =='}\n"),
              ElementsAre(HasSubstr("tasks.b.callback.fail: bad "
                                    "expression: ")));
  EXPECT_THAT(FieldProblems("    callback: {}\n"
                            "    cache: {key: x}\n"),
              ElementsAre(HasSubstr("cannot reuse results")));
}

TEST(LoadExpressionsTest, ItemsAreKnownInsideAMap) {
  EXPECT_THAT(FieldProblems("    map: {items: '${{ tasks.a.result }}', as: x}\n"
                            "    params: {x: '${{ x.y }} ${{ index }}'}\n"
                            "    concurrency: {key: '${{ x.host }}'}\n"),
              ElementsAre());
  EXPECT_THAT(FieldProblems("    params: {x: '${{ index }}'}\n"),
              ElementsAre(HasSubstr("'index' is known only in a task with "
                                    "map")));
}

TEST(LoadExpressionsTest, TheResultIsKnownInItemResultsAlone) {
  EXPECT_THAT(
      FieldProblems("    map: {items: [1], as: x, batch: 2,\n"
                    "          item_results: '${{ x.map(y, result[y]) }}'}\n"),
      ElementsAre());
  EXPECT_THAT(FieldProblems("    map: {items: [1], batch: 2,\n"
                            "          item_results: results.rows}\n"
                            "    params: {x: '${{ result }}'}\n"),
              ElementsAre(HasSubstr("unknown name 'results'; known are "
                                    "params, tasks, run, env, secrets, item, "
                                    "index, result"),
                          HasSubstr("tasks.b.params.x: unknown name "
                                    "'result'")));
}

TEST(LoadExpressionsTest, ItemsAreNotKnownBeforeTheMap) {
  EXPECT_THAT(FieldProblems("    map: {items: '${{ item.rows }}'}\n"
                            "    when: item.ok\n"),
              ElementsAre(HasSubstr("tasks.b.map.items: 'item' is not known"),
                          HasSubstr("tasks.b.when: 'item' is not known")));
}

TEST(LoadExpressionsTest, KeysMayHoldExpressions) {
  EXPECT_THAT(FieldProblems("    cache: {key: '${{ params.x }}'}\n"
                            "    idempotency_key: '${{ params.x }}'\n"
                            "    concurrency: {key: '${{ params.x }}'}\n"
                            "    rate_limit: {key: '${{ params.x }}'}\n"
                            "    circuit_breaker: {key: '${{ params.x }}'}\n"),
              ElementsAre(HasSubstr("tasks.b.cache.key: "),
                          HasSubstr("tasks.b.idempotency_key: "),
                          HasSubstr("tasks.b.concurrency.key: "),
                          HasSubstr("tasks.b.rate_limit.key: "),
                          HasSubstr("tasks.b.circuit_breaker.key: ")));
}

TEST(LoadExpressionsTest, OnExitMayNameAnyTask) {
  EXPECT_THAT(
      ProblemsOf("windlass: 1\nname: w\ntasks: {a: {type: noop}, "
                 "b: {type: noop}}\n"
                 "on_exit: {type: noop, params: {x: '${{ tasks.a.state }}', "
                 "y: '${{ tasks.c.state }}'}}\n"),
      ElementsAre(HasSubstr("on_exit.params.y: there is no task 'c'")));
}

TEST(LoadExpressionsTest, ATextWithoutExpressionsIsLeftAlone) {
  EXPECT_THAT(FieldProblems("    params: {x: '$(tasks.x) {{ y }} $${{ z }}'}"),
              ElementsAre());
}

TEST(LoadExpressionsTest, TwentyMistakesAreTwentyProblems) {
  LoadOptions options;
  options.task_types = {"shell", "noop", "python"};
  auto problems = ProblemsOf(R"(windlass: 3
nmae: x
name: w
max_parallel: many
params:
  n: integer
  m: {type: integer, default: x}
labels: {a: [1]}
schedule: {cron: "* * *", timezone: Mars/Base}
defaults:
  priority: 11
tasks:
  a:
    type: shel
    delay: 30
  b:
    type: noop
    dependsOn: [a]
    depends_on: [a, a]
  c:
    type: noop
    depends_on: [d]
    when: params.k > 1
  d:
    type: noop
    depends_on: [c]
    retry_policy: {maximum_attempts: -1}
  e:
    type: noop
    trigger_rule: one_failed
    heartbeat_timeout: 2m
    start_to_close_timeout: 1m
    params: {x: "${{ tasks.a.result }}"}
  on_exit:
    type: noop
)",
                             options);
  std::vector<std::string> places;
  for (const std::string& problem : problems) {
    places.push_back(problem.substr(0, problem.find(": ")));
  }
  EXPECT_THAT(places,
              ElementsAre("f:1:11", "f:2:1", "f:4:15", "f:6:6", "f:7:31",
                          "f:8:13", "f:9:18", "f:9:37", "f:11:13", "f:14:11",
                          "f:15:12", "f:18:5", "f:19:21", "f:22:18", "f:23:11",
                          "f:27:38", "f:30:19", "f:31:24", "f:33:22", "f:34:3"))
      << testing::PrintToString(problems);
}

}  // namespace
}  // namespace windlass

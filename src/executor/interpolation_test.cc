// How values enter strings of params that something else reads as code.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/executor_world.h"

namespace windlass {
namespace {

using ::testing::HasSubstr;

class InterpolationTest : public testing::ExecutorWorld {};

TEST_F(InterpolationTest, AShellWordIsQuotedSoThatDataCannotBecomeCode) {
  class Shell : public TaskHandler {
   public:
    Outcome Execute(TaskContext& task) override {
      return Outcome::Success(task.params());
    }
    Interpolation InterpolationOf(std::string_view path,
                                  const Json&) const override {
      return path == "command" ? Interpolation::kShellWord
                               : Interpolation::kPlain;
    }
  };
  handlers.Add("shell", std::make_unique<Shell>());
  auto executor = Start();
  RunId run = Submit(R"(
windlass: 1
name: q
params: {x: {type: string, default: "a'; rm -rf /"}}
tasks:
  a: {type: shell, params: {command: "echo ${{ params.x }}", args: ["${{ params.x }}"]}}
)");
  EXPECT_EQ(Await(run).state, RunState::kSucceeded);
  EXPECT_EQ(Value(run, "a").at("command"), Json("echo 'a'\\''; rm -rf /'"));
  EXPECT_EQ(Value(run, "a").at("args").at(0), Json("a'; rm -rf /"));
}

TEST_F(InterpolationTest, AValueInAUrlStaysThePartItStandsIn) {
  class Caller : public TaskHandler {
   public:
    Outcome Execute(TaskContext& task) override {
      return Outcome::Success(task.Text("url"));
    }
    Interpolation InterpolationOf(std::string_view path,
                                  const Json&) const override {
      return path == "url" ? Interpolation::kUrlPart : Interpolation::kPlain;
    }
  };
  handlers.Add("call", std::make_unique<Caller>());
  auto executor = Start();
  RunId run = Submit(R"(
windlass: 1
name: urls
params:
  base: {type: string, default: "http://host:80/v1"}
  id: {type: string, default: "../a?b=1&c#d/\u00e9"}
  up: {type: string, default: ".."}
tasks:
  a: {type: call, params: {url: "${{ params.base }}/x/${{ params.id }}"}}
  b: {type: call, params: {url: "http://h/${{ params.up }}/x"}, allow_failure: true}
)");
  Await(run);
  EXPECT_EQ(Value(run, "a"),
            Json("http://host:80/v1/x/..%2Fa%3Fb%3D1%26c%23d%2F%C3%A9"));
  EXPECT_THAT(Task(run, "b").error->message, HasSubstr("part of a URL"));
}

}  // namespace
}  // namespace windlass

#include "handlers/sleep/sleep.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/executor_world.h"

namespace windlass {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class SleepTest : public testing::ExecutorWorld {
 protected:
  SleepTest() { handlers.Add("sleep", MakeSleepHandler(*clock)); }

  std::size_t Problems(std::string_view params) {
    return handlers.Find("sleep")->CheckParams(*ParseJson(params)).size();
  }
};

TEST_F(SleepTest, SleepsAsLongAsAsked) {
  auto executor = Start();
  RunId run = Submit(R"(
windlass: 1
name: s
tasks:
  a: {type: sleep, params: {duration: 20ms}}
  b: {type: sleep, params: {seconds: 0.01}}
)");
  EXPECT_EQ(Await(run).state, RunState::kSucceeded);
  EXPECT_GE(Value(run, "a").at("slept_ms").as_int64(), 20);
  EXPECT_GE(Value(run, "b").at("slept_ms").as_int64(), 10);
}

TEST_F(SleepTest, ACancelWakesIt) {
  auto executor = Start();
  RunId run = Submit(
      "{windlass: 1, name: s, tasks: {a: {type: sleep, params: {duration: "
      "1h}}}}");
  ASSERT_TRUE(events.WaitFor([&] { return !events.started.empty(); }));
  ASSERT_TRUE(store->Cancel(run, "enough").ok());
  EXPECT_EQ(Await(run).state, RunState::kCancelled);
  (*executor)->WaitUntilIdle();
  EXPECT_EQ((*executor)->busy_slots(), 0);
}

TEST_F(SleepTest, ParamsThatMakeNoSenseAreFoundBeforeTheRun) {
  EXPECT_EQ(Problems(R"({"duration":"2s"})"), 0U);
  EXPECT_EQ(Problems(R"({"seconds":2})"), 0U);
  EXPECT_EQ(Problems(R"({"duration":"${{ params.d }}"})"), 0U);
  EXPECT_EQ(Problems(R"({})"), 1U);
  EXPECT_EQ(Problems(R"({"seconds":2,"duration":"2s"})"), 1U);
  EXPECT_EQ(Problems(R"({"seconds":-2})"), 1U);
  EXPECT_EQ(Problems(R"({"seconds":"2"})"), 1U);
  EXPECT_EQ(Problems(R"({"duration":"soon"})"), 1U);
  EXPECT_EQ(Problems(R"({"minutes":2})"), 1U);
}

TEST_F(SleepTest, WrongParamsAtRunTimeAreAFinalFailure) {
  auto executor = Start();
  RunId run = Submit(R"(
windlass: 1
name: s
params: {d: {type: string, default: soon}}
tasks: {a: {type: sleep, params: {duration: "${{ params.d }}"}}}
)");
  EXPECT_EQ(Await(run).state, RunState::kFailed);
  EXPECT_EQ(Task(run, "a").error->type, error_type::kInvalidParams);
  EXPECT_THAT(Task(run, "a").error->message, HasSubstr("duration: "));
}

}  // namespace
}  // namespace windlass

#include "executor/map_batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>

#include "absl/strings/str_cat.h"
#include "results/map_result.h"
#include "support/executor_world.h"

namespace windlass {
namespace {

using ::testing::HasSubstr;

TEST(InBatchesTest, TheLastOneHasWhatIsLeft) {
  EXPECT_EQ(FormatJson(InBatches(JsonArray{1, 2, 3, 4, 5}, 2)),
            "[[1,2],[3,4],[5]]");
  EXPECT_EQ(FormatJson(InBatches(JsonArray{1, 2}, 2)), "[[1,2]]");
  EXPECT_EQ(FormatJson(InBatches(JsonArray{1, 2}, 9)), "[[1,2]]");
  EXPECT_EQ(FormatJson(InBatches(JsonArray{}, 2)), "[]");
  // A list among the items stays one.
  EXPECT_EQ(FormatJson(InBatches(JsonArray{JsonArray{1}, JsonArray{2}}, 1)),
            "[[[1]],[[2]]]");
}

class MapBatchTest : public testing::ExecutorWorld {
 protected:
  MapBatchTest() {
    Handle("echo",
           [](TaskContext& task) { return Outcome::Success(task.params()); });
    // As a service that takes many at once: {"answers": [10 * n, ...]}.
    Handle("tenfold", [this](TaskContext& task) -> Outcome {
      ++calls;
      JsonArray answers;
      for (const Json& n : task.params().at("numbers").as_array()) {
        if (n == Json(13)) return Outcome::FinalFailure("Unlucky", "13");
        answers.emplace_back(n.as_int64() * 10);
      }
      return Outcome::Success(
          Json(JsonObject{{"answers", std::move(answers)}}));
    });
  }

  // What a successor sees.
  std::string Seen(RunId run) { return FormatJson(Value(run, "after")); }

  RunId SubmitTenfold(std::string_view map, std::string_view more = "") {
    return Submit(absl::StrCat(
        "windlass: 1\nname: batches\ntasks:\n  each:\n    type: tenfold\n",
        "    map: ", std::string(map), "\n", std::string(more),
        "    params: {numbers: \"${{ item }}\"}\n",
        "  after: {type: echo, depends_on: [each], trigger_rule: all_done,\n",
        "          params: {all: \"${{ tasks.each.result }}\"}}\n"));
  }

  std::atomic<int> calls = 0;
};

TEST_F(MapBatchTest, AnInstanceGetsAListAndItsResultIsThatOfTheBatch) {
  auto executor = Start();
  RunId run = SubmitTenfold("{items: [1, 2, 3, 4, 5], batch: 2}");
  EXPECT_EQ(Await(run).state, RunState::kSucceeded);
  EXPECT_EQ(calls, 3);
  EXPECT_EQ(Task(run, "each").item_count, 3);
  EXPECT_EQ(
      Seen(run),
      R"({"all":[{"answers":[10,20]},{"answers":[30,40]},{"answers":[50]}]})");
}

TEST_F(MapBatchTest, ItemResultsMakeOneListOfThemAll) {
  auto executor = Start();
  RunId run = SubmitTenfold(
      "{items: [1, 2, 3, 4, 5], batch: 2, item_results: result.answers}");
  EXPECT_EQ(Await(run).state, RunState::kSucceeded);
  EXPECT_EQ(calls, 3);
  EXPECT_EQ(Seen(run), R"({"all":[10,20,30,40,50]})");
  EXPECT_EQ(FormatJson(Value(run, "each", 1)), "[30,40]");
  ResultIo io(results);
  const auto info = *store->GetRunInfo(run);
  const auto all =
      ReadMapResult(*store, io, run, 0, *info->workflow->tasks[0].map);
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_EQ(FormatJson(*all), "[10,20,30,40,50]");
}

TEST_F(MapBatchTest, ItemsOfABatchThatFailedAreNull) {
  auto executor = Start();
  RunId run = SubmitTenfold(
      "{items: [1, 2, 13, 4, 5, 6, 13], batch: 2, "
      "item_results: '${{ result.answers }}'}",
      "    allow_failure: true\n");
  EXPECT_EQ(Await(run).state, RunState::kSucceeded);
  EXPECT_EQ(Seen(run), R"({"all":[10,20,null,null,50,60,null]})");
}

TEST_F(MapBatchTest, NoItemsAreNoBatches) {
  auto executor = Start();
  RunId run =
      SubmitTenfold("{items: [], batch: 2, item_results: result.answers}");
  EXPECT_EQ(Await(run).state, RunState::kSucceeded);
  EXPECT_EQ(calls, 0);
  EXPECT_EQ(Seen(run), R"({"all":[]})");
}

TEST_F(MapBatchTest, TheListMayHoldTheItemsAndWhatOtherTasksLeft) {
  auto executor = Start();
  RunId run = Submit(R"yaml(
windlass: 1
name: b
params: {factor: {type: integer, default: 3}}
tasks:
  one: {type: echo, params: {more: 100}}
  each:
    type: noop
    depends_on: [one]
    map:
      items: [1, 2, 3]
      as: ns
      batch: 2
      item_results: "ns.map(n, n * params.factor + index + tasks.one.result.more)"
  after: {type: echo, depends_on: [each], params: {all: "${{ tasks.each.result }}"}}
)yaml");
  EXPECT_EQ(Await(run).state, RunState::kSucceeded);
  EXPECT_EQ(Seen(run), R"({"all":[103,106,110]})");
}

TEST_F(MapBatchTest, BytesThatAreJsonAreTakenApartToo) {
  Handle("text", [](TaskContext&) {
    return Outcome::Success(Bytes{"[1, [2]]", "application/json"});
  });
  auto executor = Start();
  RunId run = Submit(R"(
windlass: 1
name: b
tasks:
  each: {type: text, map: {items: [a, b, c, d], batch: 2, item_results: result},
         result: {max_inline: 1}}
  after: {type: echo, depends_on: [each], params: {all: "${{ tasks.each.result }}"}}
)");
  EXPECT_EQ(Await(run).state, RunState::kSucceeded);
  EXPECT_EQ(Seen(run), R"({"all":[1,[2],1,[2]]})");
}

TEST_F(MapBatchTest, AListThatDoesNotFitFailsTheAttemptForGood) {
  auto executor = Start();
  const auto message = [&](const char* expression) {
    RunId run = SubmitTenfold(
        absl::StrCat("{items: [1, 2], batch: 2, item_results: \"", expression,
                     "\"}"),
        "    retry_policy: {maximum_attempts: 3, initial_interval: 0s}\n");
    EXPECT_EQ(Await(run).state, RunState::kFailed);
    const TaskRecord task = Task(run, "each", 0);
    EXPECT_EQ(task.attempt, 1);
    EXPECT_FALSE(task.error->retryable);
    return task.error ? task.error->type + ": " + task.error->message : "";
  };
  EXPECT_EQ(message("result"),
            "InvalidResult: map.item_results: expected a list of 2 results, "
            "one per item, got {\"answers\":[10,20]}");
  EXPECT_EQ(message("result.answers.filter(a, a > 10)"),
            "InvalidResult: map.item_results: expected 2 results, one per "
            "item, got 1");
  EXPECT_THAT(message("result.prices"), HasSubstr("prices"));
}

TEST_F(MapBatchTest, TheSchemaIsThatOfTheListThatIsKept) {
  auto executor = Start();
  RunId run = SubmitTenfold(
      "{items: [1, 2, 3], batch: 2, item_results: result.answers}",
      "    result: {schema: {type: array, items: {maximum: 20}}}\n");
  EXPECT_EQ(Await(run).state, RunState::kFailed);
  EXPECT_EQ(Task(run, "each", 0).state, TaskState::kSucceeded);
  EXPECT_EQ(Task(run, "each", 1).error->type, error_type::kInvalidResult);
}

TEST_F(MapBatchTest, ACachedListServesOnlyAsManyItems) {
  auto executor = Start();
  const auto submit = [&](const char* key) {
    return SubmitTenfold(
        "{items: [1, 2, 3], batch: 2, item_results: result.answers}",
        absl::StrCat("    cache: {key: \"", key, "\"}\n"));
  };
  RunId run = submit("of ${{ item }}");
  EXPECT_EQ(Await(run).state, RunState::kSucceeded);
  run = submit("of ${{ item }}");
  EXPECT_EQ(Await(run).state, RunState::kSucceeded);
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(Seen(run), R"({"all":[10,20,30]})");
  // The instance of one item finds the results of two, or the other way round.
  run = submit("one for all");
  EXPECT_EQ(Await(run).state, RunState::kFailed);
  std::string messages;
  for (const int index : {0, 1}) {
    const auto error = Task(run, "each", index).error;
    if (error) absl::StrAppend(&messages, error->type, ": ", error->message);
  }
  EXPECT_THAT(messages, HasSubstr("InvalidResult: the cached result is not"));
  EXPECT_THAT(messages, HasSubstr("let cache.key hold ${{ item }}"));
}

}  // namespace
}  // namespace windlass

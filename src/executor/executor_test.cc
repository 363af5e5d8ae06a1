#include "windlass/executor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <thread>

#include "support/executor_world.h"

namespace windlass {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Latch;

class ExecutorTest : public testing::ExecutorWorld {};

TEST_F(ExecutorTest, ARunOfOneTaskSucceeds) {
  auto executor = Start();
  RunId run = Submit("{windlass: 1, name: one, tasks: {a: {type: noop}}}");
  EXPECT_EQ(Await(run).state, RunState::kSucceeded);
}

TEST_F(ExecutorTest, AChainIsHandedOffFromFinishToSlot) {
  RunId run = Submit(R"(
windlass: 1
name: chain
tasks:
  a: {type: noop}
  b: {type: noop, depends_on: [a]}
  c: {type: noop, depends_on: [b]}
  d: {type: noop, depends_on: [c]}
)");
  auto executor = Start();
  EXPECT_EQ(Await(run).state, RunState::kSucceeded);
  EXPECT_EQ(events.Get([&] { return events.claimed["handoff"]; }), 3);
}

TEST_F(ExecutorTest, ExpressionsKeepTheirTypes) {
  Handle("give", [](TaskContext&) {
    return Outcome::Success(Json(JsonObject{
        {"rows", JsonArray{1, 2.5, "x"}}, {"n", 7}, {"no", nullptr}}));
  });
  Handle("echo",
         [](TaskContext& task) { return Outcome::Success(task.params()); });
  auto executor = Start();
  RunId run = Submit(R"(
windlass: 1
name: types
params: {flag: {type: boolean, default: true}}
tasks:
  give: {type: give}
  echo:
    type: echo
    depends_on: [give]
    params:
      rows: "${{ tasks.give.result.rows }}"
      n: "${{ tasks.give.result.n + 1 }}"
      none: "${{ tasks.give.result.no }}"
      flag: "${{ params.flag }}"
      text: "n=${{ tasks.give.result.n }} ${{ tasks.give.state }}"
      run: "${{ run.name }}"
)");
  ASSERT_EQ(Await(run).state, RunState::kSucceeded);
  EXPECT_EQ(FormatJson(Value(run, "echo")),
            R"({"rows":[1,2.5,"x"],"n":8,"none":null,"flag":true,)"
            R"("text":"n=7 succeeded","run":"types"})");
}

TEST_F(ExecutorTest, AnExpressionThatFailsIsAFinalFailureNamingItsField) {
  auto executor = Start();
  RunId run = Submit(R"(
windlass: 1
name: wrong
params: {list: {type: array, default: []}}
tasks:
  a:
    type: noop
    retry_policy: {maximum_attempts: 5}
    params: {args: {first: "${{ params.list[3] }}"}}
)");
  EXPECT_EQ(Await(run).state, RunState::kFailed);
  TaskRecord task = Task(run, "a");
  ASSERT_TRUE(task.error.has_value());
  EXPECT_EQ(task.error->type, error_type::kTemplateError);
  EXPECT_THAT(task.error->message, HasSubstr("params.args.first"));
  EXPECT_FALSE(task.error->retryable);
  EXPECT_EQ(AttemptsOf(run), 1);
}

TEST_F(ExecutorTest, WhenFalseSkipsTheTaskWithTheReason) {
  auto executor = Start();
  RunId run = Submit(R"(
windlass: 1
name: maybe
params: {go: {type: boolean, default: false}}
tasks:
  a: {type: noop, when: "params.go"}
  b: {type: noop, when: "${{ !params.go }}"}
)");
  EXPECT_EQ(Await(run).state, RunState::kSucceeded);
  EXPECT_EQ(Task(run, "a").state, TaskState::kSkipped);
  EXPECT_THAT(Task(run, "a").error->message, HasSubstr("params.go"));
  EXPECT_EQ(Task(run, "b").state, TaskState::kSucceeded);
}

TEST_F(ExecutorTest, AMapOfTenThousandGivesItsResultsInOrder) {
  Handle("square", [](TaskContext& task) {
    std::int64_t n = task.params().at("n").as_int64();
    return Outcome::Success(Json(n * n));
  });
  Handle("sum", [](TaskContext& task) {
    const auto& list = task.params().at("all").as_array();
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (list[i].as_int64() != static_cast<std::int64_t>(i * i)) {
        return Outcome::FinalFailure("Disorder", std::to_string(i));
      }
    }
    return Outcome::Success(Json(list.size()));
  });
  Handle("range", [](TaskContext&) {
    JsonArray items;
    for (int i = 0; i < 10'000; ++i) items.emplace_back(i);
    return Outcome::Success(Json(std::move(items)));
  });
  auto executor = Start();
  RunId run = Submit(R"(
windlass: 1
name: squares
tasks:
  range: {type: range}
  each:
    type: square
    depends_on: [range]
    map: {items: "${{ tasks.range.result }}", as: number}
    params: {n: "${{ number }}", i: "${{ index }}"}
  sum: {type: sum, depends_on: [each], params: {all: "${{ tasks.each.result }}"}}
)");
  EXPECT_EQ(Await(run).state, RunState::kSucceeded);
  EXPECT_EQ(Value(run, "sum"), Json(10'000));
}

TEST_F(ExecutorTest, WhenFalseSkipsAMappedTaskBeforeItsItemsAreEvaluated) {
  auto executor = Start();
  RunId run = Submit(R"(
windlass: 1
name: some
params: {list: {type: array, default: []}}
tasks:
  each:
    type: noop
    when: "size(params.list) > 0"
    map: {items: "${{ params.list[0] }}"}
)");
  EXPECT_EQ(Await(run).state, RunState::kSucceeded);
  EXPECT_EQ(Task(run, "each").state, TaskState::kSkipped);
}

TEST_F(ExecutorTest, MapItemsThatAreNoListFailTheTask) {
  auto executor = Start();
  RunId run = Submit(R"(
windlass: 1
name: nolist
params: {n: {type: integer, default: 3}}
tasks:
  each: {type: noop, map: {items: "${{ params.n }}"}}
)");
  EXPECT_EQ(Await(run).state, RunState::kFailed);
  EXPECT_THAT(Task(run, "each").error->message,
              HasSubstr("map.items: expected a list"));
}

TEST_F(ExecutorTest, AnExceptionIsAFailureThatIsRetried) {
  std::atomic<int> calls = 0;
  Handle("throw", [&](TaskContext&) -> Outcome {
    if (++calls < 3) throw std::runtime_error("boom");
    return Outcome::Success();
  });
  auto executor = Start();
  RunId run = Submit(R"(
windlass: 1
name: throwing
tasks:
  a: {type: throw, retry_policy: {initial_interval: 1ms, maximum_attempts: 3}}
)");
  EXPECT_EQ(Await(run).state, RunState::kSucceeded);
  auto attempts = store->ListAttempts(run);
  ASSERT_EQ(attempts->size(), 3U);
  EXPECT_EQ((*attempts)[0].error->type, error_type::kHandlerException);
  EXPECT_EQ((*attempts)[0].error->message, "boom");
}

TEST_F(ExecutorTest, AnAttemptIsStoppedWhenItsTimeIsOver) {
  Handle("hang", [](TaskContext& task) {
    Latch stopped;
    std::stop_callback on_stop(task.stop_token(), [&] { stopped.Open(); });
    EXPECT_TRUE(stopped.Wait());
    EXPECT_EQ(task.stop_reason(), StopReason::kTimeout);
    return Outcome::Cancelled();
  });
  auto executor = Start();
  RunId run = Submit(R"(
windlass: 1
name: slow
tasks: {a: {type: hang, start_to_close_timeout: 20ms}}
)");
  EXPECT_EQ(Await(run).state, RunState::kFailed);
  TaskRecord task = Task(run, "a");
  EXPECT_EQ(task.error->type, error_type::kTimeout);
  EXPECT_THAT(task.error->message, HasSubstr("20ms (start_to_close_timeout)"));
}

TEST_F(ExecutorTest, AnAttemptIsStoppedWhenItsTasksTimeIsOver) {
  Handle("hang", [](TaskContext& task) {
    EXPECT_TRUE(task.deadline().has_value());
    Latch stopped;
    std::stop_callback on_stop(task.stop_token(), [&] { stopped.Open(); });
    EXPECT_TRUE(stopped.Wait());
    EXPECT_EQ(task.stop_reason(), StopReason::kScheduleToCloseTimeout);
    return Outcome::Cancelled();
  });
  auto executor = Start();
  RunId run = Submit(R"(
windlass: 1
name: slow
tasks:
  a:
    type: hang
    schedule_to_close_timeout: 50ms
    retry_policy: {initial_interval: 1ms, maximum_attempts: 9}
)");
  EXPECT_EQ(Await(run).state, RunState::kFailed);
  TaskRecord task = Task(run, "a");
  EXPECT_EQ(task.error->type, error_type::kScheduleToCloseTimeout);
  EXPECT_EQ(task.attempt, 1);
}

TEST_F(ExecutorTest, AHandlerThatShowsNoLifeIsStopped) {
  Handle("silent", [](TaskContext& task) {
    Latch stopped;
    std::stop_callback on_stop(task.stop_token(), [&] { stopped.Open(); });
    EXPECT_TRUE(stopped.Wait());
    return Outcome::Cancelled();
  });
  auto executor = Start();
  RunId run = Submit(R"(
windlass: 1
name: silent
tasks: {a: {type: silent, heartbeat_timeout: 20ms}}
)");
  EXPECT_EQ(Await(run).state, RunState::kFailed);
  EXPECT_EQ(Task(run, "a").error->type, error_type::kHeartbeatTimeout);
}

TEST_F(ExecutorTest, AHandlerThatIgnoresItsStopIsAbandonedAndItsSlotGoesOn) {
  Latch let_go;
  Latch returned;
  Handle("stuck", [&](TaskContext&) {
    EXPECT_TRUE(let_go.Wait());
    returned.Open();
    return Outcome::Success();
  });
  ExecutorConfig config = Config();
  config.slots = 1;
  auto executor = Start(config);
  RunId run = Submit(R"(
windlass: 1
name: stuck
tasks:
  a:
    type: stuck
    start_to_close_timeout: 10ms
    cancellation: {grace_period: 10ms}
)");
  EXPECT_EQ(Await(run).state, RunState::kFailed);
  EXPECT_EQ(Task(run, "a").error->type, error_type::kTimeout);
  EXPECT_EQ(events.Get([&] { return events.abandoned; }), 1);
  RunId next = Submit("{windlass: 1, name: next, tasks: {a: {type: noop}}}");
  EXPECT_EQ(Await(next).state, RunState::kSucceeded);
  let_go.Open();
  EXPECT_TRUE(returned.Wait());
}

TEST_F(ExecutorTest, ACancelReachesARunningHandlerWithinASecond) {
  Latch running;
  Latch stopped;
  Handle("long", [&](TaskContext& task) {
    std::stop_callback on_stop(task.stop_token(), [&] { stopped.Open(); });
    running.Open();
    EXPECT_TRUE(stopped.Wait());
    EXPECT_EQ(task.stop_reason(), StopReason::kCancelled);
    return Outcome::Cancelled();
  });
  auto executor = Start();
  RunId run = Submit("{windlass: 1, name: long, tasks: {a: {type: long}}}");
  ASSERT_TRUE(running.Wait());
  ASSERT_TRUE(store->Cancel(run, "enough").ok());
  EXPECT_TRUE(stopped.Wait(1s));
  EXPECT_EQ(Await(run).state, RunState::kCancelled);
  EXPECT_EQ(Task(run, "a").state, TaskState::kCancelled);
}

TEST_F(ExecutorTest, AnAbandonedCancelLetsTheHandlerEndByItself) {
  Latch running;
  Latch go_on;
  std::atomic<bool> stopped = false;
  Latch over;
  Handle("long", [&](TaskContext& task) {
    running.Open();
    EXPECT_TRUE(go_on.Wait());
    stopped = task.stop_token().stop_requested();
    over.Open();
    return Outcome::Success();
  });
  ExecutorConfig config = Config();
  config.command_interval = 5ms;
  auto executor = Start(config);
  RunId run = Submit(
      "{windlass: 1, name: long, tasks: {a: {type: long, cancellation: {type: "
      "abandon}}}}");
  ASSERT_TRUE(running.Wait());
  ASSERT_TRUE(store->Cancel(run, "enough").ok());
  EXPECT_EQ(Await(run).state, RunState::kCancelled);
  // Commands come with the next heartbeats; several of them were asked for
  // once another run has come and gone.
  RunId other = Submit("{windlass: 1, name: other, tasks: {a: {type: noop}}}");
  EXPECT_EQ(Await(other).state, RunState::kSucceeded);
  go_on.Open();
  ASSERT_TRUE(over.Wait());
  EXPECT_FALSE(stopped);
  EXPECT_EQ(Task(run, "a").state, TaskState::kCancelled);
}

TEST_F(ExecutorTest, CleanUpsRunLastFirstAndTheScratchFolderGoes) {
  Mutex mutex;
  std::vector<std::string> order;
  std::string scratch;
  Handle("clean", [&](TaskContext& task) -> Outcome {
    scratch = *task.ScratchDir();
    EXPECT_EQ(*task.ScratchDir(), scratch);
    for (const char* name : {"first", "second"}) {
      task.OnCleanup([&, name](AttemptOutcome outcome) {
        MutexLock lock(mutex);
        order.push_back(Concat(name, " ", Name(outcome)));
      });
    }
    EXPECT_TRUE(WriteFileAtomically(scratch + "/x", "data").ok());
    throw std::runtime_error("no");
  });
  auto executor = Start();
  RunId run = Submit("{windlass: 1, name: c, tasks: {a: {type: clean}}}");
  EXPECT_EQ(Await(run).state, RunState::kFailed);
  EXPECT_THAT(order, ElementsAre("second failed", "first failed"));
  EXPECT_FALSE(ReadFile(scratch + "/x", 100).ok());
}

TEST_F(ExecutorTest, AFileInTheScratchFolderCanBeTheResult) {
  Handle("file", [&](TaskContext& task) {
    std::string path = *task.ScratchDir() + "/out.txt";
    EXPECT_TRUE(WriteFileAtomically(path, "content").ok());
    return Outcome::Success(FileContent{path, "text/plain"});
  });
  auto executor = Start();
  RunId run = Submit("{windlass: 1, name: f, tasks: {a: {type: file}}}");
  EXPECT_EQ(Await(run).state, RunState::kSucceeded);
  EXPECT_EQ(Value(run, "a"), Json("content"));
}

TEST_F(ExecutorTest, ARetryReadsWhatTheLastAttemptLeft) {
  Handle("resume", [](TaskContext& task) {
    if (task.attempt() == 1) {
      EXPECT_TRUE(task.Load("part").status().code() ==
                  absl::StatusCode::kNotFound);
      EXPECT_TRUE(task.Save("part", Json(41)).ok());
      EXPECT_EQ(*task.Load("part"), Json(41));
      task.Heartbeat(Json(JsonObject{{"row", 12}}));
      return Outcome::Failure("Broken", "half way");
    }
    JsonArray found = {*task.HeartbeatDetails(), *task.Load("part")};
    return Outcome::Success(Json(std::move(found)));
  });
  auto executor = Start();
  RunId run = Submit(R"(
windlass: 1
name: resume
tasks:
  a: {type: resume, retry_policy: {initial_interval: 1ms, maximum_attempts: 2}}
)");
  EXPECT_EQ(Await(run).state, RunState::kSucceeded);
  EXPECT_EQ(FormatJson(Value(run, "a")), R"([{"row":12},41])");
}

TEST_F(ExecutorTest, ProgressCanBeSeenWhileTheTaskRuns) {
  Latch go_on;
  Handle("work", [&](TaskContext& task) {
    task.Progress(0.5, "half");
    EXPECT_TRUE(go_on.Wait());
    return Outcome::Success();
  });
  auto executor = Start();
  RunId run = Submit("{windlass: 1, name: p, tasks: {a: {type: work}}}");
  auto signal = store->Listen();
  TaskRecord task;
  for (int i = 0; i < 4000 && task.progress_message.empty(); ++i) {
    (*signal)->Wait(5ms, std::stop_token());
    task = Task(run, "a");
  }
  EXPECT_EQ(task.progress, 0.5);
  EXPECT_EQ(task.progress_message, "half");
  go_on.Open();
  EXPECT_EQ(Await(run).state, RunState::kSucceeded);
}

TEST_F(ExecutorTest, ADrainGivesBackWhatHasNotEndedWithoutCountingIt) {
  Latch running;
  Handle("long", [&](TaskContext& task) {
    Latch stopped;
    std::stop_callback on_stop(task.stop_token(), [&] { stopped.Open(); });
    running.Open();
    EXPECT_TRUE(stopped.Wait());
    EXPECT_EQ(task.stop_reason(), StopReason::kDrain);
    return Outcome::Cancelled();
  });
  RunId run = Submit(R"(
windlass: 1
name: d
tasks: {a: {type: long, retry_policy: {maximum_attempts: 1}}}
)");
  {
    auto executor = Start();
    ASSERT_TRUE(running.Wait());
    (*executor)->Drain(10ms);
  }
  EXPECT_EQ(store->GetRun(run)->state, RunState::kRunning);
  EXPECT_EQ(Task(run, "a").state, TaskState::kReady);
  handlers.Add("long", windlass::MakeHandler(
                           [](TaskContext&) { return Outcome::Success(); }));
  auto second = Start(Config("second"));
  EXPECT_EQ(Await(run).state, RunState::kSucceeded);
}

TEST_F(ExecutorTest, ADrainLetsRunningAttemptsFinish) {
  Latch running;
  Latch go_on;
  Handle("long", [&](TaskContext&) {
    running.Open();
    EXPECT_TRUE(go_on.Wait());
    return Outcome::Success();
  });
  RunId run = Submit("{windlass: 1, name: d, tasks: {a: {type: long}}}");
  auto executor = Start();
  ASSERT_TRUE(running.Wait());
  std::jthread drainer([&] { (*executor)->Drain(1h); });
  go_on.Open();
  drainer.join();
  EXPECT_EQ(store->GetRun(run)->state, RunState::kSucceeded);
}

TEST_F(ExecutorTest, ASecondDrainCutsTheFirstShort) {
  Latch running;
  Handle("long", [&](TaskContext& task) {
    Latch stopped;
    std::stop_callback on_stop(task.stop_token(), [&] { stopped.Open(); });
    running.Open();
    EXPECT_TRUE(stopped.Wait());
    return Outcome::Cancelled();
  });
  RunId run = Submit("{windlass: 1, name: d, tasks: {a: {type: long}}}");
  auto executor = Start();
  ASSERT_TRUE(running.Wait());
  std::jthread drainer([&] { (*executor)->Drain(1h); });
  (*executor)->Stop();
  drainer.join();
  EXPECT_EQ(Task(run, "a").state, TaskState::kReady);
}

TEST_F(ExecutorTest, SecretsReachTheHandlerAndNothingElse) {
  setenv("WINDLASS_SECRET_TOKEN", "s3cr3t-value", 1);
  std::string seen;
  Handle("leak", [&](TaskContext& task) {
    seen = task.Text("token");
    task.Log(LogLevel::kInfo, "token is " + seen);
    TaskError error;
    error.type = "Leak";
    error.message = "with " + seen;
    error.details = JsonObject{{"header", "Bearer " + seen}};
    return Outcome::Failure(std::move(error));
  });
  auto executor = Start();
  RunId run = Submit(R"(
windlass: 1
name: s
tasks: {a: {type: leak, params: {token: "${{ secrets.TOKEN }}"}}}
)");
  EXPECT_EQ(Await(run).state, RunState::kFailed);
  EXPECT_EQ(seen, "s3cr3t-value");
  TaskRecord task = Task(run, "a");
  EXPECT_EQ(task.error->message, "with ***");
  EXPECT_EQ(FormatJson(task.error->details), R"({"header":"Bearer ***"})");
  EXPECT_THAT(events.logs, ElementsAre("token is ***"));
}

TEST_F(ExecutorTest, ASecretIsNotStoredWithAResult) {
  setenv("WINDLASS_SECRET_TOKEN", "s3cr3t-value", 1);
  Handle("tell", [&](TaskContext& task) {
    const std::string token = task.Text("token");
    EXPECT_TRUE(task.Save("state", Json(token)).ok());
    EXPECT_EQ(*task.Load("state"), Json("***"));
    return Outcome::Success(Json(JsonObject{{"header", "Bearer " + token}}));
  });
  auto executor = Start();
  RunId run = Submit(R"(
windlass: 1
name: s
tasks: {a: {type: tell, params: {token: "${{ secrets.TOKEN }}"}}}
)");
  EXPECT_EQ(Await(run).state, RunState::kSucceeded);
  EXPECT_EQ(FormatJson(*Task(run, "a").result->value),
            R"({"header":"Bearer ***"})");
}

TEST_F(ExecutorTest, ASecretIsNotKeptAmongBytesThatAreText) {
  setenv("WINDLASS_SECRET_TOKEN", "s3cr3t-value", 1);
  const std::string filler(100'000, 'x');
  Handle("tell", [&](TaskContext& task) -> Outcome {
    const std::string text = filler + task.Text("token") + filler;
    EXPECT_TRUE(task.Save("state", Bytes{text}).ok());
    auto path = task.ScratchDir();
    EXPECT_TRUE(path.ok()) << path.status();
    const std::string file = *path + "/out";
    EXPECT_TRUE(WriteFileAtomically(file, text).ok());
    if (task.Text("as") == "file") return Outcome::Success(FileContent{file});
    if (task.Text("as") == "bytes") return Outcome::Success(Bytes{text});
    auto written = task.WriteResult(*MakeStringSource(text), "text/plain");
    EXPECT_TRUE(written.ok()) << written.status();
    return Outcome::Success(*written);
  });
  auto executor = Start();
  RunId run = Submit(R"(
windlass: 1
name: s
tasks:
  file: {type: tell, params: {as: file, token: "${{ secrets.TOKEN }}"}}
  bytes: {type: tell, params: {as: bytes, token: "${{ secrets.TOKEN }}"}}
  stream: {type: tell, params: {as: stream, token: "${{ secrets.TOKEN }}"}}
)");
  ASSERT_EQ(Await(run).state, RunState::kSucceeded);
  ResultIo io(results);
  for (std::string_view task : {"file", "bytes", "stream"}) {
    auto content = io.Open(*Task(run, task).result);
    ASSERT_TRUE(content.ok()) << content.status();
    EXPECT_EQ(*ReadAll(**content, 1 << 20), filler + "***" + filler) << task;
  }
  EXPECT_TRUE(results
                  .List("",
                        [&](const ObjectInfo& object) {
                          ResultEnvelope saved;
                          saved.kind = ResultEnvelope::Kind::kReference;
                          saved.uri = object.uri;
                          saved.encoding = "zstd";
                          auto content = io.Open(saved);
                          EXPECT_EQ(ReadAll(**content, 1 << 20)->find("s3cr3t"),
                                    std::string::npos)
                              << object.uri;
                          return true;
                        })
                  .ok());
}

TEST_F(ExecutorTest, AMissingSecretSaysWhereItWasLookedFor) {
  auto executor = Start();
  RunId run = Submit(R"(
windlass: 1
name: s
tasks: {a: {type: noop, params: {token: "${{ secrets.NOT_THERE }}"}}}
)");
  EXPECT_EQ(Await(run).state, RunState::kFailed);
  EXPECT_THAT(Task(run, "a").error->message,
              HasSubstr("WINDLASS_SECRET_NOT_THERE"));
}

TEST_F(ExecutorTest, EnvironmentIsReadOnlyWhereItIsAllowed) {
  setenv("WL_TEST_ENV", "here", 1);
  Handle("echo",
         [](TaskContext& task) { return Outcome::Success(task.params()); });
  constexpr std::string_view kFile = R"(
windlass: 1
name: e
tasks: {a: {type: echo, params: {v: "${{ env.WL_TEST_ENV }}"}}}
)";
  {
    auto executor = Start();
    RunId run = Submit(kFile);
    EXPECT_EQ(Await(run).state, RunState::kFailed);
    EXPECT_THAT(Task(run, "a").error->message, HasSubstr("--allow-env"));
  }
  ExecutorConfig config = Config("allowed");
  config.allowed_env = {"WL_TEST_ENV"};
  auto executor = Start(config);
  RunId run = Submit(kFile);
  EXPECT_EQ(Await(run).state, RunState::kSucceeded);
  EXPECT_EQ(FormatJson(Value(run, "a")), R"({"v":"here"})");
}

TEST_F(ExecutorTest, AResultThatDoesNotFitItsSchemaFailsWithThePaths) {
  Handle("give", [](TaskContext&) {
    return Outcome::Success(Json(JsonObject{{"n", "seven"}}));
  });
  auto executor = Start();
  RunId run = Submit(R"(
windlass: 1
name: r
tasks:
  a:
    type: give
    retry_policy: {maximum_attempts: 4}
    result: {schema: {type: object, properties: {n: {type: integer}}}}
)");
  EXPECT_EQ(Await(run).state, RunState::kFailed);
  TaskRecord task = Task(run, "a");
  EXPECT_EQ(task.error->type, error_type::kInvalidResult);
  EXPECT_EQ(task.error->details.at("violations").at(0).at("path"), Json("n"));
  EXPECT_EQ(AttemptsOf(run), 1);
}

TEST_F(ExecutorTest, ALargeResultGoesToTheResultStoreAndComesBack) {
  const std::string large(200'000, 'x');
  Handle("give", [&](TaskContext&) { return Outcome::Success(Json(large)); });
  std::size_t size = 0;
  Handle("take", [&](TaskContext& task) {
    size = task.Result("give")->as_string().size();
    auto source = task.OpenResult("give");
    EXPECT_EQ(ReadAll(**source, 1 << 20)->size(), 200'002U);
    EXPECT_TRUE(absl::IsFailedPrecondition(task.Result("other").status()));
    EXPECT_TRUE(absl::IsNotFound(task.Result("nowhere").status()));
    return Outcome::Success();
  });
  auto executor = Start();
  RunId run = Submit(R"(
windlass: 1
name: r
tasks:
  give: {type: give}
  other: {type: noop}
  take: {type: take, depends_on: [give]}
)");
  EXPECT_EQ(Await(run).state, RunState::kSucceeded);
  EXPECT_EQ(size, large.size());
  EXPECT_THAT(Task(run, "give").result->uri, HasSubstr("/give/"));
}

TEST_F(ExecutorTest, ACacheComputesEqualKeysOnceOverTwoExecutors) {
  std::atomic<int> computed = 0;
  Handle("compute", [&](TaskContext&) {
    ++computed;
    return Outcome::Success(Json(5));
  });
  auto one = Start(Config("one"));
  auto two = Start(Config("two"));
  RunId run = Submit(R"(
windlass: 1
name: cached
tasks:
  each:
    type: compute
    map: {items: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]}
    cache: {key: "k${{ item % 2 }}"}
)");
  EXPECT_EQ(Await(run).state, RunState::kSucceeded);
  EXPECT_EQ(computed, 2);
  int cached = 0;
  for (int i = 0; i < 12; ++i) {
    EXPECT_EQ(Value(run, "each", i), Json(5));
    cached += Task(run, "each", i).cached_from.empty() ? 0 : 1;
  }
  EXPECT_EQ(cached, 10);
}

TEST_F(ExecutorTest, TwoExecutorsOnOneStoreNeverRunATaskTwice) {
  Mutex mutex;
  std::map<std::string, int> times;
  Handle("count", [&](TaskContext& task) {
    MutexLock lock(mutex);
    ++times[task.idempotency_key()];
    return Outcome::Success();
  });
  auto one = Start(Config("one"));
  auto two = Start(Config("two"));
  RunId run = Submit(R"(
windlass: 1
name: many
params: {n: {type: array}}
tasks: {each: {type: count, map: {items: "${{ params.n }}"}}}
)",
                     [] {
                       JsonArray items;
                       for (int i = 0; i < 2000; ++i) items.emplace_back(i);
                       return JsonObject{{"n", std::move(items)}};
                     }());
  EXPECT_EQ(Await(run).state, RunState::kSucceeded);
  EXPECT_EQ(times.size(), 2000U);
  for (const auto& [key, count] : times) EXPECT_EQ(count, 1) << key;
}

TEST_F(ExecutorTest, IdleMeansNothingIsLeasedAndNothingCanBeClaimed) {
  auto executor = Start();
  for (int i = 0; i < 20; ++i) {
    RunId run = Submit(R"(
windlass: 1
name: idle
tasks: {a: {type: noop}, b: {type: noop, depends_on: [a]}}
)");
    (*executor)->WaitUntilIdle();
    EXPECT_EQ(store->GetRun(run)->state, RunState::kSucceeded);
  }
}

TEST_F(ExecutorTest, AStoppedExecutorDoesNotStartAgain) {
  auto executor = Start();
  (*executor)->Stop();
  (*executor)->Stop();
  EXPECT_TRUE(absl::IsFailedPrecondition((*executor)->Start()));
}

TEST_F(ExecutorTest, ADeferredTaskRunsAgainAsTheSameAttempt) {
  std::atomic<int> calls = 0;
  Handle("again", [&](TaskContext& task) {
    EXPECT_EQ(task.attempt(), 1);
    return ++calls < 3 ? Outcome::Again(1ms) : Outcome::Success();
  });
  auto executor = Start();
  RunId run = Submit("{windlass: 1, name: a, tasks: {a: {type: again}}}");
  EXPECT_EQ(Await(run).state, RunState::kSucceeded);
  EXPECT_EQ(calls, 3);
  EXPECT_EQ(AttemptsOf(run), 1);
}

}  // namespace
}  // namespace windlass

#include "windlass/data_processing_executor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "base/machine.h"
#include "support/executor_world.h"

namespace windlass {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using testing::Latch;

// A task that holds all of the memory until it may end, and one beside it.
constexpr char kTwoLarge[] = R"(
windlass: 1
name: two
tasks:
  first: {type: hold, resources: {memory: 100}, priority: 9}
  second:
    type: count
    resources: {memory: 60}
    start_to_close_timeout: 30s
    retry_policy: {maximum_attempts: 1}
)";

class DataProcessingExecutorTest : public testing::ExecutorWorld {
 protected:
  DataProcessingExecutorTest() {
    Handle("hold", [this](TaskContext& task) {
      std::stop_callback on_stop(task.stop_token(), [this] { let_go.Open(); });
      holding.Open();
      EXPECT_TRUE(let_go.Wait());
      return task.stop_reason() == StopReason::kNone ? Outcome::Success()
                                                     : Outcome::Cancelled();
    });
    Handle("count", [this](TaskContext&) {
      ++counted;
      return Outcome::Success();
    });
  }

  ExecutorConfig DataConfig() {
    ExecutorConfig config = Config();
    config.slots = 4;
    config.capacity = {.memory_bytes = 100, .cpu = 4};
    config.sweep_interval = 20ms;
    return config;
  }

  void StartData(ExecutorConfig config) {
    source = MakePollingSource(*store, *clock, {});
    ExecutorParts parts = Parts();
    parts.source = source.get();
    executor = std::make_unique<DataProcessingExecutor>(config, parts);
    absl::Status started = executor->Start();
    ASSERT_TRUE(started.ok()) << started;
  }

  // The second task is leased and does not fit.
  RunId SubmitTwoLarge() {
    RunId run = Submit(kTwoLarge);
    EXPECT_TRUE(holding.Wait());
    auto signal = store->Listen();
    for (int i = 0; i < 4000; ++i) {
      if (Task(run, "second").state == TaskState::kRunning) return run;
      (*signal)->Wait(5ms, std::stop_token());
    }
    ADD_FAILURE() << "the second task was not claimed";
    return run;
  }

  Latch holding;
  Latch let_go;
  std::atomic<int> counted = 0;
  std::unique_ptr<TaskSource> source;
  std::unique_ptr<DataProcessingExecutor> executor;  // Goes first.
};

TEST_F(DataProcessingExecutorTest, ACapacityIsTheMachinesUnlessItIsStated) {
  const ExecutorConfig whole = DataProcessingExecutor::Completed({});
  EXPECT_EQ(whole.profile, "data");
  EXPECT_GT(whole.slots, 0);
  EXPECT_EQ(whole.capacity.cpu, whole.slots);
  EXPECT_EQ(whole.capacity.memory_bytes, MachineMemory() / 4 * 3);
  ExecutorConfig stated;
  stated.capacity = {.memory_bytes = 7, .cpu = 0.5};
  stated = DataProcessingExecutor::Completed(stated);
  EXPECT_EQ(stated.capacity.memory_bytes, 7);
  EXPECT_EQ(stated.capacity.cpu, 0.5);
}

TEST_F(DataProcessingExecutorTest, TheSharesOfAllSlotsFit) {
  ExecutorConfig config;
  config.slots = 3;
  config.capacity = {.memory_bytes = 100, .cpu = 2};
  const ResourceSpec share = DataProcessingExecutor::DefaultDemand(config);
  EXPECT_EQ(share.memory_bytes, 33);
  EXPECT_EQ(share.cpu, 0.666);
}

TEST_F(DataProcessingExecutorTest, WhatDoesNotFitWaitsForWhatRuns) {
  StartData(DataConfig());
  RunId run = SubmitTwoLarge();
  EXPECT_EQ(executor->busy_slots(), 1);
  EXPECT_EQ(executor->reserved().memory_bytes, 100);
  // What reserves nothing is not held up, and comes after all others.
  Await(Submit("{windlass: 1, name: n, tasks: {a: {type: noop}}}"));
  EXPECT_EQ(counted, 0);
  let_go.Open();
  EXPECT_EQ(Await(run).state, RunState::kSucceeded);
  executor->WaitUntilIdle();
  EXPECT_EQ(executor->reserved().memory_bytes, 0);
  EXPECT_EQ(AttemptsOf(run), 2);
}

TEST_F(DataProcessingExecutorTest, ALeaseThatWaitsOutlivesItsTimeToLive) {
  ExecutorConfig config = DataConfig();
  config.lease_ttl = 2s;
  StartData(config);
  RunId run = SubmitTwoLarge();
  const int before = events.Get([&] { return events.heartbeats_ok; });
  ASSERT_TRUE(
      events.WaitFor([&] { return events.heartbeats_ok >= before + 4; }));
  let_go.Open();
  EXPECT_EQ(Await(run).state, RunState::kSucceeded);
  EXPECT_EQ(Task(run, "second").attempt, 1);
  EXPECT_EQ(counted, 1);
}

TEST_F(DataProcessingExecutorTest, ACancelReachesALeaseThatWaits) {
  StartData(DataConfig());
  RunId run = SubmitTwoLarge();
  ASSERT_TRUE(store->Cancel(run, "enough").ok());
  EXPECT_EQ(Await(run).state, RunState::kCancelled);
  EXPECT_EQ(Task(run, "second").state, TaskState::kCancelled);
  EXPECT_EQ(counted, 0);
}

TEST_F(DataProcessingExecutorTest, ADrainGivesBackALeaseThatWaitsUncounted) {
  StartData(DataConfig());
  RunId run = SubmitTwoLarge();
  executor->Drain(0ms);
  EXPECT_EQ(Task(run, "second").state, TaskState::kReady);
  EXPECT_EQ(counted, 0);
  EXPECT_EQ(executor->reserved().memory_bytes, 0);
  StartData(DataConfig());
  EXPECT_EQ(Await(run).state, RunState::kSucceeded);
  EXPECT_EQ(counted, 1);
}

TEST_F(DataProcessingExecutorTest, ALostLeaseThatWaitedIsExecutedOnce) {
  StartData(DataConfig());
  RunId run = SubmitTwoLarge();
  ASSERT_TRUE(store->Deregister(store->ListExecutors()->front().id).ok());
  EXPECT_EQ(Await(run).state, RunState::kSucceeded);
  EXPECT_EQ(counted, 1);
}

TEST_F(DataProcessingExecutorTest, WhatCanNeverFitIsPutOffAndReported) {
  StartData(DataConfig());
  RunId run = Submit(R"(
windlass: 1
name: big
tasks: {a: {type: count, resources: {memory: 1MiB, cpu: 8}}}
)");
  ASSERT_TRUE(events.WaitFor([&] { return events.finished == 1; }));
  EXPECT_THAT(
      events.Get([&] { return events.postponed; }),
      ElementsAre("a: it asks for 1 MiB of memory, and the executor has "
                  "9.53674e-05 MiB; for 8 processors, and the executor has 4"));
  EXPECT_EQ(Task(run, "a").state, TaskState::kScheduled);
  EXPECT_EQ(AttemptsOf(run), 0);
  // It holds nobody up.
  RunId small = Submit("{windlass: 1, name: s, tasks: {a: {type: count}}}");
  EXPECT_EQ(Await(small).state, RunState::kSucceeded);
}

TEST_F(DataProcessingExecutorTest, ADataTaskThatStatesNothingGetsAShare) {
  Handle("sql", [this](TaskContext& task) {
    const std::int64_t reserved = executor->reserved().memory_bytes;
    return Outcome::Success(
        Json(JsonObject{{"memory", reserved}, {"id", task.lease().spec().id}}));
  });
  ExecutorConfig config = DataConfig();
  config.slots = 1;  // So that nothing else is reserved.
  config.capacity.memory_bytes = 1000;
  StartData(config);
  const auto reserved = [&](std::string_view task) {
    RunId run =
        Submit(Concat("{windlass: 1, name: d, tasks: {a: ", task, "}}"));
    Await(run);
    return Value(run, "a").at("memory").to_number<std::int64_t>();
  };
  EXPECT_EQ(reserved("{type: sql}"), 1000);
  EXPECT_EQ(reserved("{type: sql, resources: {memory: 200}}"), 200);
  EXPECT_EQ(reserved("{type: sql, params: {memory: 300}}"), 300);
  EXPECT_EQ(reserved("{type: sql, params: {memory: 400B}, "
                     "resources: {memory: 200}}"),
            400);
  EXPECT_EQ(reserved("{type: sql, params: {memory: \"${{ 7 * 100 }}\"}}"),
            1000);
}

}  // namespace
}  // namespace windlass

// Attempts in flight: many at a time, without a thread each.
#include "windlass/api_integration_executor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <stop_token>
#include <thread>

#include "support/executor_world.h"

namespace windlass {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using testing::Latch;

std::function<Outcome()> Succeeds(Json value = nullptr) {
  return
      [value = std::move(value)] { return Outcome::Success(Content(value)); };
}

// Keeps what began until the test ends it, or its stop does.
class HeldHandler : public AsyncTaskHandler {
 public:
  void Begin(TaskContext& task, EndAttempt end) override {
    const std::stop_token stop = task.stop_token();
    auto held = std::make_shared<Held>();
    held->end = std::move(end);
    {
      MutexLock lock(mutex_);
      held_.push_back(held);
      most_ = std::max(most_, held_.size());
      changed_.notify_all();
    }
    if (!heed_stop) return;
    held->stop.emplace(stop, [this, raw = held.get()] {
      EndOne(raw, [] { return Outcome::Cancelled(); });
    });
  }

  bool WaitFor(std::size_t count) {
    MutexLock lock(mutex_);
    return changed_.wait_for(mutex_, testing::kPatience, [&] {
      mutex_.AssertHeld();
      return held_.size() >= count;
    });
  }
  void EndAll(const std::function<Outcome()>& outcome) {
    std::vector<std::shared_ptr<Held>> all;
    {
      MutexLock lock(mutex_);
      all.swap(held_);
    }
    for (const auto& held : all) held->end(outcome);
  }
  // Destroys what would have ended them.
  void ForgetAll() {
    std::vector<std::shared_ptr<Held>> all;
    MutexLock lock(mutex_);
    all.swap(held_);
  }
  std::size_t most() {
    MutexLock lock(mutex_);
    return most_;
  }

  bool heed_stop = true;

 private:
  struct Held {
    EndAttempt end;
    std::optional<std::stop_callback<std::function<void()>>> stop;
  };

  void EndOne(const Held* which, const std::function<Outcome()>& outcome) {
    std::shared_ptr<Held> found;
    {
      MutexLock lock(mutex_);
      for (const auto& held : held_) {
        if (held.get() == which) found = held;
      }
      std::erase(held_, found);
    }
    if (found != nullptr) found->end(outcome);
  }

  Mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<std::shared_ptr<Held>> held_ ABSL_GUARDED_BY(mutex_);
  std::size_t most_ ABSL_GUARDED_BY(mutex_) = 0;
};

class ApiIntegrationExecutorTest : public testing::ExecutorWorld {
 protected:
  ApiIntegrationExecutorTest() {
    auto handler = std::make_unique<HeldHandler>();
    held = handler.get();
    handlers.Add("held", std::move(handler));
  }

  // One slot, and so many in flight.
  void StartApi(int in_flight) {
    ExecutorConfig config = Config();
    config.slots = 1;
    config.in_flight = in_flight;
    config.sweep_interval = 20ms;
    source = MakePollingSource(*store, *clock, {});
    ExecutorParts parts = Parts();
    parts.source = source.get();
    executor = std::make_unique<ApiIntegrationExecutor>(config, parts);
    absl::Status started = executor->Start();
    ASSERT_TRUE(started.ok()) << started;
  }

  RunId SubmitMap(int count) {
    std::string items = "[0";
    for (int i = 1; i < count; ++i) items += "," + std::to_string(i);
    return Submit(R"({windlass: 1, name: many, tasks: {call: {type: held,
        map: {items: )" +
                  items + "], as: i}}}}");
  }

  // Whatever begins from now on.
  std::jthread KeepEnding() {
    return std::jthread([this](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        held->EndAll(Succeeds());
        std::this_thread::sleep_for(1ms);
      }
    });
  }

  HeldHandler* held = nullptr;
  std::unique_ptr<TaskSource> source;
  std::unique_ptr<ApiIntegrationExecutor> executor;
};

TEST_F(ApiIntegrationExecutorTest, HundredsWaitAtATimeWithoutAThreadEach) {
  StartApi(1000);
  RunId run = SubmitMap(500);
  ASSERT_TRUE(held->WaitFor(500));
  EXPECT_EQ(executor->busy_slots(), 500);
  held->EndAll(Succeeds(7));
  EXPECT_EQ(Await(run).state, RunState::kSucceeded);
  EXPECT_EQ(Value(run, "call", 499), Json(7));
}

TEST_F(ApiIntegrationExecutorTest, NoMoreAreInFlightThanAllowed) {
  StartApi(10);
  RunId run = SubmitMap(25);
  ASSERT_TRUE(held->WaitFor(10));
  const std::jthread ending = KeepEnding();
  EXPECT_EQ(Await(run).state, RunState::kSucceeded);
  EXPECT_EQ(held->most(), 10U);
}

TEST_F(ApiIntegrationExecutorTest, SlotsAreThereWhileEverythingIsInFlight) {
  StartApi(5);
  RunId flights = SubmitMap(20);
  ASSERT_TRUE(held->WaitFor(5));
  RunId run = Submit("{windlass: 1, name: one, tasks: {a: {type: noop}}}");
  EXPECT_EQ(Await(run).state, RunState::kSucceeded);
  const std::jthread ending = KeepEnding();
  EXPECT_EQ(Await(flights).state, RunState::kSucceeded);
}

TEST_F(ApiIntegrationExecutorTest, FlightsAreThereWhileEverySlotIsTaken) {
  Latch let_go;
  Handle("block", [&](TaskContext&) {
    EXPECT_TRUE(let_go.Wait());
    return Outcome::Success();
  });
  StartApi(5);
  RunId blocked = Submit(R"({windlass: 1, name: block, tasks: {
      a: {type: block}, b: {type: block}, c: {type: block}}})");
  RunId run = SubmitMap(3);
  ASSERT_TRUE(held->WaitFor(3));
  held->EndAll(Succeeds());
  EXPECT_EQ(Await(run).state, RunState::kSucceeded);
  let_go.Open();
  EXPECT_EQ(Await(blocked).state, RunState::kSucceeded);
}

TEST_F(ApiIntegrationExecutorTest, ItsOutcomeIsMadeOnAThreadOfTheExecutor) {
  StartApi(2);
  RunId run = SubmitMap(1);
  ASSERT_TRUE(held->WaitFor(1));
  std::thread::id made_on;
  held->EndAll([&] {
    made_on = std::this_thread::get_id();
    return Outcome::Success(Content(Json(1)));
  });
  EXPECT_EQ(Await(run).state, RunState::kSucceeded);
  EXPECT_NE(made_on, std::thread::id());
  EXPECT_NE(made_on, std::this_thread::get_id());
}

TEST_F(ApiIntegrationExecutorTest, MetadataOfAnOutcomeIsKeptWithItsResult) {
  StartApi(2);
  RunId run = SubmitMap(1);
  ASSERT_TRUE(held->WaitFor(1));
  held->EndAll([] {
    Outcome outcome = Outcome::Success(Content(Json(1)));
    outcome.metadata["status"] = 200;
    return outcome;
  });
  EXPECT_EQ(Await(run).state, RunState::kSucceeded);
  EXPECT_EQ(Task(run, "call", 0).result->metadata["status"], Json(200));
}

TEST_F(ApiIntegrationExecutorTest, AForgottenAttemptFails) {
  StartApi(2);
  RunId run =
      Submit(R"({windlass: 1, name: one, tasks: {call: {type: held}}})");
  ASSERT_TRUE(held->WaitFor(1));
  held->ForgetAll();
  EXPECT_EQ(Await(run).state, RunState::kFailed);
  EXPECT_THAT(Task(run, "call").error->message, HasSubstr("forgotten"));
}

TEST_F(ApiIntegrationExecutorTest, ItsTimeEndsAnAttemptInFlight) {
  StartApi(2);
  RunId run = Submit(R"({windlass: 1, name: one, tasks: {
      call: {type: held, start_to_close_timeout: 20ms}}})");
  EXPECT_EQ(Await(run).state, RunState::kFailed);
  EXPECT_EQ(Task(run, "call").error->type, error_type::kTimeout);
  EXPECT_EQ(events.Get([&] { return events.abandoned; }), 0);
}

TEST_F(ApiIntegrationExecutorTest, OneThatIgnoresItsStopIsAbandoned) {
  held->heed_stop = false;
  StartApi(1);
  RunId run = Submit(R"({windlass: 1, name: one, tasks: {call: {type: held,
      start_to_close_timeout: 20ms, cancellation: {grace_period: 10ms}}}})");
  EXPECT_EQ(Await(run).state, RunState::kFailed);
  EXPECT_EQ(events.Get([&] { return events.abandoned; }), 1);
  // Its place is free again, and what it says later is nobody's business.
  RunId next =
      Submit(R"({windlass: 1, name: two, tasks: {call: {type: held}}})");
  ASSERT_TRUE(held->WaitFor(2));
  held->EndAll(Succeeds());
  EXPECT_EQ(Await(next).state, RunState::kSucceeded);
  EXPECT_EQ(store->GetRun(run)->state, RunState::kFailed);
}

TEST_F(ApiIntegrationExecutorTest, AnAbandonedAttemptMayEndAfterItsExecutor) {
  held->heed_stop = false;
  StartApi(1);
  RunId run = Submit(R"({windlass: 1, name: one, tasks: {call: {type: held,
      start_to_close_timeout: 20ms, cancellation: {grace_period: 10ms}}}})");
  EXPECT_EQ(Await(run).state, RunState::kFailed);
  executor.reset();
  held->EndAll(Succeeds());
}

TEST_F(ApiIntegrationExecutorTest, ADrainLetsFlightsEnd) {
  StartApi(5);
  RunId run = SubmitMap(3);
  ASSERT_TRUE(held->WaitFor(3));
  std::jthread draining([&] { executor->Drain(testing::kPatience); });
  while (!executor->readiness().draining) std::this_thread::sleep_for(1ms);
  held->EndAll(Succeeds());
  draining.join();
  EXPECT_EQ(executor->busy_slots(), 0);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Task(run, "call", i).state, TaskState::kSucceeded);
  }
}

TEST_F(ApiIntegrationExecutorTest, ADrainGivesBackFlightsThatDoNotEnd) {
  StartApi(5);
  RunId run = SubmitMap(3);
  ASSERT_TRUE(held->WaitFor(3));
  executor->Stop();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Task(run, "call", i).state, TaskState::kReady);
    EXPECT_EQ(Task(run, "call", i).attempt, 1);
  }
}

TEST_F(ApiIntegrationExecutorTest, ElsewhereOneTakesASlot) {
  auto generic = Start();
  RunId run = SubmitMap(3);
  ASSERT_TRUE(held->WaitFor(2));
  EXPECT_EQ((*generic)->busy_slots(), 2);
  const std::jthread ending = KeepEnding();
  EXPECT_EQ(Await(run).state, RunState::kSucceeded);
  EXPECT_LE(held->most(), 2U);
}

}  // namespace
}  // namespace windlass

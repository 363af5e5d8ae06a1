// Attempts that a limit lets begin a little later: in a slot and in flight.

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "base/concat.h"
#include "support/executor_world.h"
#include "support/forwarding_store.h"

namespace windlass {
namespace {

using namespace std::chrono_literals;

// Adds to the delay of what is granted, and keeps when that may begin.
class DelayingStore : public testing::ForwardingStore {
 public:
  DelayingStore(Store& real, Clock& clock)
      : ForwardingStore(real), clock_(clock) {}

  absl::StatusOr<std::vector<PermitAnswer>> AcquirePermits(
      std::span<const PermitRequest> requests) override {
    auto answers = ForwardingStore::AcquirePermits(requests);
    if (!answers.ok()) return answers;
    MutexLock lock(mutex_);
    for (PermitAnswer& answer : *answers) {
      if (answer.decision != PermitDecision::kGranted) continue;
      answer.delay += delay;
      times_.push_back(clock_.Steady() + answer.delay);
    }
    return answers;
  }

  std::vector<Duration> times() {
    MutexLock lock(mutex_);
    return times_;
  }
  void AwaitOne() {
    while (times().empty()) std::this_thread::sleep_for(1ms);
  }

  Duration delay{0};

 private:
  Clock& clock_;
  Mutex mutex_;
  std::vector<Duration> times_ ABSL_GUARDED_BY(mutex_);
};

// Keeps when attempts began.
class NotingHandler : public AsyncTaskHandler {
 public:
  explicit NotingHandler(Clock& clock) : clock_(clock) {}

  void Begin(TaskContext&, EndAttempt end) override {
    {
      MutexLock lock(mutex_);
      begun_.push_back(clock_.Steady());
    }
    end([] { return Outcome::Success(); });
  }

  std::vector<Duration> begun() {
    MutexLock lock(mutex_);
    return begun_;
  }

 private:
  Clock& clock_;
  Mutex mutex_;
  std::vector<Duration> begun_ ABSL_GUARDED_BY(mutex_);
};

// The parameter is how many there may be in flight; 0: they take slots.
class LateStartTest : public testing::ExecutorWorld,
                      public ::testing::WithParamInterface<int> {
 protected:
  LateStartTest() : delaying(*store, *clock) {
    store_seen = &delaying;
    auto handler = std::make_unique<NotingHandler>(*clock);
    noting = handler.get();
    handlers.Add("note", std::move(handler));
  }

  std::unique_ptr<testing::TestExecutor> StartOne() {
    ExecutorConfig config = Config();
    config.in_flight = GetParam();
    return Start(config);
  }
  RunId SubmitOne(const std::string& more = "") {
    return Submit(Concat("{windlass: 1, name: late, tasks: {a: {type: note, ",
                         more,
                         " rate_limit: {key: k, limit: 1, period: 300ms}}}}"));
  }

  DelayingStore delaying;
  NotingHandler* noting = nullptr;
};

TEST_P(LateStartTest, NothingBeginsBeforeItsTime) {
  delaying.delay = 50ms;
  auto executor = StartOne();
  const RunId run = Submit(R"({windlass: 1, name: late, tasks: {a: {type: note,
      map: {items: [1, 2, 3, 4], as: i},
      rate_limit: {key: k, limit: 1, period: 300ms}}}})");
  EXPECT_EQ(Await(run).state, RunState::kSucceeded);
  const std::vector<Duration> begun = noting->begun();
  const std::vector<Duration> times = delaying.times();
  ASSERT_EQ(begun.size(), 4U);
  ASSERT_EQ(times.size(), 4U);
  for (std::size_t i = 0; i < begun.size(); ++i) EXPECT_GE(begun[i], times[i]);
}

TEST_P(LateStartTest, TheTimeOfAnAttemptCountsFromItsStart) {
  delaying.delay = 2500ms;
  auto executor = StartOne();
  const RunId run = SubmitOne("start_to_close_timeout: 2s,");
  EXPECT_EQ(Await(run).state, RunState::kSucceeded);
}

TEST_P(LateStartTest, ACancelEndsTheWaitAndNothingBegins) {
  delaying.delay = 24h;
  auto executor = StartOne();
  const RunId run = SubmitOne();
  delaying.AwaitOne();
  ASSERT_TRUE(store->Cancel(run, "").ok());
  EXPECT_EQ(Await(run).state, RunState::kCancelled);
  EXPECT_TRUE(events.WaitFor([&] { return events.finished == 1; }));
  EXPECT_TRUE(noting->begun().empty());
  EXPECT_EQ(events.Get([&] { return events.abandoned; }), 0);
}

TEST_P(LateStartTest, AStopOfTheExecutorGivesWhatWaitsBack) {
  delaying.delay = 24h;
  auto executor = StartOne();
  const RunId run = SubmitOne();
  delaying.AwaitOne();
  (*executor)->Stop();
  EXPECT_TRUE(noting->begun().empty());
  EXPECT_EQ(Task(run, "a").state, TaskState::kReady);
  EXPECT_EQ(AttemptsOf(run), 0);
}

INSTANTIATE_TEST_SUITE_P(InASlotAndInFlight, LateStartTest,
                         ::testing::Values(0, 8), [](const auto& parameter) {
                           return parameter.param == 0 ? "InASlot" : "InFlight";
                         });

}  // namespace
}  // namespace windlass

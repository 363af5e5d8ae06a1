// Concurrency that finds out how much it may allow: one limit for all
// executors, never above what the workflow says, and nobody forgotten.

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "conformance/permit_test.h"

namespace windlass {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

class AdaptiveLimitTest : public PermitTest {
 protected:
  static std::shared_ptr<const Workflow> Adaptive(int limit,
                                                  AdaptiveSpec adaptive = {}) {
    WorkflowBuilder builder;
    TaskSpec& spec = builder.Task("a");
    spec.concurrency.emplace();
    spec.concurrency->key = "api";
    spec.concurrency->limit = limit;
    spec.concurrency->adaptive = adaptive;
    spec.retry_policy.maximum_attempts = 0;
    spec.retry_policy.initial_interval = Duration(0);
    return builder.Build();
  }
  static AdaptiveSpec AtLeast(
      int minimum, std::optional<Duration> target_latency = std::nullopt) {
    return {.minimum = minimum, .target_latency = target_latency};
  }
  void SubmitMany(const std::shared_ptr<const Workflow>& workflow, int count) {
    SubmitRequest request;
    request.workflow = workflow;
    request.copies = count;
    Value(store().Submit({&request, 1}));
  }

  static AttemptEnd Refused(const Lease& lease) {
    AttemptEnd end = Failure(lease, "TooMuch");
    end.error->category = ErrorCategory::kThrottled;
    return end;
  }
  static AttemptEnd After(const Lease& lease, Duration run_time) {
    AttemptEnd end = Success(lease);
    end.run_time = run_time;
    return end;
  }

  // All that may run at present; the others wait.
  std::vector<Lease> BeginAll(Store& store, ExecutorId executor) {
    ClaimRequest want;
    want.executor = executor;
    want.limit = 100;
    std::vector<Lease> begun;
    std::vector<AttemptEnd> waits;
    const auto leases = Value(store.Claim(want)).leases;
    std::vector<PermitRequest> requests;
    for (const Lease& lease : leases) requests.push_back(Request(lease));
    const auto decisions = Decide(store, requests);
    for (std::size_t i = 0; i < decisions.size(); ++i) {
      if (decisions[i] == kGranted) begun.push_back(leases[i]);
      if (decisions[i] == kWait) waits.push_back(Blocked(leases[i]));
    }
    want.limit = 0;
    Value(store.Finish(waits, want));
    return begun;
  }
  std::vector<Lease> BeginAll() { return BeginAll(store(), executor()); }

  LimitRecord Only() {
    const auto limits = Value(store().ListLimits());
    EXPECT_THAT(limits, SizeIs(1));
    return limits.empty() ? LimitRecord() : limits[0];
  }
  int Allowed() {
    const LimitRecord limit = Only();
    EXPECT_TRUE(limit.adaptive.has_value());
    return limit.adaptive ? limit.adaptive->allowed : 0;
  }
  // Runs all that may run at present, and time goes on.
  void Window(Duration run_time = seconds(1)) {
    std::vector<AttemptEnd> ends;
    for (const Lease& lease : BeginAll()) {
      ends.push_back(After(lease, run_time));
    }
    clock().Advance(seconds(1));
    Finish(ends);
  }
};

TEST_P(AdaptiveLimitTest, MoreAreLetGoAsLongAsAllIsWell) {
  SubmitMany(Adaptive(10), 60);
  ASSERT_THAT(BeginAll(), SizeIs(1));
  EXPECT_EQ(Allowed(), 1);
  EXPECT_EQ(Only().limit, 10);
  EXPECT_EQ(Only().waiting, 59);
  // An executor that comes later is asked for no more.
  EXPECT_THAT(BeginAll(), IsEmpty());
}

TEST_P(AdaptiveLimitTest, DoublesUpToTheLimitAndNeverBeyond) {
  SubmitMany(Adaptive(10), 60);
  std::vector<std::size_t> at_a_time;
  for (int i = 0; i < 6; ++i) {
    const auto begun = BeginAll();
    at_a_time.push_back(begun.size());
    std::vector<AttemptEnd> ends;
    for (const Lease& lease : begun) ends.push_back(Success(lease));
    clock().Advance(seconds(1));
    Finish(ends);
  }
  EXPECT_EQ(at_a_time, (std::vector<std::size_t>{1, 2, 4, 8, 10, 10}));
  EXPECT_EQ(Allowed(), 10);
}

TEST_P(AdaptiveLimitTest, ShrinksOnceForAllThatWereUnderWay) {
  SubmitMany(Adaptive(10, AtLeast(10)), 10);
  const auto begun = BeginAll();
  ASSERT_THAT(begun, SizeIs(10));
  SubmitMany(Adaptive(20, AtLeast(1)), 40);
  EXPECT_THAT(BeginAll(), IsEmpty());
  EXPECT_EQ(Allowed(), 10);
  clock().Advance(seconds(1));
  EXPECT_TRUE(Finish(Refused(begun[0])));
  EXPECT_EQ(Allowed(), 7);
  // These had begun before.
  clock().Advance(seconds(1));
  for (std::size_t i = 1; i < 4; ++i) EXPECT_TRUE(Finish(Refused(begun[i])));
  EXPECT_EQ(Allowed(), 7);
  // Six run still, and one was let go.
  EXPECT_EQ(Only().in_use, 7);
  EXPECT_THAT(BeginAll(), SizeIs(1));
  for (std::size_t i = 4; i < 10; ++i) {
    EXPECT_TRUE(Finish(Success(begun[i])));
  }
  EXPECT_EQ(Allowed(), 7);
  EXPECT_EQ(Only().in_use, 7);
  clock().Advance(seconds(1));
  const auto next = BeginAll();
  ASSERT_THAT(next, SizeIs(6));
  clock().Advance(seconds(1));
  EXPECT_TRUE(Finish(Refused(next[0])));
  EXPECT_EQ(Allowed(), 4);
}

TEST_P(AdaptiveLimitTest, GrowsByOneOnceItHasBeenTooMuch) {
  SubmitMany(Adaptive(30, AtLeast(5)), 100);
  auto begun = BeginAll();
  ASSERT_THAT(begun, SizeIs(5));
  clock().Advance(seconds(1));
  std::vector<AttemptEnd> ends = {Refused(begun[0])};
  for (std::size_t i = 1; i < 5; ++i) ends.push_back(Success(begun[i]));
  Finish(ends);
  EXPECT_EQ(Allowed(), 5);
  for (int expected = 6; expected < 9; ++expected) {
    clock().Advance(seconds(1));
    Window();
    EXPECT_EQ(Allowed(), expected);
  }
}

TEST_P(AdaptiveLimitTest, SlowAnswersShrinkItWhereALatencyIsAimedAt) {
  SubmitMany(Adaptive(30, AtLeast(2, milliseconds(200))), 200);
  for (int i = 0; i < 3; ++i) Window(milliseconds(100));
  EXPECT_EQ(Allowed(), 16);
  EXPECT_EQ(Only().adaptive->target_latency, milliseconds(200));
  Window(milliseconds(300));
  EXPECT_EQ(Allowed(), 11);
  Window(milliseconds(100));
  EXPECT_EQ(Allowed(), 12);
}

TEST_P(AdaptiveLimitTest, WhatExecutorsDoSaysNothing) {
  SubmitMany(Adaptive(30, AtLeast(4)), 20);
  const auto begun = BeginAll();
  ASSERT_THAT(begun, SizeIs(4));
  clock().Advance(seconds(1));
  AttemptEnd released = Ended(begun[0], AttemptOutcome::kReleased);
  EXPECT_TRUE(Finish(released));
  EXPECT_TRUE(Finish(Failure(begun[1])));
  ASSERT_TRUE(store().Deregister(executor()).ok());
  EXPECT_EQ(Allowed(), 4);
  EXPECT_EQ(Value(store().ListAdaptiveLimits()).size(), 1U);
  executor_.reset();
  EXPECT_THAT(BeginAll(), SizeIs(4));
}

TEST_P(AdaptiveLimitTest, TheRunSubmittedLastSaysWhetherItIsAdaptive) {
  SubmitMany(Adaptive(8, AtLeast(2)), 30);
  Window();
  EXPECT_EQ(Allowed(), 4);
  WorkflowBuilder builder;
  TaskSpec& spec = builder.Task("a");
  spec.concurrency.emplace();
  spec.concurrency->key = "api";
  spec.concurrency->limit = 6;
  Submit(builder.Build());
  BeginAll();
  EXPECT_FALSE(Only().adaptive.has_value());
  EXPECT_THAT(Value(store().ListAdaptiveLimits()), IsEmpty());
  // What it was is not remembered.
  SubmitMany(Adaptive(9, AtLeast(3)), 1);
  BeginAll();
  EXPECT_EQ(Allowed(), 3);
}

TEST_P(AdaptiveLimitTest, ARetryOrAReopenedStoreChangesNothing) {
  SubmitMany(Adaptive(30, AtLeast(4)), 40);
  Window();
  EXPECT_EQ(Allowed(), 8);
  Reopen();
  EXPECT_EQ(Allowed(), 8);
  const auto begun = BeginAll();
  ASSERT_THAT(begun, SizeIs(8));
  clock().Advance(seconds(1));
  EXPECT_TRUE(Finish(Refused(begun[0])));
  // Said twice: the lease had ended.
  EXPECT_FALSE(Finish(Refused(begun[0])));
  EXPECT_EQ(Allowed(), 5);
  const auto listed = Value(store().ListAdaptiveLimits());
  ASSERT_THAT(listed, SizeIs(1));
  EXPECT_EQ(listed[0].key, "api");
  EXPECT_EQ(listed[0].allowed, 5);
  EXPECT_EQ(listed[0].limit, 30);
}

// Executors of several processes, and a service that takes five at a time.
TEST_P(AdaptiveLimitTest, AFleetSettlesNearWhatTheServiceTakes) {
  constexpr int kRuns = 300;
  constexpr int kCapacity = 5;
  SubmitMany(Adaptive(40), kRuns);
  std::atomic<int> under_way = 0;
  std::atomic<int> most_late = 0;
  std::vector<std::unique_ptr<Store>> handles;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    handles.push_back(OpenAnother());
    const ExecutorId self =
        Register("racer" + std::to_string(i), hours(24 * 365));
    threads.emplace_back([&, self, store = handles.back().get()] {
      ClaimRequest none;
      none.executor = self;
      none.limit = 0;
      while (Value(store->CountRuns()).succeeded < kRuns) {
        const auto begun = BeginAll(*store, self);
        std::vector<AttemptEnd> ends;
        for (const Lease& lease : begun) {
          const bool fits = ++under_way <= kCapacity;
          ends.push_back(fits ? Success(lease) : Refused(lease));
        }
        clock().Advance(Duration(1));
        if (!ends.empty()) Value(store->Finish(ends, none));
        under_way -= static_cast<int>(begun.size());
        for (const auto& one : Value(store->ListAdaptiveLimits())) {
          EXPECT_LE(one.allowed, 40);
          if (Value(store->CountRuns()).succeeded < kRuns / 3) continue;
          most_late = std::max<int>(most_late, one.allowed);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Value(store().CountRuns()).succeeded, kRuns);
  EXPECT_LE(most_late, 4 * kCapacity);
  EXPECT_EQ(Only().waiting, 0);
  EXPECT_EQ(Only().in_use, 0);
}

INSTANTIATE_TEST_SUITE_P(Stores, AdaptiveLimitTest,
                         testing::ValuesIn(AllStores()), StoreName);

}  // namespace
}  // namespace windlass

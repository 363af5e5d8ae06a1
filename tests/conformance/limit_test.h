// What tests of limits share.
#pragma once

#include <gmock/gmock.h>

#include <memory>
#include <optional>
#include <string>

#include "conformance/store_test.h"
#include "model/limits.h"
#include "windlass/self_check.h"

namespace windlass {

inline constexpr auto kGranted = PermitDecision::kGranted;
inline constexpr auto kWait = PermitDecision::kWait;

// Of the period below.
inline const RatePace kPace = PaceOf(std::chrono::seconds(10));

// What the tasks of a workflow are limited by.
struct Limits {
  std::optional<int> concurrency = std::nullopt;
  std::optional<int> rate = std::nullopt;
  Duration period = std::chrono::seconds(10);
  int priority = 5;
  std::string queue = "default";
};

class LimitTest : public StoreTest {
 protected:
  void TearDown() override {
    // The waiters of a paused queue and the like included.
    for (const auto& found : Value(FindContradictions(store()))) {
      ADD_FAILURE() << FormatRunId(found.run) << " " << found.task << " "
                    << found.what;
    }
    StoreTest::TearDown();
  }

  static void Limit(TaskSpec& spec, const Limits& limits) {
    if (limits.concurrency) {
      spec.concurrency.emplace();
      spec.concurrency->key = "${{ params.key }}";
      spec.concurrency->limit = *limits.concurrency;
    }
    if (limits.rate) {
      spec.rate_limit.emplace();
      spec.rate_limit->key = "${{ params.key }}";
      spec.rate_limit->limit = *limits.rate;
      spec.rate_limit->period = limits.period;
    }
    spec.priority = limits.priority;
    spec.queue = limits.queue;
  }

  static std::shared_ptr<const Workflow> Limited(const Limits& limits) {
    WorkflowBuilder builder;
    Limit(builder.Task("a"), limits);
    return builder.Build();
  }

  // With all the keys that the task's fields ask for being `key`.
  static PermitRequest Request(const Lease& lease, const std::string& key) {
    PermitRequest request;
    request.lease = lease;
    if (lease.spec().concurrency) request.keys.concurrency = key;
    if (lease.spec().rate_limit) request.keys.rate = key;
    return request;
  }
  PermitDecision Ask(const Lease& lease, const std::string& key = "k") {
    return Answer(lease, key).decision;
  }
  PermitAnswer Answer(const Lease& lease, const std::string& key = "k") {
    const PermitRequest request = Request(lease, key);
    return Value(store().AcquirePermits({&request, 1})).at(0);
  }
  static AttemptEnd Blocked(const Lease& lease, const std::string& key = "k") {
    AttemptEnd end = Ended(lease, AttemptOutcome::kParked);
    end.wake.kind = WakeCondition::Kind::kPermit;
    end.wake.keys = Request(lease, key).keys;
    return end;
  }
  // Submits a run and takes its task; parks it if it has to wait.
  struct Begun {
    RunId run;
    Lease lease;
    PermitDecision decision = kWait;
  };
  Begun Begin(const std::shared_ptr<const Workflow>& workflow,
              const std::string& key = "k") {
    Begun begun;
    begun.run = Submit(workflow);
    begun.lease = ClaimOne();
    begun.decision = Ask(begun.lease, key);
    if (begun.decision == kWait) {
      EXPECT_TRUE(Finish(Blocked(begun.lease, key)));
    }
    return begun;
  }
  LimitRecord Only() {
    const auto limits = Value(store().ListLimits());
    EXPECT_THAT(limits, testing::SizeIs(1));
    return limits.empty() ? LimitRecord() : limits[0];
  }
};

}  // namespace windlass

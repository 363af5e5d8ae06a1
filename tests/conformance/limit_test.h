// What tests of limits share.
#pragma once

#include <gmock/gmock.h>

#include <memory>
#include <optional>
#include <string>

#include "conformance/permit_test.h"
#include "model/rates.h"

namespace windlass {

// Of the period below, and of limits as small as those of tests.
inline const RatePace kPace = PaceOf(std::chrono::seconds(10), 1);

// What the tasks of a workflow are limited by.
struct Limits {
  std::optional<int> concurrency = std::nullopt;
  std::optional<int> rate = std::nullopt;
  Duration period = std::chrono::seconds(10);
  std::optional<int> burst = std::nullopt;
  int priority = 5;
  std::string queue = "default";
};

class LimitTest : public PermitTest {
 protected:
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
      spec.rate_limit->burst = limits.burst;
    }
    spec.priority = limits.priority;
    spec.queue = limits.queue;
  }

  static std::shared_ptr<const Workflow> Limited(const Limits& limits) {
    WorkflowBuilder builder;
    Limit(builder.Task("a"), limits);
    return builder.Build();
  }

  LimitRecord Only() {
    const auto limits = Value(store().ListLimits());
    EXPECT_THAT(limits, testing::SizeIs(1));
    return limits.empty() ? LimitRecord() : limits[0];
  }
};

}  // namespace windlass

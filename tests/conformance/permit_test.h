// What tests of limits and circuits share: tasks that ask before they begin.
#pragma once

#include <gmock/gmock.h>

#include <memory>
#include <string>

#include "conformance/store_test.h"
#include "windlass/self_check.h"

namespace windlass {

inline constexpr auto kGranted = PermitDecision::kGranted;
inline constexpr auto kWait = PermitDecision::kWait;

class PermitTest : public StoreTest {
 protected:
  void TearDown() override {
    // The waiters of a paused queue and the like included.
    for (const auto& found : Value(FindContradictions(store()))) {
      ADD_FAILURE() << FormatRunId(found.run) << " " << found.task << " "
                    << found.what;
    }
    StoreTest::TearDown();
  }

  // With all the keys that the task's fields ask for being `key`.
  static PermitRequest Request(const Lease& lease,
                               const std::string& key = "api") {
    PermitRequest request;
    request.lease = lease;
    if (lease.spec().concurrency) request.keys.concurrency = key;
    if (lease.spec().rate_limit) request.keys.rate = key;
    if (lease.spec().circuit_breaker) request.keys.circuit = key;
    return request;
  }
  PermitDecision Ask(const Lease& lease, const std::string& key = "api") {
    return Answer(lease, key).decision;
  }
  PermitAnswer Answer(const Lease& lease, const std::string& key = "api") {
    const PermitRequest request = Request(lease, key);
    return Value(store().AcquirePermits({&request, 1})).at(0);
  }
  static AttemptEnd Blocked(const Lease& lease,
                            const std::string& key = "api") {
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
              const std::string& key = "api") {
    Begun begun;
    begun.run = Submit(workflow);
    begun.lease = ClaimOne();
    begun.decision = Ask(begun.lease, key);
    if (begun.decision == kWait) {
      EXPECT_TRUE(Finish(Blocked(begun.lease, key)));
    }
    return begun;
  }
};

}  // namespace windlass

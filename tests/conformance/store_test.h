// The fixture of the conformance suite: a store, a clock that only tests move,
// and short words for what executors do.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "conformance/store_factory.h"
#include "support/workflows.h"
#include "windlass/store.h"

namespace windlass {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class StoreTest : public testing::TestWithParam<StoreKind> {
 protected:
  void SetUp() override;

  Store& store() { return *store_; }
  ManualClock& clock() { return factory_->clock(); }
  // Another process's handle on the same data.
  std::unique_ptr<Store> OpenAnother() { return factory_->Open(); }
  // Lets go of the handle and opens the data again.
  void Reopen();

  RunId Submit(std::shared_ptr<const Workflow> workflow,
               Json params = JsonObject{});
  ExecutorId Register(const std::string& name = "executor",
                      Duration lease_ttl = seconds(10));

  // One registered at the first call.
  ExecutorId executor();
  ClaimRequest Want(int limit);
  std::vector<Lease> Claim(int limit = 100);
  // The only claimable task.
  Lease ClaimOne();
  std::vector<Lease> ClaimAs(ExecutorId executor, int limit = 100);

  // Whether each was accepted. Claims nothing.
  std::vector<bool> Finish(const std::vector<AttemptEnd>& ends);
  bool Finish(const AttemptEnd& end) {
    return Finish(std::vector<AttemptEnd>{end}).at(0);
  }
  FinishReply FinishAndClaim(const std::vector<AttemptEnd>& ends, int limit);
  bool Succeed(const Lease& lease) { return Finish(Success(lease)); }
  bool Fail(const Lease& lease) { return Finish(Failure(lease)); }
  // Makes the instances of a mapped task known.
  bool Expand(const Lease& lease, int count);

  static AttemptEnd Ended(const Lease& lease, AttemptOutcome outcome);
  // With {"token": ...} as its result.
  static AttemptEnd Success(const Lease& lease);
  static AttemptEnd Failure(const Lease& lease,
                            const std::string& type = "Oops");
  static AttemptEnd Expansion(const Lease& lease, int count);
  static AttemptEnd Park(const Lease& lease, RunId until_ended);
  static AttemptEnd ParkOnKey(const Lease& lease, const std::string& key);

  static std::vector<PermitDecision> Decide(
      Store& store, std::span<const PermitRequest> requests);

  // Ends everything claimable with success until there is nothing left.
  void RunToEnd();

  RunState StateOf(RunId run);
  TaskState StateOf(RunId run, int node, int index = -1);
  TaskRecord Task(RunId run, int node, int index = -1);
  std::vector<DeadLetterRecord> DeadLetters();

  std::unique_ptr<StoreFactory> factory_;
  std::unique_ptr<Store> store_;
  std::optional<ExecutorId> executor_;
};

// "b", "m[3]" of each lease.
std::vector<std::string> Names(const std::vector<Lease>& leases);

std::string StoreName(const testing::TestParamInfo<StoreKind>& info);

// What a StatusOr holds, or a failure of the test.
template <typename T>
T Value(absl::StatusOr<T> result) {
  if (!result.ok()) {
    ADD_FAILURE() << result.status();
    return T();
  }
  return *std::move(result);
}

}  // namespace windlass

#include "conformance/store_test.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace windlass {

void StoreTest::SetUp() {
  factory_ = GetParam().make();
  store_ = factory_->Open();
  ASSERT_NE(store_, nullptr);
}

void StoreTest::Reopen() {
  store_.reset();
  store_ = factory_->Open();
  ASSERT_NE(store_, nullptr);
}

RunId StoreTest::Submit(std::shared_ptr<const Workflow> workflow, Json params) {
  SubmitRequest request;
  request.workflow = std::move(workflow);
  request.params = std::move(params);
  const auto runs = Value(store().Submit({&request, 1}));
  return runs.empty() ? RunId{} : runs[0].id;
}

ExecutorId StoreTest::Register(const std::string& name, Duration lease_ttl) {
  ExecutorInfo info;
  info.name = name;
  info.slots = 4;
  info.lease_ttl = lease_ttl;
  return Value(store().Register(info));
}

ExecutorId StoreTest::executor() {
  if (!executor_) executor_ = Register("first", hours(24 * 365));
  return *executor_;
}

ClaimRequest StoreTest::Want(int limit) {
  ClaimRequest request;
  request.executor = executor();
  request.limit = limit;
  return request;
}

std::vector<Lease> StoreTest::Claim(int limit) {
  return ClaimAs(executor(), limit);
}

Lease StoreTest::ClaimOne() {
  std::vector<Lease> leases = Claim(2);
  EXPECT_EQ(leases.size(), 1u);
  if (leases.empty()) {
    // So that a failed test does not crash as well.
    Lease none;
    none.run = std::make_shared<RunInfo>();
    return none;
  }
  return leases[0];
}

std::vector<Lease> StoreTest::ClaimAs(ExecutorId executor, int limit) {
  ClaimRequest request;
  request.executor = executor;
  request.limit = limit;
  return Value(store().Claim(request)).leases;
}

std::vector<bool> StoreTest::Finish(const std::vector<AttemptEnd>& ends) {
  return Value(store().Finish(ends, Want(0))).accepted;
}

FinishReply StoreTest::FinishAndClaim(const std::vector<AttemptEnd>& ends,
                                      int limit) {
  return Value(store().Finish(ends, Want(limit)));
}

bool StoreTest::Expand(const Lease& lease, int count) {
  return Finish(Expansion(lease, count));
}

AttemptEnd StoreTest::Ended(const Lease& lease, AttemptOutcome outcome) {
  AttemptEnd end;
  end.run = lease.run->id;
  end.task = lease.task;
  end.token = lease.token;
  end.outcome = outcome;
  end.run_time = milliseconds(5);
  return end;
}

AttemptEnd StoreTest::Success(const Lease& lease) {
  AttemptEnd end = Ended(lease, AttemptOutcome::kSucceeded);
  end.result.kind = ResultEnvelope::Kind::kJson;
  end.result.media_type = "application/json";
  end.result.value = JsonObject{{"token", lease.token.value}};
  return end;
}

AttemptEnd StoreTest::Failure(const Lease& lease, const std::string& type) {
  AttemptEnd end = Ended(lease, AttemptOutcome::kFailed);
  end.error.emplace();
  end.error->type = type;
  end.error->message = "it failed";
  return end;
}

AttemptEnd StoreTest::Expansion(const Lease& lease, int count) {
  AttemptEnd end = Ended(lease, AttemptOutcome::kExpanded);
  end.item_count = count;
  JsonArray items;
  for (int i = 0; i < count; ++i) items.emplace_back(i);
  end.items.kind = ResultEnvelope::Kind::kJson;
  end.items.value = std::move(items);
  return end;
}

AttemptEnd StoreTest::Park(const Lease& lease, RunId until_ended) {
  AttemptEnd end = Ended(lease, AttemptOutcome::kParked);
  end.wake.kind = WakeCondition::Kind::kRunEnded;
  end.wake.run = until_ended;
  return end;
}

AttemptEnd StoreTest::ParkOnKey(const Lease& lease, const std::string& key) {
  AttemptEnd end = Ended(lease, AttemptOutcome::kParked);
  end.wake.kind = WakeCondition::Kind::kCacheKeyFree;
  end.wake.cache_key = key;
  return end;
}

std::vector<PermitDecision> StoreTest::Decide(
    Store& store, std::span<const PermitRequest> requests) {
  std::vector<PermitDecision> decisions;
  for (const PermitAnswer& answer : Value(store.AcquirePermits(requests))) {
    decisions.push_back(answer.decision);
  }
  return decisions;
}

void StoreTest::RunToEnd() {
  std::vector<Lease> leases = Claim();
  while (!leases.empty()) {
    std::vector<AttemptEnd> ends;
    for (const Lease& lease : leases) ends.push_back(Success(lease));
    leases = FinishAndClaim(ends, 100).leases;
  }
}

RunState StoreTest::StateOf(RunId run) {
  return Value(store().GetRun(run)).state;
}

TaskState StoreTest::StateOf(RunId run, int node, int index) {
  return Task(run, node, index).state;
}

TaskRecord StoreTest::Task(RunId run, int node, int index) {
  return Value(store().GetTask(run, TaskKey{node, index}));
}

std::vector<DeadLetterRecord> StoreTest::DeadLetters() {
  return Value(store().ListDeadLetters({}));
}

std::vector<std::string> Names(const std::vector<Lease>& leases) {
  std::vector<std::string> names;
  for (const Lease& lease : leases) {
    std::string& name = names.emplace_back(lease.spec().id);
    if (lease.task.index >= 0)
      absl::StrAppend(&name, "[", lease.task.index, "]");
  }
  return names;
}

std::string StoreName(const testing::TestParamInfo<StoreKind>& info) {
  return info.param.name;
}

}  // namespace windlass

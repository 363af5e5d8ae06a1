// Random workflows, driven by several executors that crash, drain, cancel and
// come back, through several handles, until every run has ended. After every
// step what the public queries say must hold together.

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "base/random.h"
#include "conformance/store_test.h"
#include "windlass/self_check.h"

namespace windlass {
namespace {

class RandomRunsTest : public StoreTest {
 protected:
  bool Chance(int percent) {
    return random_.Below(100) < static_cast<std::uint64_t>(percent);
  }
  int Pick(int below) {
    return static_cast<int>(random_.Below(static_cast<std::uint64_t>(below)));
  }
  template <typename T>
  T& PickFrom(std::vector<T>& values) {
    return values[random_.Below(values.size())];
  }
  Store& AnyHandle() { return PickFrom(handles_) == 0 ? store() : *second_; }

  std::shared_ptr<const Workflow> RandomWorkflow() {
    WorkflowBuilder builder(absl::StrCat("random", Pick(3)));
    const int count = 1 + Pick(9);
    std::vector<std::string> ids;
    for (int i = 0; i < count; ++i) {
      TaskSpec& spec = Chance(20) ? builder.MappedTask(absl::StrCat("t", i))
                                  : builder.Task(absl::StrCat("t", i));
      for (const std::string& id : ids) {
        if (Chance(30)) spec.depends_on.push_back(id);
      }
      Season(spec);
      ids.push_back(spec.id);
    }
    if (Chance(25)) builder.OnExit();
    if (Chance(20)) builder.workflow().max_parallel = 1 + Pick(3);
    if (Chance(15)) builder.workflow().timeout = seconds(30 + Pick(100));
    return builder.Build();
  }

  void Season(TaskSpec& spec) {
    spec.priority = Pick(10);
    spec.queue = absl::StrCat("q", Pick(2));
    spec.type = absl::StrCat("type", Pick(3));
    spec.retry_policy.maximum_attempts = 1 + Pick(3);
    spec.allow_failure = Chance(15);
    if (Chance(10)) spec.delay = seconds(Pick(5));
    if (Chance(10)) spec.schedule_to_start_timeout = seconds(20 + Pick(60));
    if (Chance(10)) spec.schedule_to_close_timeout = seconds(40 + Pick(60));
    if (Chance(30)) {
      spec.trigger_rule = static_cast<TriggerRule>(Pick(12));
    }
    spec.cancellation.type = static_cast<CancellationSpec::Type>(Pick(3));
    if (spec.map) {
      spec.map->fail_fast = Chance(30);
      spec.map->max_parallel = Chance(30) ? 1 + Pick(3) : 0;
    }
  }

  void SubmitSome(int copies) {
    SubmitRequest request;
    request.workflow = RandomWorkflow();
    request.copies = copies;
    const bool child = !runs_.empty() && Chance(20);
    if (child) {
      request.parent = PickFrom(runs_);
      request.parent_task = TaskKey{0, -1};
    }
    const auto submitted = AnyHandle().Submit({&request, 1});
    if (!submitted.ok()) {
      EXPECT_TRUE(child && absl::IsFailedPrecondition(submitted.status()))
          << submitted.status();
      return;
    }
    for (const SubmittedRun& run : *submitted) runs_.push_back(run.id);
  }

  struct Worker {
    ExecutorId id;
    std::vector<Lease> leases;
  };

  void Note(const std::vector<Lease>& leases, Worker& worker) {
    for (const Lease& lease : leases) {
      EXPECT_TRUE(tokens_.insert(lease.token).second);
      worker.leases.push_back(lease);
    }
  }

  AttemptEnd RandomEnd(const Lease& lease) {
    const bool map = lease.spec().map && lease.task.index < 0;
    const int dice = Pick(100);
    if (map && dice < 70) return Expansion(lease, Pick(6));
    if (dice < 55) return Success(lease);
    if (dice < 72) return Failure(lease);
    if (dice < 77) return Ended(lease, AttemptOutcome::kReleased);
    if (dice < 82) return Ended(lease, AttemptOutcome::kTimedOut);
    if (dice < 86) return Ended(lease, AttemptOutcome::kSkipped);
    if (dice < 90) return Ended(lease, AttemptOutcome::kCancelled);
    if (dice < 94) {
      AttemptEnd end = Ended(lease, AttemptOutcome::kDeferred);
      end.delay = seconds(Pick(10));
      return end;
    }
    // Only on older runs, so that no two wait for each other.
    const RunId awaited = PickFrom(runs_);
    if (awaited < lease.run->id && awaited != lease.run->parent) {
      return Park(lease, awaited);
    }
    return Success(lease);
  }

  void FinishSome(Worker& worker) {
    std::vector<AttemptEnd> ends;
    while (!worker.leases.empty() && Chance(80)) {
      const std::size_t i = random_.Below(worker.leases.size());
      ends.push_back(RandomEnd(worker.leases[i]));
      worker.leases.erase(worker.leases.begin() +
                          static_cast<std::ptrdiff_t>(i));
    }
    ClaimRequest next;
    next.executor = worker.id;
    next.limit = Pick(6);
    const FinishReply reply = Value(AnyHandle().Finish(ends, next));
    for (std::size_t i = 0; i < ends.size(); ++i) {
      if (!reply.accepted.at(i) ||
          ends[i].outcome != AttemptOutcome::kSucceeded) {
        continue;
      }
      // A task succeeds at most once until someone has it run again.
      const auto key = std::pair(ends[i].run, ends[i].task);
      EXPECT_TRUE(succeeded_.insert(key).second);
    }
    Note(reply.leases, worker);
  }

  void ClaimSome(Worker& worker) {
    ClaimRequest request;
    request.executor = worker.id;
    request.limit = 1 + Pick(5);
    if (Chance(30)) request.types = {"type0", "type1"};
    if (Chance(20)) request.queues = {"q0"};
    if (Chance(20) && !runs_.empty()) request.root = PickFrom(runs_);
    auto reply = AnyHandle().Claim(request);
    if (absl::IsNotFound(reply.status())) return Revive(worker);
    Note(Value(std::move(reply)).leases, worker);
  }

  void Revive(Worker& worker) {
    ExecutorInfo info;
    info.name = "worker";
    info.lease_ttl = seconds(10);
    worker.id = Value(AnyHandle().Register(info));
    // Whatever it held, it no longer knows.
    worker.leases.clear();
  }

  void Meddle() {
    if (runs_.empty()) return;
    const RunId run = PickFrom(runs_);
    switch (Pick(6)) {
      case 0:
        if (AnyHandle().Cancel(run, "random").ok()) cancelled_.insert(run);
        break;
      case 1:
        (void)AnyHandle().Pause(run);
        break;
      case 2:
        (void)AnyHandle().Resume(run);
        break;
      case 3:
        if (AnyHandle().Retry(run, RetryScope::kFailedTasks).ok()) {
          Forget(run);
        }
        break;
      case 4: {
        DeadLetterFilter filter;
        filter.run = run;
        if (Value(AnyHandle().Requeue(filter)) > 0) Forget(run);
        break;
      }
      case 5:
        (void)AnyHandle().PauseQueue("q1");
        EXPECT_TRUE(AnyHandle().ResumeQueue("q1").ok());
        break;
    }
  }

  // What the run had come to may now happen again.
  void Forget(RunId run) {
    cancelled_.erase(run);
    std::erase_if(succeeded_,
                  [&](const auto& entry) { return entry.first == run; });
  }

  void Step() {
    Worker& worker = PickFrom(workers_);
    const int dice = Pick(100);
    if (dice < 8 && runs_.size() < 40) {
      SubmitSome(1 + Pick(3));
    } else if (dice < 45) {
      ClaimSome(worker);
    } else if (dice < 80) {
      FinishSome(worker);
    } else if (dice < 84) {
      worker.leases.clear();  // It crashed; the sweep will find out.
      Revive(worker);
    } else if (dice < 86) {
      (void)AnyHandle().Deregister(worker.id);
      Revive(worker);
    } else if (dice < 90) {
      clock().Advance(milliseconds(Pick(8000)));
    } else if (dice < 94) {
      if (absl::IsNotFound(AnyHandle().Heartbeat(worker.id, 0).status())) {
        Revive(worker);
      }
    } else if (dice < 97) {
      EXPECT_TRUE(AnyHandle().Sweep().ok());
    } else {
      Meddle();
    }
  }

  void CheckRun(RunId run) {
    const RunRecord record = Value(AnyHandle().GetRun(run));
    EXPECT_EQ(IsFinal(record.state), record.finished_at.has_value());
    const auto tasks = Value(AnyHandle().ListTasks(run));
    const auto progress = Value(AnyHandle().GetProgress(run));
    EXPECT_EQ(progress.state, record.state);
    std::map<int, NodeProgress> counted;
    for (const TaskRecord& task : tasks) {
      CheckTask(record, task);
      if (task.key.index < 0) continue;
      NodeProgress& node = counted[task.key.node];
      node.succeeded += task.state == TaskState::kSucceeded;
      node.failed += task.state == TaskState::kFailed;
      node.skipped += task.state == TaskState::kSkipped;
    }
    for (const auto& [node, count] : counted) {
      const NodeProgress& said =
          progress.nodes.at(static_cast<std::size_t>(node));
      EXPECT_EQ(said.succeeded, count.succeeded) << FormatRunId(run);
      EXPECT_EQ(said.failed, count.failed) << FormatRunId(run);
      EXPECT_EQ(said.skipped, count.skipped) << FormatRunId(run);
    }
    if (cancelled_.contains(run) && IsFinal(record.state)) {
      EXPECT_EQ(record.state, RunState::kCancelled) << FormatRunId(run);
    }
  }

  void CheckTask(const RunRecord& run, const TaskRecord& task) {
    const std::string name = absl::StrCat(FormatRunId(run.id), "/", task.id,
                                          "[", task.key.index, "]");
    // Only an attempt that is still being stopped outlives its run.
    if (IsFinal(run.state) && task.state != TaskState::kRunning) {
      EXPECT_TRUE(IsFinal(task.state))
          << name << " " << std::string(Name(task.state));
    }
    if (task.state == TaskState::kSucceeded) {
      const bool has_value = task.result && task.result->value.has_value();
      EXPECT_EQ(has_value, task.item_count < 0) << name;
    }
    if (task.state == TaskState::kFailed && task.item_count < 0) {
      EXPECT_TRUE(task.error.has_value()) << name;
    }
    if (task.state == TaskState::kScheduled) {
      EXPECT_TRUE(task.due_at.has_value()) << name;
    }
  }

  void CheckAll() {
    std::int64_t unfinished = 0;
    for (const RunId run : runs_) {
      CheckRun(run);
      unfinished += !IsFinal(StateOf(run));
    }
    EXPECT_EQ(Value(AnyHandle().CountRuns()).running, unfinished);
  }

  void CheckStore() {
    for (const Contradiction& found : Value(FindContradictions(store()))) {
      ADD_FAILURE() << FormatRunId(found.run) << "/" << found.task << " "
                    << found.what;
    }
  }

  // No more mischief: everything must come to an end by itself.
  void Settle() {
    for (const RunId run : runs_) (void)store().Resume(run);
    for (Worker& worker : workers_) (void)store().Deregister(worker.id);
    workers_.resize(1);
    Revive(workers_[0]);
    Worker& worker = workers_[0];
    for (int round = 0; round < 3000; ++round) {
      if (Value(store().CountRuns()).running == 0) return;
      ClaimRequest request;
      request.executor = worker.id;
      request.limit = 50;
      Note(Value(store().Claim(request)).leases, worker);
      std::vector<AttemptEnd> ends;
      for (const Lease& lease : worker.leases) {
        const bool map = lease.spec().map && lease.task.index < 0;
        ends.push_back(map ? Expansion(lease, 2) : Success(lease));
      }
      worker.leases.clear();
      Finish(ends);
      if (!ends.empty()) continue;
      clock().Advance(seconds(1));
      ASSERT_TRUE(store().Heartbeat(worker.id, 0).ok());
      ASSERT_TRUE(store().Sweep().ok());
    }
    for (const RunId run : runs_) {
      if (IsFinal(StateOf(run))) continue;
      for (const TaskRecord& task : Value(store().ListTasks(run))) {
        ADD_FAILURE() << "stuck: " << FormatRunId(run) << "/" << task.id << "["
                      << task.key.index << "] "
                      << std::string(Name(task.state));
      }
    }
  }

  void RunSeed(std::uint64_t seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    random_ = Random(seed);
    second_ = OpenAnother();
    workers_.resize(3);
    for (Worker& worker : workers_) Revive(worker);
    // Now and then so many that a store may keep what they have in common.
    SubmitSome(seed % 3 == 0 ? 32 : 1 + Pick(3));
    for (int step = 0; step < 400; ++step) {
      Step();
      if (step % 100 == 0) CheckAll();
      if (HasFailure()) return;
    }
    CheckStore();
    Settle();
    CheckAll();
    CheckStore();
    for (const RunId run : runs_) {
      for (const TaskRecord& task : Value(store().ListTasks(run))) {
        EXPECT_TRUE(IsFinal(task.state))
            << FormatRunId(run) << "/" << task.id << "[" << task.key.index
            << "] " << std::string(Name(task.state));
      }
    }
    // Otherwise the test would not have tested much.
    EXPECT_GT(tokens_.size(), 20u);
    for (const QueueRecord& queue : Value(store().ListQueues())) {
      EXPECT_EQ(queue.ready + queue.running + queue.scheduled, 0) << queue.name;
    }
  }

  Random random_{0};
  std::unique_ptr<Store> second_;
  std::vector<int> handles_{0, 1};
  std::vector<RunId> runs_;
  std::vector<Worker> workers_;
  std::set<LeaseToken> tokens_;
  std::set<RunId> cancelled_;
  std::set<std::pair<RunId, TaskKey>> succeeded_;
};

// Set WINDLASS_RANDOM_ROUNDS for a longer search. Round n has seed n. With a
// server a round takes many times as long.
std::uint64_t Rounds(const StoreKind& kind) {
  const char* rounds = std::getenv("WINDLASS_RANDOM_ROUNDS");
  if (rounds != nullptr) return std::strtoull(rounds, nullptr, 10);
  return std::string_view(kind.name) == "Postgres" ? 3 : 12;
}

// Each round has a fresh store; a failure names its seed.
TEST_P(RandomRunsTest, EveryRunEndsAndNothingContradictsItself) {
  for (std::uint64_t seed = 1; seed <= Rounds(GetParam()) && !HasFailure();
       ++seed) {
    second_.reset();
    store_.reset();
    SetUp();
    runs_.clear();
    workers_.clear();
    tokens_.clear();
    cancelled_.clear();
    succeeded_.clear();
    RunSeed(seed);
  }
}

INSTANTIATE_TEST_SUITE_P(Stores, RandomRunsTest, testing::ValuesIn(AllStores()),
                         StoreName);

}  // namespace
}  // namespace windlass

// Reading what is there, and what two processes see of each other.

#include <thread>

#include "conformance/store_test.h"

namespace windlass {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class QueryTest : public StoreTest {};

TEST_P(QueryTest, ARunsRecordFollowsItsLife) {
  SubmitRequest request;
  request.workflow = SingleTask();
  request.params = JsonObject{{"x", 1}};
  request.labels = JsonObject{{"team", "blue"}};
  const RunId run = Value(store().Submit({&request, 1})).at(0).id;
  const Timestamp created = clock().Now();
  RunRecord record = Value(store().GetRun(run));
  EXPECT_EQ(record.workflow, "single");
  EXPECT_EQ(record.params, request.params);
  EXPECT_EQ(record.labels, request.labels);
  EXPECT_EQ(record.created_at, created);
  EXPECT_EQ(record.started_at, std::nullopt);
  EXPECT_EQ(record.finished_at, std::nullopt);
  clock().Advance(seconds(1));
  const Lease lease = ClaimOne();
  EXPECT_EQ(Value(store().GetRun(run)).started_at, created + seconds(1));
  clock().Advance(seconds(1));
  ASSERT_TRUE(Succeed(lease));
  record = Value(store().GetRun(run));
  EXPECT_EQ(record.started_at, created + seconds(1));
  EXPECT_EQ(record.finished_at, created + seconds(2));
}

TEST_P(QueryTest, TheFirstClaimStartsARunWhateverEndsFirst) {
  WorkflowBuilder builder;
  builder.Task("a");
  builder.Task("b");
  const RunId run = Submit(builder.Build());
  ASSERT_THAT(Claim(1), SizeIs(1));
  const Timestamp first = clock().Now();
  clock().Advance(seconds(1));
  ASSERT_TRUE(Succeed(ClaimOne()));
  EXPECT_EQ(Value(store().GetRun(run)).started_at, first);
}

TEST_P(QueryTest, RunsAreListedFromTheNewestInPages) {
  std::vector<RunId> runs;
  for (int i = 0; i < 5; ++i) runs.push_back(Submit(SingleTask()));
  ASSERT_TRUE(Succeed(Claim(1).at(0)));
  ASSERT_TRUE(store().Cancel(runs[1], "").ok());
  ASSERT_TRUE(store().Pause(runs[2]).ok());
  RunFilter filter;
  filter.limit = 2;
  auto page = Value(store().ListRuns(filter));
  ASSERT_THAT(page, SizeIs(2));
  EXPECT_EQ(page[0].id, runs[4]);
  filter.before = page[1].id;
  page = Value(store().ListRuns(filter));
  ASSERT_THAT(page, SizeIs(2));
  EXPECT_EQ(page[0].id, runs[2]);

  const auto in_state = [&](RunState state) {
    RunFilter by_state;
    by_state.state = state;
    return Value(store().ListRuns(by_state)).size();
  };
  EXPECT_EQ(in_state(RunState::kRunning), 2u);
  EXPECT_EQ(in_state(RunState::kPaused), 1u);
  EXPECT_EQ(in_state(RunState::kSucceeded), 1u);
  EXPECT_EQ(in_state(RunState::kCancelled), 1u);
  EXPECT_EQ(in_state(RunState::kFailed), 0u);
  EXPECT_EQ(Value(store().CountRuns()), (RunCounts{3, 1, 0, 1}));
  filter = {};
  filter.workflow = "other";
  EXPECT_THAT(Value(store().ListRuns(filter)), IsEmpty());
  filter.workflow = "single";
  EXPECT_THAT(Value(store().ListRuns(filter)), SizeIs(5));
}

// By a state, in pages, and by looking at all.
void ExpectFoundByState(Store& store, RunState state) {
  RunFilter all;
  all.limit = 10'000;
  std::vector<RunId> expected;
  for (const RunRecord& run : Value(store.ListRuns(all))) {
    if (run.state == state) expected.push_back(run.id);
  }
  ASSERT_THAT(expected, Not(IsEmpty())) << Name(state);
  RunFilter page;
  page.state = state;
  page.limit = 7;
  std::vector<RunId> found;
  for (auto runs = Value(store.ListRuns(page)); !runs.empty();
       runs = Value(store.ListRuns(page))) {
    for (const RunRecord& run : runs) found.push_back(run.id);
    page.before = runs.back().id;
  }
  EXPECT_EQ(found, expected) << Name(state);
}

TEST_P(QueryTest, RunsAreFoundByStateWhereverTheirTasksAre) {
  std::vector<RunId> runs;
  const auto submit = [&](std::shared_ptr<const Workflow> workflow, int count) {
    SubmitRequest request;
    request.workflow = std::move(workflow);
    request.copies = count;
    for (const SubmittedRun& run : Value(store().Submit({&request, 1}))) {
      runs.push_back(run.id);
    }
  };
  WorkflowBuilder urgent("urgent");
  urgent.Task("a").priority = 9;
  WorkflowBuilder delayed("delayed");
  delayed.Task("a").delay = hours(1);
  submit(delayed.Build(), 3);
  submit(SingleTask(), 60);
  submit(urgent.Build(), 20);
  submit(Diamond(), 20);
  // Taken from the front, middle and end of what runs share.
  const auto leases = Claim(70);
  for (std::size_t i = 0; i < leases.size(); ++i) {
    if (i % 3 == 0) Succeed(leases[i]);
    if (i % 3 == 1) Fail(leases[i]);
  }
  for (std::size_t i = 0; i < runs.size(); i += 5) {
    if (StateOf(runs[i]) != RunState::kRunning) continue;
    ASSERT_TRUE(store().Pause(runs[i]).ok());
  }
  for (std::size_t i = 1; i < runs.size(); i += 7) {
    store().Cancel(runs[i], "").IgnoreError();  // Unless it has ended.
  }
  for (const RunState state :
       {RunState::kRunning, RunState::kPaused, RunState::kSucceeded,
        RunState::kFailed, RunState::kCancelled}) {
    ExpectFoundByState(store(), state);
  }
}

TEST_P(QueryTest, TasksAreListedInTheOrderOfTheFile) {
  WorkflowBuilder builder;
  builder.Task("z");
  builder.MappedTask("m", {"z"});
  builder.Task("a", {"m"});
  const RunId run = Submit(builder.Build());
  ASSERT_TRUE(Succeed(ClaimOne()));
  ASSERT_TRUE(Expand(ClaimOne(), 2));
  const Lease running = Claim(1).at(0);
  std::vector<std::string> lines;
  for (const TaskRecord& task : Value(store().ListTasks(run))) {
    lines.push_back(task.id + " " + std::to_string(task.key.index) + " " +
                    std::string(Name(task.state)));
  }
  EXPECT_THAT(lines, ElementsAre("z -1 succeeded", "m -1 running",
                                 "m 0 running", "m 1 ready", "a -1 pending"));
}

TEST_P(QueryTest, OneTaskReadsAsItDoesInTheList) {
  WorkflowBuilder builder;
  builder.Task("ok");
  builder.Task("retried").retry_policy.maximum_attempts = 2;
  builder.MappedTask("m");
  builder.Task("after", {"m"});
  const RunId run = Submit(builder.Build());
  for (const Lease& lease : Claim()) {
    if (lease.spec().id == "ok") Succeed(lease);
    if (lease.spec().id == "retried") Fail(lease);
    if (lease.spec().id == "m") Expand(lease, 4);
  }
  const auto instances = Claim(2);
  ASSERT_THAT(instances, SizeIs(2));
  ASSERT_TRUE(Succeed(instances[0]));
  const auto tasks = Value(store().ListTasks(run));
  ASSERT_THAT(tasks, SizeIs(8));
  for (const TaskRecord& listed : tasks) {
    const TaskRecord single = Task(run, listed.key.node, listed.key.index);
    EXPECT_EQ(single.key, listed.key);
    EXPECT_EQ(single.id, listed.id);
    EXPECT_EQ(single.state, listed.state);
    EXPECT_EQ(single.attempt, listed.attempt);
    EXPECT_EQ(single.started_at, listed.started_at);
    EXPECT_EQ(single.finished_at, listed.finished_at);
    EXPECT_EQ(single.executor, listed.executor);
    EXPECT_EQ(single.due_at, listed.due_at);
    EXPECT_EQ(single.item_count, listed.item_count);
    EXPECT_EQ(single.error.has_value(), listed.error.has_value());
    EXPECT_EQ(single.result.has_value(), listed.result.has_value());
  }
}

TEST_P(QueryTest, ExecutorsAreListedWithWhatTheyAre) {
  ExecutorInfo info;
  info.name = "host-1";
  info.profile = "data";
  info.slots = 8;
  info.queues = {"big", "small"};
  info.types = {"sql"};
  const ExecutorId id = Value(store().Register(info));
  clock().Advance(seconds(4));
  ASSERT_TRUE(store().Heartbeat(id, 3).ok());
  const auto executors = Value(store().ListExecutors());
  ASSERT_THAT(executors, SizeIs(1));
  EXPECT_EQ(executors[0].id, id);
  EXPECT_EQ(executors[0].info.name, "host-1");
  EXPECT_EQ(executors[0].info.queues, info.queues);
  EXPECT_EQ(executors[0].info.types, info.types);
  EXPECT_EQ(executors[0].info.slots, 8);
  EXPECT_EQ(executors[0].info.profile, "data");
  EXPECT_EQ(executors[0].busy_slots, 3);
  EXPECT_EQ(executors[0].last_heartbeat - executors[0].started_at, seconds(4));
  EXPECT_TRUE(executors[0].alive);
  ASSERT_TRUE(store().Deregister(id).ok());
  EXPECT_THAT(Value(store().ListExecutors()), IsEmpty());
}

TEST_P(QueryTest, ALostExecutorIsListedAsLost) {
  Register("lost", seconds(10));
  clock().Advance(seconds(10));
  ASSERT_EQ(Value(store().Sweep()).executors_lost, 1);
  const auto executors = Value(store().ListExecutors());
  ASSERT_THAT(executors, SizeIs(1));
  EXPECT_FALSE(executors[0].alive);
}

TEST_P(QueryTest, QueuesCountTheirTasks) {
  WorkflowBuilder builder;
  builder.Task("a").queue = "left";
  builder.MappedTask("b").queue = "right";
  TaskSpec& delayed = builder.Task("c");
  delayed.queue = "right";
  delayed.delay = seconds(5);
  const RunId run = Submit(builder.Build());
  const Timestamp since = clock().Now();
  clock().Advance(seconds(1));
  ClaimRequest request = Want(1);
  request.queues = {"right"};
  const Lease map = Value(store().Claim(request)).leases.at(0);
  ASSERT_TRUE(Expand(map, 5));
  ASSERT_THAT(Value(store().Claim(request)).leases, SizeIs(1));
  ASSERT_TRUE(store().PauseQueue("left").ok());
  ASSERT_TRUE(store().PauseQueue("unused").ok());
  const auto queues = Value(store().ListQueues());
  ASSERT_THAT(queues, SizeIs(3));
  EXPECT_EQ(queues[0].name, "left");
  EXPECT_TRUE(queues[0].paused);
  EXPECT_EQ(queues[0].ready, 1);
  EXPECT_EQ(queues[0].oldest_ready, since);
  EXPECT_EQ(queues[1].name, "right");
  EXPECT_FALSE(queues[1].paused);
  EXPECT_EQ(queues[1].ready, 4);
  EXPECT_EQ(queues[1].running, 1);
  EXPECT_EQ(queues[1].scheduled, 1);
  EXPECT_EQ(queues[2].name, "unused");
  EXPECT_EQ(StateOf(run), RunState::kRunning);
}

TEST_P(QueryTest, AnotherProcessSeesAndContinuesEverything) {
  const RunId run = Submit(Diamond());
  ASSERT_TRUE(Succeed(ClaimOne()));
  const auto other = OpenAnother();
  EXPECT_EQ(Value(other->GetTask(run, {0, -1})).state, TaskState::kSucceeded);
  const auto leases = Value(other->Claim(Want(5))).leases;
  ASSERT_THAT(leases, SizeIs(2));
  // Each ends one branch: neither may count from what it remembers.
  AttemptEnd end = Success(leases[0]);
  ASSERT_TRUE(Value(other->Finish({&end, 1}, Want(0))).accepted[0]);
  ASSERT_TRUE(Succeed(leases[1]));
  const auto join = Value(other->Claim(Want(5))).leases;
  ASSERT_THAT(join, SizeIs(1));
  ASSERT_TRUE(Succeed(join[0]));
  EXPECT_EQ(Value(other->GetRun(run)).state, RunState::kSucceeded);
}

TEST_P(QueryTest, AlternatingProcessesNeverRepeatATokenOrARun) {
  const auto other = OpenAnother();
  std::int64_t token = 0;
  RunId run;
  for (int i = 0; i < 10; ++i) {
    Store& handle = i % 2 == 0 ? store() : *other;
    SubmitRequest request;
    request.workflow = SingleTask();
    const RunId submitted = Value(handle.Submit({&request, 1})).at(0).id;
    EXPECT_GT(submitted, run);
    run = submitted;
    Store& claimer = i % 3 == 0 ? store() : *other;
    const auto leases = Value(claimer.Claim(Want(1))).leases;
    ASSERT_THAT(leases, SizeIs(1));
    EXPECT_GT(leases[0].token.value, token);
    token = leases[0].token.value;
  }
}

TEST_P(QueryTest, EverythingSurvivesReopening) {
  const RunId run = Submit(Chain(3));
  const Lease first = ClaimOne();
  Reopen();
  EXPECT_THAT(Claim(), IsEmpty());
  ASSERT_TRUE(Succeed(first));
  Reopen();
  const Lease second = ClaimOne();
  EXPECT_EQ(second.spec().id, "t1");
  EXPECT_EQ(second.run->id, run);
  ASSERT_TRUE(Succeed(second));
  Reopen();
  RunToEnd();
  EXPECT_EQ(StateOf(run), RunState::kSucceeded);
}

// A wake-up is a hint; but one that never came would cost every executor its
// poll interval, so the cases that matter are held to it.
class WakeTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    other_ = OpenAnother();
    signal_ = Value(other_->Listen());
    ASSERT_NE(signal_, nullptr);
  }
  bool Rang() { return signal_->Wait(seconds(5), {}); }
  void Quiet() {
    while (signal_->Wait(Duration(0), {})) {
    }
  }

  std::unique_ptr<Store> other_;
  std::unique_ptr<WakeSignal> signal_;
};

TEST_P(WakeTest, ASubmitWakesAnotherProcess) {
  Submit(SingleTask());
  EXPECT_TRUE(Rang());
}

TEST_P(WakeTest, CommandsAndResumesWakeAnotherProcess) {
  const RunId run = Submit(SingleTask());
  ASSERT_THAT(Claim(), SizeIs(1));
  Quiet();
  ASSERT_TRUE(store().Pause(run).ok());
  ASSERT_TRUE(store().Resume(run).ok());
  EXPECT_TRUE(Rang());
  Quiet();
  ASSERT_TRUE(store().ResumeQueue("default").ok());
  EXPECT_TRUE(Rang());
  Quiet();
  ASSERT_TRUE(store().Drain("first").ok());
  EXPECT_TRUE(Rang());
  Quiet();
  ASSERT_TRUE(store().Cancel(run, "").ok());
  EXPECT_TRUE(Rang());
}

TEST_P(WakeTest, AReleaseThatNobodyTookWakesAnotherProcess) {
  Submit(Diamond());
  const Lease lease = ClaimOne();
  Quiet();
  ASSERT_THAT(FinishAndClaim({Success(lease)}, 1).leases, SizeIs(1));
  EXPECT_TRUE(Rang());
}

TEST_P(WakeTest, AStopRequestEndsTheWait) {
  std::stop_source stop;
  std::jthread waiting(
      [&] { EXPECT_FALSE(signal_->Wait(hours(1), stop.get_token())); });
  stop.request_stop();
}

INSTANTIATE_TEST_SUITE_P(Stores, QueryTest, testing::ValuesIn(AllStores()),
                         StoreName);
INSTANTIATE_TEST_SUITE_P(Stores, WakeTest, testing::ValuesIn(AllStores()),
                         StoreName);

}  // namespace
}  // namespace windlass

// Random runs, step by step, against a run that looks everything up afresh.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "model/run_progress.h"
#include "support/make_workflow.h"
#include "support/naive_run.h"
#include "support/trigger_rule_oracle.h"

namespace windlass {
namespace {

using testing::Happened;
using testing::NaiveRun;

class Random {
 public:
  explicit Random(std::uint32_t seed) : engine_(seed) {}
  int Below(int limit) {
    return static_cast<int>(engine_() % static_cast<unsigned>(limit));
  }
  bool Percent(int chance) { return Below(100) < chance; }

 private:
  std::mt19937 engine_;
};

Workflow RandomWorkflow(Random& random) {
  Workflow workflow = testing::MakeWorkflow({});
  const int size = 1 + random.Below(random.Percent(20) ? 60 : 20);
  // Tasks may stand before what they depend on: `rank` is the hidden order.
  std::vector<int> rank(static_cast<std::size_t>(size));
  for (int i = 0; i < size; ++i) rank[static_cast<std::size_t>(i)] = i;
  for (int i = size - 1; i > 0; --i) {
    std::swap(rank[static_cast<std::size_t>(i)],
              rank[static_cast<std::size_t>(random.Below(i + 1))]);
  }
  const int density = random.Percent(15) ? 60 : 5 + random.Below(20);
  for (int i = 0; i < size; ++i) {
    TaskSpec task = testing::MakeTask("t" + std::to_string(i));
    for (int j = 0; j < size; ++j) {
      if (rank[static_cast<std::size_t>(j)] <
              rank[static_cast<std::size_t>(i)] &&
          random.Percent(density)) {
        task.depends_on.push_back("t" + std::to_string(j));
      }
    }
    if (random.Percent(60)) {
      task.trigger_rule = testing::kAllRules[random.Below(12)];
    }
    task.allow_failure = random.Percent(15);
    if (random.Percent(30)) {
      task.cancellation.type =
          CancellationSpec::Type::kWaitCancellationCompleted;
    }
    if (random.Percent(20)) {
      task.map = MapSpec();
      task.map->max_parallel = random.Percent(50) ? random.Below(4) : 0;
      task.map->fail_fast = random.Percent(40);
      if (random.Percent(30)) task.map->on_empty = MapSpec::OnEmpty::kSkip;
    }
    workflow.tasks.push_back(std::move(task));
  }
  if (random.Percent(40)) workflow.max_parallel = 1 + random.Below(5);
  if (random.Percent(50)) {
    testing::AddOnExit(workflow);
    TaskSpec& on_exit = workflow.tasks.back();
    if (random.Percent(15)) {
      on_exit.map = MapSpec();
      on_exit.map->fail_fast = random.Percent(50);
    }
    if (random.Percent(30)) {
      on_exit.cancellation.type =
          CancellationSpec::Type::kWaitCancellationCompleted;
    }
  }
  return workflow;
}

// What a store would know: which rows are live, which of them run, and what has
// ended.
class Ledger : public RunRows {
 public:
  explicit Ledger(const Workflow& workflow) : workflow_(workflow) {}

  std::int32_t Running(std::int32_t node) const override {
    return static_cast<std::int32_t>(
        std::count_if(running_.begin(), running_.end(),
                      [&](TaskKey task) { return task.node == node; }));
  }

  std::vector<InstanceRange> NotDone(std::int32_t node, std::int32_t from,
                                     std::int32_t to,
                                     std::int32_t limit) const override {
    std::vector<InstanceRange> ranges;
    for (std::int32_t i = from; i < to && limit > 0; ++i) {
      auto end = ended_.find({node, i});
      if (end != ended_.end() && (end->second == TaskState::kSucceeded ||
                                  end->second == TaskState::kSkipped)) {
        continue;
      }
      --limit;
      if (!ranges.empty() && ranges.back().first + ranges.back().count == i) {
        ++ranges.back().count;
      } else {
        ranges.push_back({i, 1});
      }
    }
    return ranges;
  }

  void Take(const Happened& effects) {
    for (TaskKey task : effects.released) {
      ASSERT_TRUE(live_.insert(task).second) << "released twice";
      ASSERT_FALSE(ended_.contains(task)) << "released after its end";
    }
    for (const auto& [task, state] : effects.settled) {
      ASSERT_TRUE(IsFinal(state));
      ASSERT_TRUE(ended_.emplace(task, state).second) << "ended twice";
      ASSERT_FALSE(live_.contains(task)) << "settled while it was live";
    }
    // A map that waits for its instances to stop is settled after they have.
    for (int node : effects.cancelled) CancelRows(node);
  }

  void StartToRun(TaskKey task) {
    if (!stopping_.contains(task)) running_.insert(task);
  }

  void End(TaskKey task, TaskState state) {
    ASSERT_EQ(live_.erase(task), 1u);
    running_.erase(task);
    if (stopping_.erase(task) > 0) state = TaskState::kCancelled;
    ASSERT_TRUE(ended_.emplace(task, state).second);
  }
  void Expand(TaskKey task) {
    ASSERT_EQ(live_.erase(task), 1u);
    running_.erase(task);
  }

  void Forget(int node) {
    const auto of_node = [&](TaskKey task) { return task.node == node; };
    std::erase_if(live_, of_node);
    std::erase_if(running_, of_node);
    std::erase_if(stopping_, of_node);
    std::erase_if(ended_, [&](auto& row) { return row.first.node == node; });
  }
  void ForgetBad(int node) {
    std::erase_if(ended_, [&](auto& row) {
      return row.first.node == node &&
             (row.first.index < 0 || row.second == TaskState::kFailed ||
              row.second == TaskState::kCancelled);
    });
  }
  void ForgetOne(TaskKey task) {
    ended_.erase(task);
    ended_.erase({task.node, -1});
  }

  const std::set<TaskKey>& live() const { return live_; }
  const std::set<TaskKey>& running() const { return running_; }
  bool IsStopping(TaskKey task) const { return stopping_.contains(task); }
  const std::map<TaskKey, TaskState>& ended() const { return ended_; }

 private:
  void CancelRows(int node) {
    for (auto row = live_.begin(); row != live_.end();) {
      if (row->node != node) {
        ++row;
      } else if (running_.contains(*row) &&
                 workflow_.tasks[static_cast<std::size_t>(node)]
                         .cancellation.type ==
                     CancellationSpec::Type::kWaitCancellationCompleted) {
        running_.erase(*row);
        stopping_.insert(*row);
        ++row;
      } else {
        running_.erase(*row);
        ended_.emplace(*row, TaskState::kCancelled);
        row = live_.erase(row);
      }
    }
  }

  const Workflow& workflow_;
  std::set<TaskKey> live_;
  std::set<TaskKey> running_;   // Of live_.
  std::set<TaskKey> stopping_;  // Of live_; told to stop.
  std::map<TaskKey, TaskState> ended_;
};

class Walk {
 public:
  explicit Walk(std::uint32_t seed)
      : random_(seed),
        workflow_(RandomWorkflow(random_)),
        graph_(workflow_),
        run_(graph_),
        naive_(workflow_),
        ledger_(workflow_),
        failing_(random_.Below(40)) {}

  void Go() {
    if (random_.Percent(2)) {
      Compare(run_.Cancel(RunState::kCancelled, ledger_),
              naive_.Cancel(RunState::kCancelled, ledger_.running()));
    }
    Compare(run_.Start(), naive_.Start());
    int more_lives = random_.Below(3);
    for (int step = 0; step < 5000; ++step) {
      if (::testing::Test::HasFatalFailure()) return;
      if (!IsFinal(run_.state())) {
        ASSERT_FALSE(ledger_.live().empty()) << "stuck (I3)";
        Step();
      } else {
        ASSERT_TRUE(ledger_.live().empty()) << "live tasks in an ended run";
        if (more_lives-- == 0) return;
        Revive();
      }
    }
    FAIL() << "the run does not come to an end";
  }

 private:
  void Step() {
    if (random_.Percent(1)) {
      RunState outcome =
          random_.Percent(70) ? RunState::kCancelled : RunState::kFailed;
      const Effects effects = run_.Cancel(outcome, ledger_);
      Compare(effects, naive_.Cancel(outcome, ledger_.running()));
      return;
    }
    if (random_.Percent(2)) {
      RequeueOne();
      return;
    }
    auto row = ledger_.live().begin();
    std::advance(row, random_.Below(static_cast<int>(ledger_.live().size())));
    if (random_.Percent(50)) {
      ledger_.StartToRun(*row);
    } else {
      EndOne(*row);
    }
  }

  void EndOne(TaskKey task) {
    const TaskSpec& spec = graph_.spec(task.node);
    if (spec.map && task.index < 0 && !ledger_.IsStopping(task) &&
        random_.Percent(85)) {
      int count = random_.Percent(20) ? 0 : random_.Below(7);
      ledger_.Expand(task);
      Compare(run_.Expanded(task.node, count, ledger_),
              naive_.Expanded(task.node, count));
      return;
    }
    TaskState state = TaskState::kSucceeded;
    if (random_.Percent(failing_)) {
      state = random_.Percent(80) ? TaskState::kFailed : TaskState::kCancelled;
    } else if (random_.Percent(12)) {
      state = TaskState::kSkipped;
    }
    ledger_.End(task, state);
    Compare(run_.TaskEnded(task, state, ledger_),
            naive_.TaskEnded(task, state, ledger_.running()));
  }

  // Also asks for tasks that cannot be requeued, which must change nothing.
  void RequeueOne() {
    if (ledger_.ended().empty()) return;
    auto row = ledger_.ended().begin();
    std::advance(row, random_.Below(static_cast<int>(ledger_.ended().size())));
    TaskKey task = row->first;
    bool dead = row->second == TaskState::kFailed;
    if (task.index >= 0 && !dead) return;  // Rows the model does not list.
    CompareRestart(run_.Requeue(task, ledger_), naive_.Requeue(task), task);
  }

  void Revive() {
    if (random_.Percent(30)) {
      RequeueOne();
      return;
    }
    RetryScope scope =
        random_.Percent(75) ? RetryScope::kFailedTasks : RetryScope::kWholeRun;
    CompareRestart(run_.RetryTasks(scope, ledger_), naive_.RetryTasks(scope),
                   {});
  }

  void CompareRestart(const RunProgress::Restart& actual,
                      const Happened& expected, std::optional<TaskKey> task) {
    ASSERT_EQ(actual.reset, expected.reset);
    ASSERT_EQ(actual.resumed, expected.resumed);
    for (int node : actual.reset) ledger_.Forget(node);
    for (int node : actual.resumed) ledger_.ForgetBad(node);
    if (task && task->index >= 0 && !actual.empty()) ledger_.ForgetOne(*task);
    if (!actual.reset.empty()) {
      ASSERT_EQ(run_.started(), true);
    }
    Compare(actual.effects, expected);
  }

  void Compare(const Effects& actual, const Happened& expected) {
    Happened happened;
    for (const Release& release : actual.released) {
      for (int i = 0; i < release.count; ++i) {
        happened.released.push_back(
            {release.node, release.first < 0 ? -1 : release.first + i});
      }
    }
    for (const Settled& settled : actual.settled) {
      happened.settled.emplace_back(settled.task, settled.state);
    }
    happened.cancelled = actual.cancelled_nodes;
    happened.ended = actual.ended;

    ASSERT_EQ(happened.released, expected.released);
    ASSERT_EQ(happened.settled, expected.settled);
    ASSERT_EQ(happened.cancelled, expected.cancelled);
    ASSERT_EQ(happened.ended, expected.ended);
    ledger_.Take(happened);
    CompareStates();
    CheckCodec();
  }

  void CompareStates() {
    ASSERT_EQ(run_.state(), naive_.state());
    ASSERT_EQ(run_.outcome(), naive_.outcome());
    ASSERT_EQ(static_cast<int>(ledger_.live().size()), naive_.InFlight());
    for (int node = 0; node < graph_.size(); ++node) {
      NodeProgress actual = run_.node(node);
      NodeProgress expected = naive_.node(node);
      ASSERT_EQ(actual.state, expected.state) << "node " << node;
      ASSERT_EQ(actual.items, expected.items) << "node " << node;
      ASSERT_EQ(actual.succeeded, expected.succeeded) << "node " << node;
      ASSERT_EQ(actual.failed, expected.failed) << "node " << node;
      ASSERT_EQ(actual.skipped, expected.skipped) << "node " << node;
      ASSERT_EQ(actual.cancelled, expected.cancelled) << "node " << node;
    }
  }

  // Half of the time the run goes on from its encoded form.
  void CheckCodec() {
    std::string encoded = run_.Encode();
    auto decoded = RunProgress::Decode(graph_, encoded);
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    ASSERT_EQ(decoded->Encode(), encoded);
    if (random_.Percent(50)) run_ = *std::move(decoded);
  }

  Random random_;
  Workflow workflow_;
  Graph graph_;
  RunProgress run_;
  NaiveRun naive_;
  Ledger ledger_;
  int failing_;  // Percent.
};

TEST(RunProgressPropertyTest, EveryRandomRunDoesWhatTheNaiveOneDoes) {
  std::uint32_t first = 1;
  std::uint32_t count = 4000;
  if (const char* seed = std::getenv("WINDLASS_SEED")) {
    first = static_cast<std::uint32_t>(std::strtoul(seed, nullptr, 10));
    count = 1;
  }
  for (std::uint32_t seed = first; seed < first + count; ++seed) {
    Walk(seed).Go();
    ASSERT_FALSE(HasFailure()) << "repeat with WINDLASS_SEED=" << seed;
  }
}

}  // namespace
}  // namespace windlass

#include "model/trigger_rule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "model/run_progress.h"
#include "support/fake_run_rows.h"
#include "support/make_workflow.h"
#include "support/trigger_rule_oracle.h"

namespace windlass {
namespace {

using testing::Ended;
using testing::Fate;
using testing::FateOf;
using testing::kAllRules;
using testing::MakeTask;
using testing::MakeWorkflow;

enum class DependencyFate { kSucceeds, kFails, kCannotRun, kIsSkipped };

Ended AsEnded(DependencyFate fate) {
  if (fate == DependencyFate::kSucceeds) return Ended::kSuccess;
  if (fate == DependencyFate::kIsSkipped) return Ended::kSkip;
  return Ended::kFailure;
}

// Nodes 0..n-1 are the dependencies, n..2n-1 what they depend on (all_success,
// so that its failure keeps a dependency from running), the last the target.
struct Case {
  TriggerRule rule;
  std::vector<DependencyFate> fates;

  int size() const { return static_cast<int>(fates.size()); }
  int target() const { return 2 * size(); }

  Workflow MakeDefinition() const {
    Workflow workflow = MakeWorkflow({});
    std::vector<std::string> ids;
    for (int i = 0; i < size(); ++i) {
      ids.push_back("d" + std::to_string(i));
      workflow.tasks.push_back(MakeTask(ids.back(), {"p" + ids.back()}));
    }
    for (const std::string& id : ids) {
      workflow.tasks.push_back(MakeTask("p" + id));
    }
    workflow.tasks.push_back(MakeTask("target", ids, rule));
    return workflow;
  }
};

const RunRows& NothingRuns() {
  static const testing::FakeRunRows rows;
  return rows;
}

// Ends dependency `i` as the case says and returns what became of the target.
Fate EndDependency(const Case& c, int i, RunProgress& run) {
  DependencyFate fate = c.fates[static_cast<std::size_t>(i)];
  std::vector<Effects> all;
  if (fate == DependencyFate::kCannotRun) {
    all.push_back(
        run.TaskEnded({c.size() + i, -1}, TaskState::kFailed, NothingRuns()));
  } else {
    all.push_back(run.TaskEnded({c.size() + i, -1}, TaskState::kSucceeded,
                                NothingRuns()));
    TaskState state = fate == DependencyFate::kSucceeds ? TaskState::kSucceeded
                      : fate == DependencyFate::kFails  ? TaskState::kFailed
                                                        : TaskState::kSkipped;
    all.push_back(run.TaskEnded({i, -1}, state, NothingRuns()));
  }
  for (const Effects& effects : all) {
    for (const Release& release : effects.released) {
      if (release.node == c.target()) return Fate::kRuns;
    }
    for (const Settled& settled : effects.settled) {
      if (settled.task.node != c.target()) continue;
      EXPECT_TRUE(settled.reason.has_value());
      if (settled.state == TaskState::kSkipped) {
        EXPECT_EQ(settled.reason->type, error_type::kTriggerRuleNotMet);
        return Fate::kIsSkipped;
      }
      EXPECT_EQ(settled.state, TaskState::kFailed);
      EXPECT_EQ(settled.reason->type, error_type::kUpstreamFailed);
      EXPECT_EQ(settled.reason->category, ErrorCategory::kUpstream);
      EXPECT_FALSE(settled.reason->retryable);
      EXPECT_NE(settled.reason->message.find("task 'd"), std::string::npos);
      return Fate::kFails;
    }
  }
  return Fate::kWaits;
}

void CheckOrder(const Case& c, const std::vector<int>& order) {
  Workflow workflow = c.MakeDefinition();
  Graph graph(workflow);
  RunProgress run(graph);
  Effects start = run.Start();
  Fate decided = Fate::kWaits;
  for (const Release& release : start.released) {
    if (release.node == c.target()) decided = Fate::kRuns;
  }
  std::vector<Ended> ended;
  EXPECT_EQ(decided, FateOf(c.rule, c.fates.size(), ended));
  for (int i : order) {
    Fate fate = EndDependency(c, i, run);
    ended.push_back(AsEnded(c.fates[static_cast<std::size_t>(i)]));
    if (decided == Fate::kWaits) {
      decided = FateOf(c.rule, c.fates.size(), ended);
      EXPECT_EQ(fate, decided);
    } else {
      EXPECT_EQ(fate, Fate::kWaits) << "decided twice";
    }
  }
  EXPECT_NE(decided, Fate::kWaits);
}

class TriggerRuleTest : public ::testing::TestWithParam<TriggerRule> {};

TEST_P(TriggerRuleTest, DecidesAsSoonAsItIsCertainInEveryOrderOfEnds) {
  for (int size = 1; size <= 3; ++size) {
    const int cases = 1 << (2 * size);
    for (int number = 0; number < cases; ++number) {
      Case c{GetParam(), {}};
      for (int i = 0; i < size; ++i) {
        c.fates.push_back(static_cast<DependencyFate>(number >> (2 * i) & 3));
      }
      std::vector<int> order(static_cast<std::size_t>(size));
      std::iota(order.begin(), order.end(), 0);
      do {
        CheckOrder(c, order);
        ASSERT_FALSE(HasFailure()) << "dependencies " << number << " of "
                                   << size << ", first to end " << order[0];
      } while (std::next_permutation(order.begin(), order.end()));
    }
  }
}

TEST_P(TriggerRuleTest, RunsATaskWithoutDependencies) {
  EXPECT_EQ(Judge(GetParam(), DependencyCounts{}), Verdict::kRun);
}

INSTANTIATE_TEST_SUITE_P(All, TriggerRuleTest, ::testing::ValuesIn(kAllRules));

TEST(TriggerRuleTest, AFailureThatIsAllowedCountsAsASuccess) {
  Workflow workflow = MakeWorkflow({MakeTask("a"), MakeTask("b", {"a"})});
  workflow.tasks[0].allow_failure = true;
  Graph graph(workflow);
  RunProgress run(graph);
  run.Start();
  Effects effects = run.TaskEnded({0, -1}, TaskState::kFailed, NothingRuns());
  ASSERT_EQ(effects.released.size(), 1u);
  EXPECT_EQ(run.TaskEnded({1, -1}, TaskState::kSucceeded, NothingRuns()).ended,
            RunState::kSucceeded);
  EXPECT_EQ(run.node(0).state, TaskState::kFailed);
}

TEST(TriggerRuleTest, AllowFailureDoesNotCoverATaskThatCouldNotRun) {
  Workflow workflow =
      MakeWorkflow({MakeTask("a"), MakeTask("b", {"a"}), MakeTask("c", {"b"})});
  workflow.tasks[1].allow_failure = true;
  Graph graph(workflow);
  RunProgress run(graph);
  run.Start();
  Effects effects = run.TaskEnded({0, -1}, TaskState::kFailed, NothingRuns());
  ASSERT_EQ(effects.settled.size(), 2u);
  EXPECT_EQ(effects.settled[1].state, TaskState::kFailed);
  EXPECT_EQ(effects.settled[1].reason->message,
            "the task needs every dependency to succeed, but task 'b' could "
            "not run");
  EXPECT_EQ(effects.ended, RunState::kFailed);
}

TEST(TriggerRuleTest, AReasonNamesTheTaskThatMadeTheRuleImpossible) {
  Workflow workflow =
      MakeWorkflow({MakeTask("a"), MakeTask("b"),
                    MakeTask("c", {"a", "b"}, TriggerRule::kOneSuccess),
                    MakeTask("d", {"a"}, TriggerRule::kOneFailed)});
  Graph graph(workflow);
  RunProgress run(graph);
  run.Start();
  EXPECT_EQ(run.TaskEnded({0, -1}, TaskState::kSkipped, NothingRuns())
                .settled.at(0)
                .reason->message,
            "the task needs a dependency to fail, but task 'a' was skipped");
  EXPECT_EQ(run.TaskEnded({1, -1}, TaskState::kCancelled, NothingRuns())
                .settled.at(0)
                .reason->message,
            "the task needs a dependency to succeed, but task 'b' was "
            "cancelled");
}

}  // namespace
}  // namespace windlass

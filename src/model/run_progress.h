// Where every task of one run stands, and what follows when one of them ends.
//
// Pure: no I/O, no clock, no randomness. A store keeps the encoded form beside
// the run, decodes it inside the transaction that ends a task, tells it what
// happened, carries out the effects and writes it back; so a task is released
// exactly once and two stores cannot disagree about when (I4).
//
// The encoded size depends on the number of tasks in the definition, not on
// the number of instances of mapped tasks: those are counted, not listed.
// Which instances are where is what the store's rows say.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "windlass/ids.h"
#include "windlass/states.h"
#include "windlass/store.h"
#include "windlass/workflow.h"

namespace windlass {

// The parts of a workflow that RunProgress needs, computed once per
// definition: successors, in-degrees, roots.
class Graph {
 public:
  // Requires acyclic, known dependencies (what ParseWorkflow() guarantees).
  explicit Graph(const Workflow& workflow);

  const Workflow& workflow() const { return *workflow_; }
  const std::vector<int>& successors(int node) const {
    return successors_[static_cast<std::size_t>(node)];
  }
  const std::vector<int>& dependencies(int node) const {
    return dependencies_[static_cast<std::size_t>(node)];
  }

 private:
  const Workflow* workflow_;
  std::vector<std::vector<int>> successors_;
  std::vector<std::vector<int>> dependencies_;
};

// Tasks to make claimable: `count` instances from `first`, or the task itself
// (first == -1, count == 1). For a mapped task, index -1 is the claim that
// evaluates its items and ends with kExpanded.
struct Release {
  std::int32_t node = 0;
  std::int32_t first = -1;
  std::int32_t count = 1;
};

// A task that ended without (another) attempt.
struct Settled {
  TaskKey task;
  TaskState state = TaskState::kSkipped;
  // Why: nullopt for a mapped task that ended because its instances did.
  std::optional<TaskError> reason;
};

struct Effects {
  std::vector<Release> released;
  std::vector<Settled> settled;
  // Nodes whose claimable, scheduled, parked and leased tasks and instances are
  // to be cancelled now (run cancelled or timed out; fail_fast: its instances
  // only). RunProgress has counted all released ones as cancelled already, so
  // the store must not report them again.
  std::vector<std::int32_t> cancelled_nodes;
  // Set once, when the run reaches its final state.
  std::optional<RunState> ended;
};

class RunProgress {
 public:
  // A run that has not been started. `graph` must outlive it.
  explicit RunProgress(const Graph& graph);

  // What Encode() wrote for the same definition; anything else is DataLoss.
  static absl::StatusOr<RunProgress> Decode(const Graph& graph,
                                            std::string_view encoded);
  std::string Encode() const;

  // Releases the tasks without dependencies.
  Effects Start();

  // A released task or instance reached its final state: kSucceeded, kFailed,
  // kSkipped or kCancelled. Not for tasks that effects already settled.
  Effects TaskEnded(TaskKey task, TaskState state);

  // A mapped task's items are known.
  Effects Expanded(std::int32_t node, std::int32_t count);

  // Ends everything that has not ended, then runs on_exit. `outcome` is
  // kCancelled, or kFailed for a run that timed out. No effect on a run that
  // has ended or is already ending.
  Effects Cancel(RunState outcome);

  // Tasks of a finished run that are to run again: failed and cancelled ones,
  // and all that depends on them; with kWholeRun all. Calls for the run to be
  // running again; `reset` are nodes whose rows the store must forget first
  // (kept in history). Instances of a mapped task that failed are reset as a
  // whole: the task is expanded again.
  struct Restart {
    std::vector<std::int32_t> reset;
    Effects effects;
  };
  Restart RetryTasks(RetryScope scope);

  // One dead task (its node; for an instance only that instance) is taken back.
  // `reset` are the nodes downstream that had been settled because of it. An
  // instance goes back alone: `effects.released` holds it.
  Restart Requeue(TaskKey task);

  RunState state() const { return state_; }
  // What the run will end as once on_exit has run; kRunning before that.
  RunState outcome() const { return outcome_; }
  bool started() const { return started_; }
  NodeProgress node(int node) const;
  std::vector<NodeProgress> nodes() const;

 private:
  struct Node {
    TaskState state = TaskState::kPending;  // kRunning: released.
    std::int32_t items = -1;
    std::int32_t released = 0;  // Instances made claimable so far.
    std::int32_t succeeded = 0;
    std::int32_t failed = 0;
    std::int32_t skipped = 0;
    std::int32_t cancelled = 0;
    bool upstream_failed = false;  // Failed without an attempt.
  };

  const Graph* graph_;
  std::vector<Node> nodes_;
  RunState state_ = RunState::kRunning;
  RunState outcome_ = RunState::kRunning;
  bool started_ = false;
};

}  // namespace windlass

// Where every task of one run stands, and what follows when one of them ends.
//
// Pure: no I/O, no clock, no randomness. A store keeps the encoded form beside
// the run, decodes it inside the transaction that ends a task, tells it what
// happened, carries out the effects and writes it back; so a task is released
// exactly once and two stores cannot disagree about when (I4).
//
// The encoded size depends on the number of tasks in the definition, not on
// the number of instances of mapped tasks: those are counted, not listed.
// Which instances are where is what the store's rows say; RunRows asks them.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/graph.h"
#include "model/run_rows.h"
#include "model/trigger_rule.h"
#include "windlass/ids.h"
#include "windlass/states.h"
#include "windlass/store.h"
#include "windlass/workflow.h"

namespace windlass {

// Tasks to make claimable: `count` instances from `first`, or the task itself
// (first == -1, count == 1). For a mapped task, index -1 is the claim that
// evaluates its items and ends with kExpanded.
struct Release {
  std::int32_t node = 0;
  std::int32_t first = -1;
  std::int32_t count = 1;
  bool operator==(const Release&) const = default;
};

// A task that reached its final state without a released row that says so: it
// never became claimable, or it is a mapped task whose instances ended it.
struct Settled {
  TaskKey task;
  TaskState state = TaskState::kSkipped;
  // Why: nullopt for a mapped task that ended because its instances did, or
  // succeeded because it has none.
  std::optional<TaskError> reason;
};

// What a store has to carry out, in an order that only depends on what
// happened: releases by place in the file, settled tasks as one led to the
// next.
struct Effects {
  std::vector<Release> released;
  std::vector<Settled> settled;
  // Nodes whose claimable, scheduled, parked and leased tasks and instances are
  // to be cancelled now (run cancelled or timed out; fail_fast: its instances
  // only). RunProgress has counted all released ones as cancelled already, so
  // the store must not report them again. A mapped node is also in `settled`.
  //
  // Not so what runs of a node with kWaitCancellationCompleted: that is only
  // told to stop, and reported as kCancelled, however it ended, when it has.
  // Until then the node has not ended.
  std::vector<std::int32_t> cancelled_nodes;
  // Set once, when the run reaches its final state.
  std::optional<RunState> ended;
};

// Thread-compatible. A call whose precondition does not hold (a task that is
// not running, a node that does not exist) changes nothing and has no effects.
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
  // kSkipped or kCancelled. Not for tasks that effects already settled. For a
  // mapped task before Expanded(), index -1 ends the whole task: its `when` was
  // false, or its items could not be computed.
  //
  // A task that is cancelled alone counts as failed, for the tasks after it and
  // for the run. The run fails if any task failed without allow_failure.
  Effects TaskEnded(TaskKey task, TaskState state, const RunRows& rows);

  // A mapped task's items are known.
  Effects Expanded(std::int32_t node, std::int32_t count, const RunRows& rows);

  // Ends everything that has not ended, then runs on_exit if the run had been
  // started. `outcome` is kCancelled, or kFailed for a run that timed out. No
  // effect on a run that has ended, or that waits for what it told to stop.
  //
  // While on_exit runs: after a cancel or a timeout, no effect (on_exit is the
  // cleaning up, and has time limits of its own). When the tasks had ended by
  // themselves, kCancelled cancels on_exit and the run ends as cancelled, for
  // no attempt may succeed after a cancel (I9); kFailed has no effect.
  Effects Cancel(RunState outcome, const RunRows& rows);

  // Tasks that are to run again. `reset` are nodes whose rows the store must
  // forget first (kept in history), ended or not; a lease among them ends. Of
  // the mapped nodes in `resumed` it forgets only how they ended, and how their
  // failed and cancelled instances did. Then `effects`. The run is running
  // again, on_exit will run again too.
  struct Restart {
    std::vector<std::int32_t> reset;
    std::vector<std::int32_t> resumed;
    Effects effects;

    bool empty() const {
      return reset.empty() && resumed.empty() && effects.released.empty();
    }
  };

  // Of a finished run: failed and cancelled tasks, and all that depends on
  // them; with kWholeRun all. A mapped task whose items are known keeps them
  // and its good instances, unless it depends on something that runs again.
  // With nothing to run again (every task succeeded or was skipped), an on_exit
  // that failed runs again; else no effect.
  Restart RetryTasks(RetryScope scope, const RunRows& rows);

  // One task that failed for good is taken back, in a run that has ended or
  // not. It is in `reset` itself unless it is an instance: that goes back
  // alone, at once, whatever max_parallel says. What ended downstream is reset;
  // what runs there goes on. No effect while the run, or the map of the
  // instance, waits for what it told to stop.
  Restart Requeue(TaskKey task, const RunRows& rows);

  RunState state() const { return state_; }
  // What the run will end as once on_exit has run, and what was told to stop
  // has; kRunning before that.
  RunState outcome() const { return outcome_; }
  bool started() const { return started_; }
  NodeProgress node(int node) const;
  std::vector<NodeProgress> nodes() const;

 private:
  // Where a node stands, in one byte: runs have many nodes, and every task that
  // ends decodes them all. The order is that of the encoded form.
  enum class Stage : std::uint8_t {
    kPending,
    kHeld,  // May run; max_parallel says not yet.
    kReleased,
    kSucceeded,
    kFailed,
    kUpstreamFailed,  // Failed without an attempt.
    kCancelled,
    kSkipped,
    kEnding,  // Within a call: in ending_.
    // Cancelled, and ends so when its running attempts have stopped.
    kStopping,
    // A map that fail_fast ended: fails when its running instances have.
    kFailing,
  };

  // Of a mapped node. Instances [0, released) were made claimable; those of
  // them that are in none of the counts have not ended. What fail_fast and
  // Cancel() keep from starting counts as released and cancelled.
  //
  // After a retry that kept the good instances, releasing starts anew at 0 and
  // passes over them; `kept` are those of them it has yet to pass. RunRows
  // knows which they are.
  struct Instances {
    std::int32_t items = -1;
    std::int32_t released = 0;
    std::int32_t succeeded = 0;
    std::int32_t failed = 0;
    std::int32_t skipped = 0;
    std::int32_t cancelled = 0;
    std::int32_t kept = 0;

    bool expanded() const { return items >= 0; }
    std::int64_t ended() const {
      return std::int64_t{succeeded} + failed + skipped + cancelled;
    }
    std::int64_t live() const {
      return std::int64_t{released} + kept - ended();
    }
    std::int64_t to_release() const {
      return std::int64_t{items} - released - kept;
    }
  };

  struct Ending {
    std::int32_t node;
    Stage stage;
  };

  static bool Ended(Stage stage) {
    return stage >= Stage::kSucceeded && stage <= Stage::kSkipped;
  }
  static bool Stopping(Stage stage) {
    return stage == Stage::kStopping || stage == Stage::kFailing;
  }
  // Released and not ended.
  static bool Live(Stage stage) {
    return stage == Stage::kReleased || Stopping(stage);
  }
  static Stage StageFor(TaskState state);
  static TaskState StateFor(Stage stage);

  bool Exists(int node) const { return node >= 0 && node < graph_->size(); }
  Stage& stage(int node) { return stages_[static_cast<std::size_t>(node)]; }
  Stage stage(int node) const {
    return stages_[static_cast<std::size_t>(node)];
  }
  // Null for a node that is not mapped.
  Instances* instances(int node);
  const Instances* instances(int node) const;
  bool IsExpanded(int node) const;
  bool HasLiveRows(int node) const;
  bool WaitsForStops() const {
    return outcome_ != RunState::kRunning && unfinished_ > 0;
  }

  // run_progress.cc: what follows when a node ends.
  DependencyEnd EndAsDependency(int node) const;
  DependencyCounts CountDependencies(int node) const;
  void DependencyEnded(int node, int dependency, Effects& effects);
  void Evaluate(int node, Effects& effects);
  void Apply(Verdict verdict, int node, Effects& effects);
  TaskError ReasonFor(Verdict verdict, int node) const;
  void InstanceEnded(int node, TaskState state, const RunRows& rows,
                     Effects& effects);
  void EndMapped(int node, Stage stage, std::optional<TaskError> reason,
                 Effects& effects);
  void End(int node, Stage stage) {
    this->stage(node) = Stage::kEnding;
    ending_.push_back({node, stage});
  }
  // Every call that changes something ends with this.
  void Conclude(const RunRows& rows, Effects& effects);
  void Announce(Effects& effects);
  void ReleaseHeld(const RunRows& rows, Effects& effects);
  void ReleaseSome(int node, const RunRows& rows, Effects& effects);
  void ReleaseInstances(int node, std::int32_t count, const RunRows& rows,
                        Effects& effects);
  std::int64_t RunRoom() const;
  std::int64_t RoomFor(int node) const;
  void EndRun(RunState state, Effects& effects);

  // run_progress_cancel.cc
  void CancelOnExit(RunState outcome, const RunRows& rows, Effects& effects);
  void CancelNode(int node, const TaskError& reason, const RunRows& rows,
                  Effects& effects);
  bool StopInstances(int node, const RunRows& rows);
  std::int32_t ToStop(int node, const RunRows& rows) const;

  // run_progress_retry.cc
  bool MayRequeue(TaskKey task) const;
  std::vector<std::int32_t> EndedDownstream(
      std::vector<std::int32_t> nodes) const;
  bool MayResume(int node, const std::vector<std::int32_t>& again) const;
  void Reset(int node, Restart& restart);
  void Resume(int node, Restart& restart);
  void ResetOnExit(Restart& restart);
  void Reopen(const RunRows& rows, Restart& restart);

  // run_progress_codec.cc
  void Recount();
  void RecountReleased(int node);
  void EncodeTail(std::string& out) const;
  absl::Status CheckInstances(int node) const;
  absl::Status CheckConsistent() const;
  bool OnlyStopping() const;

  const Graph* graph_;
  std::vector<Stage> stages_;
  std::vector<Instances> instances_;  // By Graph::map_slot().
  RunState state_ = RunState::kRunning;
  RunState outcome_ = RunState::kRunning;
  bool started_ = false;

  // The rest follows from the above; Recount() finds it. Counts leave out
  // on_exit, but for in_flight_.
  std::int32_t unfinished_ = 0;
  std::int32_t failures_ = 0;
  std::int64_t in_flight_ = 0;  // Released tasks and instances, not ended.
  std::set<std::int32_t>
      held_;  // Nodes with something max_parallel holds back.
  // Of pending nodes with many dependencies, filled when first needed.
  absl::flat_hash_map<std::int32_t, DependencyCounts> counts_;
  std::vector<Ending> ending_;  // Empty between calls.
};

}  // namespace windlass

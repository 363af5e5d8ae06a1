// An executor: claims tasks, runs their handlers, records what came of it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "windlass/events.h"
#include "windlass/handler.h"
#include "windlass/store.h"
#include "windlass/task_source.h"
#include "windlass/time.h"
#include "windlass/tracing.h"
#include "windlass/workflow.h"

namespace windlass {

class Clock;
class HandlerRegistry;

// Every setting of an executor, with its default and what changing it costs.
struct ExecutorConfig {
  // Shown to people and recorded with attempts. Empty: "<host>-<pid>".
  std::string name;
  // An Engine makes a BaseExecutor of "generic", a DataProcessingExecutor of
  // "data", an ApiIntegrationExecutor of "api".
  std::string profile = "generic";
  // What to claim. Empty lists claim everything there is a handler for.
  std::vector<std::string> queues;
  std::vector<std::string> types;
  // Claim only tasks of this run and its sub-runs.
  std::optional<RunId> root;

  // Attempts of blocking handlers at a time; a thread each. 0: one per core.
  int slots = 0;
  // Attempts of AsyncTaskHandlers at a time, beside those in slots and without
  // a thread each. 0: they take slots as all others do.
  int in_flight = 0;
  // What attempts may reserve together; 0: no limit. With one, a task that does
  // not fit beside those that run waits, leased and in no slot; smaller ones
  // overtake it a bounded number of times. A task that could never fit is given
  // back, not to be claimed for a while, and reported (EventSink::OnPostponed).
  // Only what executors reserve (BaseExecutor::DemandOf()) counts.
  ResourceSpec capacity;

  // Leases taken beyond free slots so that a slot never waits for the store.
  // The executor sizes its look-ahead by its own throughput, up to this. More
  // costs fairness between executors; a drain gives them back.
  int maximum_look_ahead = 1000;

  // An executor that has not renewed for this long is dead to the others.
  // Shorter recovers sooner and tolerates fewer pauses. Renewed every third of
  // it; the executor stops its own attempts before it is over (I11).
  Duration lease_ttl = std::chrono::seconds(10);
  Duration sweep_interval = std::chrono::seconds(2);
  // Deletes runs that ended longer ago, whoever executed them; see
  // HistoryControl. Missing: leaves that to others.
  std::optional<Duration> retention;
  // How often to ask for cancels and drains when no signal came; bounds how
  // late a cancel can be.
  Duration command_interval = std::chrono::milliseconds(500);

  // Idle polling: from the first to the last by doubling, with jitter. Local
  // submits wake the executor at once whatever these are.
  Duration minimum_poll_interval = std::chrono::milliseconds(10);
  Duration maximum_poll_interval = std::chrono::seconds(2);

  // Under load, ends gather this long at most before they are recorded in one
  // transaction; alone an end is recorded at once.
  Duration maximum_finish_delay = std::chrono::milliseconds(2);
  int maximum_finish_batch = 1000;

  // After a drain begins, running attempts may take this long; what is left is
  // stopped and given back without counting an attempt.
  Duration drain_grace_period = std::chrono::seconds(30);

  // A loop that makes no progress for this long, beyond what it waits by
  // design, is wedged: BaseExecutor::liveness(). Shorter finds it sooner and
  // takes a slow store for a wedge.
  Duration liveness_deadline = std::chrono::seconds(30);

  // Environment variables that expressions may read as env.NAME.
  std::vector<std::string> allowed_env;
  // Where outside systems reach a server of the same store, as
  // "https://windlass.example.org": callback.url of expressions begins with it.
  // Empty: a task that asks for it fails.
  std::string public_url;
  // Attempts' scratch folders are made in here. Empty: the system's. Start()
  // removes what killed executors left in it.
  std::string scratch_dir;
  // secrets.NAME is the environment variable WINDLASS_SECRET_NAME, or the file
  // NAME in this folder when it is set.
  std::string secrets_dir;
};

// What an executor works with. All are borrowed and must outlive it.
struct ExecutorParts {
  Store* store = nullptr;
  TaskSource* source = nullptr;
  ResultStore* results = nullptr;
  const HandlerRegistry* handlers = nullptr;
  Clock* clock = nullptr;
  EventSink* events = nullptr;
  TracePolicy traces = {};
};

// The generic executor, and the base of specialised ones: they override the
// hooks below and register handlers of their own. Thread-safe.
class BaseExecutor {
 public:
  BaseExecutor(ExecutorConfig config, const ExecutorParts& parts);
  // Stops it as by Stop().
  virtual ~BaseExecutor();
  BaseExecutor(const BaseExecutor&) = delete;
  BaseExecutor& operator=(const BaseExecutor&) = delete;

  // Registers and starts to claim. Fails when the store cannot be reached.
  absl::Status Start();

  // Stops claiming, lets running attempts finish within the grace period, gives
  // back the rest, deregisters; returns when that is done (I10). A second call
  // (from another thread) with a shorter period cuts the first one short.
  void Drain(Duration grace_period);

  // Drain() with no grace period. Harmless when stopped already.
  void Stop();

  // True once an operator asked for a drain through the store.
  bool DrainRequested() const;

  // Blocks until nothing is leased and a claim found nothing.
  void WaitUntilIdle();

  // Attempts that are executed, those in flight among them.
  int busy_slots() const;
  // Of ExecutorConfig::capacity, by what runs.
  ResourceSpec reserved() const;
  const ExecutorConfig& config() const;

  // Liveness means progress: how long each loop has gone without completing a
  // turn, and how long that may take. A turn that fails because the store does
  // is progress; a call that does not return is not. Waiting for a free slot,
  // or for something to record, is no turn.
  struct Loop {
    Duration age;
    Duration deadline;
    bool wedged() const { return age > deadline; }
  };
  struct Liveness {
    Loop claim_loop;  // Its turn includes the source's wait for work.
    Loop finisher;
    Loop heartbeat;
  };
  Liveness liveness() const;

  // Whether it can take on work now.
  struct Readiness {
    bool registered = false;       // The store knows it, and it may claim.
    bool claiming = false;         // Started, and its last claim succeeded.
    bool store_reachable = false;  // The last heartbeat succeeded.
    bool draining = false;         // By Drain(), or an operator asked for it.
    bool ready() const {
      return registered && claiming && store_reachable && !draining;
    }
  };
  Readiness readiness() const;

 protected:
  // Whether to take on this lease now; if not, the task is given back uncounted
  // and may be claimed again at once. Called where leases arrive.
  virtual bool Admit(const Lease& lease);
  // What to reserve of the capacity while this lease is executed; by default
  // nothing. Called where leases arrive.
  virtual ResourceSpec DemandOf(const Lease& lease);
  // Around every attempt. Of one in flight the second runs on another thread.
  virtual void BeforeAttempt(TaskContext& task);
  virtual void AfterAttempt(TaskContext& task, const Outcome& outcome);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Which handler runs which task type. Filled before executors start, constant
// afterwards.
class HandlerRegistry {
 public:
  HandlerRegistry();
  ~HandlerRegistry();
  HandlerRegistry(HandlerRegistry&&) noexcept;

  // A later one for the same type replaces the earlier.
  void Add(std::string type, std::unique_ptr<TaskHandler> handler);
  // Null when there is none.
  TaskHandler* Find(std::string_view type) const;
  std::vector<std::string> Types() const;

 private:
  struct Entry;
  std::vector<Entry> entries_;
};

}  // namespace windlass

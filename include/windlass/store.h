// The system of record: runs, tasks, leases, executors, history.
//
// A store is asked by several kinds of caller, each through a small interface
// of its own; `Store` is all of them. Implementations are safe to call from any
// number of threads, and several processes may have one open at a time. Every
// point in time is the store's clock's. Every call either happened wholly or
// not at all; after Unavailable or DeadlineExceeded the caller cannot know
// which, and may repeat it: writes that carry a lease token are idempotent.
//
// A store holds facts. What follows from them (retry or dead letter, which
// tasks a success releases) is computed by src/model, so two stores cannot
// disagree. The rules themselves are tests/conformance.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "windlass/lease.h"

namespace windlass {

// ---------------------------------------------------------------- executors

struct ClaimRequest {
  ExecutorId executor;
  int limit = 1;
  std::vector<std::string> queues;  // Empty: every queue.
  std::vector<std::string> types;   // Empty: every task type.
  std::optional<RunId> root;        // Only tasks of this run and its sub-runs.
};

struct ClaimReply {
  std::vector<Lease> leases;
  // False: the store did not look everywhere, so that no lease does not mean
  // that there is no task. It will by `next_due`.
  bool looked_everywhere = true;
  // When the next scheduled task is due, if any.
  std::optional<Timestamp> next_due;
};

struct FinishReply {
  // One per AttemptEnd, in order. False: the lease had ended, nothing changed.
  std::vector<bool> accepted;
  std::vector<Lease> leases;      // Claimed in the same transaction.
  bool looked_everywhere = true;  // As in ClaimReply.
  std::optional<Timestamp> next_due;
};

// Progress, heartbeat details and intermediate results of a running attempt.
struct ProgressUpdate {
  RunId run;
  TaskKey task;
  LeaseToken token;
  std::optional<double> fraction;      // 0..1
  std::optional<std::string> message;  // What it is doing, for people.
  std::optional<Json> heartbeat_details;
  // Kept under `first` until the task succeeds; later attempts can read it.
  std::vector<std::pair<std::string, ResultEnvelope>> saved;
};

struct SavedState {
  std::optional<Json> heartbeat_details;
  std::vector<std::pair<std::string, ResultEnvelope>> saved;
};

struct CacheDecision {
  enum class Kind : std::uint8_t {
    kHit,      // `result` is another task's success.
    kCompute,  // This lease is the one that computes the key.
    kWait,     // Another lease computes it: park on kCacheKeyFree.
  };
  Kind kind = Kind::kCompute;
  ResultEnvelope result;
  std::string source;  // "r42/report"
};

// A leased task whose `concurrency`, `rate_limit` or `circuit_breaker` is to be
// asked.
struct PermitRequest {
  Lease lease;
  PermitKeys keys;
};

enum class PermitDecision : std::uint8_t {
  kGranted,
  kWait,        // Park on kPermit.
  kLeaseEnded,  // It may not do anything any more.
};

struct PermitAnswer {
  PermitDecision decision = PermitDecision::kWait;
  // kGranted: the attempt begins when this is over, not before. A rate gives
  // its starts out a little ahead, at most a quarter of a second.
  Duration delay{0};
};

// What an outside system must know to send the message a task waits for.
struct CallbackAddress {
  std::string token;  // In the URL; cannot be guessed.
  // What messages are signed with; server/webhook.h says how.
  std::string secret;
};

// The message that has come.
struct CallbackMessage {
  std::string id;  // Its sender's.
  Timestamp received_at;
  JsonObject body;
};

// Where a task with a `callback` stands.
struct CallbackProgress {
  enum class State : std::uint8_t {
    kNew,       // The handler's turn: nobody waits for the message yet.
    kAwaited,   // It parked on kCallback, and may do so again.
    kReceived,  // `message`
    kExpired,   // It is too late; what comes now is refused.
  };
  State state = State::kNew;
  CallbackAddress address;
  std::optional<CallbackMessage> message;
};

// What executors do with tasks.
class TaskStore {
 public:
  virtual ~TaskStore() = default;

  // Takes leases on up to `limit` ready tasks, higher priority first, then
  // older first. Promotes what has become due before it looks.
  virtual absl::StatusOr<ClaimReply> Claim(const ClaimRequest& request) = 0;

  // Records how leases ended, releases what that makes ready, and claims up to
  // `next.limit` tasks, successors of what just ended first; all in one
  // transaction. An end whose lease is gone is refused alone: the others count.
  virtual absl::StatusOr<FinishReply> Finish(std::span<const AttemptEnd> ends,
                                             const ClaimRequest& next) = 0;

  // One flag per update: false when its lease had ended.
  virtual absl::StatusOr<std::vector<bool>> SaveProgress(
      std::span<const ProgressUpdate> updates) = 0;

  // What earlier attempts of the leased task left.
  virtual absl::StatusOr<SavedState> LoadSaved(const Lease& lease) = 0;

  // Asks for the cached result of `key`, no older than `max_age`. With
  // kCompute the lease holds the key until it ends, so that equal keys are
  // computed once over the whole fleet.
  virtual absl::StatusOr<CacheDecision> BeginCached(
      const Lease& lease, const std::string& key,
      std::optional<Duration> max_age) = 0;

  // Asks for what the limits of these tasks demand, one answer per request.
  // A granted permit belongs to the lease and ends with it, but for a task that
  // parks until a run has ended: that is still under way. Asking again with the
  // same lease is granted and no second start. All keys of a task are granted
  // or none. What the end of an attempt says of its service moves the circuit
  // and the adaptive limit of its keys; see model/circuit.h and
  // model/adaptive_limit.h.
  //
  // Of a key that several runs name with different limits, the run submitted
  // last decides.
  virtual absl::StatusOr<std::vector<PermitAnswer>> AcquirePermits(
      std::span<const PermitRequest> requests) = 0;

  // Gives the leased task the address `fresh`, unless it has one: it keeps
  // that, whatever happens to its executors, until an attempt of it has failed
  // or it has ended. A message that comes before the task waits for it is kept.
  // Durable when this returns. FailedPrecondition when the lease has ended.
  virtual absl::StatusOr<CallbackProgress> OpenCallback(
      const Lease& lease, const CallbackAddress& fresh) = 0;
};

struct ExecutorInfo {
  std::string name;  // Unique per process: "host-1234".
  std::string host;  // See base/local_process.h for what it must tell.
  std::int64_t pid = 0;
  std::int64_t process_start = 0;  // Tells it from a later one with its pid.
  std::string profile;             // "generic", "data", "api".
  int slots = 0;
  std::vector<std::string> queues;
  std::vector<std::string> types;
  Duration lease_ttl = std::chrono::seconds(10);
};

struct CancelCommand {
  RunId run;
  TaskKey task;
  LeaseToken token;
  CancellationSpec::Type type = CancellationSpec::Type::kTryCancel;
  std::string reason;
};

struct HeartbeatReply {
  Timestamp now;
  // Running leases to stop; repeated until they end.
  std::vector<CancelCommand> cancels;
  bool drain = false;  // Someone asked this executor to drain.
};

struct SweepReport {
  int executors_lost = 0;
  int tasks_recovered = 0;  // Made claimable again.
  int tasks_failed = 0;     // Over max_crashes.
  int timers_fired = 0;     // Deadlines of waiting tasks and of runs.
  int runs_started = 0;     // By schedules.
  // Until the next schedule is due; a sweep then is in time for it.
  std::optional<Duration> next_schedule;
};

// Who is alive. Leases live as long as the registration of their executor.
class ExecutorRegistry {
 public:
  virtual ~ExecutorRegistry() = default;

  virtual absl::StatusOr<ExecutorId> Register(const ExecutorInfo& info) = 0;

  // Renews the registration for its lease_ttl. NotFound: it was declared dead
  // and all its leases are gone; register again.
  virtual absl::StatusOr<HeartbeatReply> Heartbeat(ExecutorId executor,
                                                   int busy_slots) = 0;

  // The same reply without renewing: cheap enough to ask several times a
  // second.
  virtual absl::StatusOr<HeartbeatReply> Commands(ExecutorId executor) = 0;

  // Ends the registration; leases it still holds are given back uncounted.
  virtual absl::Status Deregister(ExecutorId executor) = 0;

  // Declares executors dead whose registration ran out (on the same machine
  // also those whose process is gone), recovers their tasks, fires due
  // deadlines, starts the runs of due schedules. Any number of sweepers may
  // run.
  virtual absl::StatusOr<SweepReport> Sweep() = 0;
};

// ------------------------------------------------------------------ clients

struct SubmitRequest {
  std::shared_ptr<const Workflow> workflow;
  Json params = JsonObject{};  // Checked by CheckParams().
  std::string base_dir;
  // A second submit with the same key and workflow name returns the first run;
  // FailedPrecondition when the params differ.
  std::optional<std::string> idempotency_key;
  JsonObject labels;  // Beside the workflow's own, which they win over.
  int copies = 1;     // Not with an idempotency key.
  // Set for sub-workflows.
  std::optional<RunId> parent;
  std::optional<TaskKey> parent_task;
};

struct SubmittedRun {
  RunId id;
  bool created = true;  // False: an idempotency key named an earlier run.
};

enum class RetryScope : std::uint8_t { kFailedTasks, kWholeRun };

struct DeadLetterFilter {
  std::vector<std::int64_t> ids;  // Empty: all that match the rest.
  std::string workflow;
  std::optional<RunId> run;
  std::string error_type;
  int limit = 1000;
};

// What people and programs do to runs. Unknown runs are NotFound; what a run's
// state does not allow is FailedPrecondition, with the reason.
class RunControl {
 public:
  virtual ~RunControl() = default;

  // All or none. When it returns, the runs are durable.
  virtual absl::StatusOr<std::vector<SubmittedRun>> Submit(
      std::span<const SubmitRequest> requests) = 0;

  // After it returns no attempt of the run can succeed (on_exit, which runs
  // afterwards, aside). Cancels sub-runs too. Repeating it is harmless.
  virtual absl::Status Cancel(RunId run, const std::string& reason) = 0;

  // A paused run's running attempts go on; nothing new of it starts.
  virtual absl::Status Pause(RunId run) = 0;
  virtual absl::Status Resume(RunId run) = 0;

  // Runs a finished run's failed tasks and all that depends on them again, or
  // all its tasks.
  virtual absl::Status Retry(RunId run, RetryScope scope) = 0;

  // Takes dead letters back into their runs with fresh attempts; returns how
  // many.
  virtual absl::StatusOr<int> Requeue(const DeadLetterFilter& filter) = 0;
  virtual absl::StatusOr<int> Discard(const DeadLetterFilter& filter) = 0;
};

// What operators do to queues and executors.
class FleetControl {
 public:
  virtual ~FleetControl() = default;

  // Tasks of a paused queue are not claimed.
  virtual absl::Status PauseQueue(const std::string& queue) = 0;
  virtual absl::Status ResumeQueue(const std::string& queue) = 0;
  // NotFound when no living executor has this name.
  virtual absl::Status Drain(const std::string& executor_name) = 0;
  // Closes the circuit breaker of this key. NotFound when no task has named it
  // of late.
  virtual absl::Status ResetCircuit(const std::string& key) = 0;
};

struct ScheduleRequest {
  std::shared_ptr<const Workflow> workflow;  // With a `schedule`.
  Json params = JsonObject{};                // Of every run.
  std::string base_dir;
};

struct ScheduleRecord {
  std::string workflow;
  ScheduleSpec spec;
  Json params;
  bool paused = false;
  std::optional<Timestamp> next_at;    // None while it is paused.
  std::optional<Timestamp> queued_at;  // Waits for the run before to end.
  // The last time that started a run, and that run.
  std::optional<Timestamp> last_at;
  std::optional<RunId> last_run;
  Timestamp created_at;
};

// Workflows that are run by the clock; each has one schedule at most. Sweeps
// start the runs: one run per time, whoever sweeps. Each has the label
// windlass.scheduled_at with the time it is for. An unknown workflow is
// NotFound.
class ScheduleControl {
 public:
  virtual ~ScheduleControl() = default;

  // Creates the schedule of the workflow, or replaces it for all times to come;
  // a paused one stays paused. InvalidArgument when the workflow has none.
  virtual absl::StatusOr<ScheduleRecord> PutSchedule(
      const ScheduleRequest& request) = 0;
  // Starts nothing more; what runs goes on. Repeating it is harmless.
  virtual absl::Status PauseSchedule(const std::string& workflow) = 0;
  // From now on: times that came while it was paused are gone.
  virtual absl::Status ResumeSchedule(const std::string& workflow) = 0;
  // Runs it has started go on.
  virtual absl::Status RemoveSchedule(const std::string& workflow) = 0;
  // By name of the workflow.
  virtual absl::StatusOr<std::vector<ScheduleRecord>> ListSchedules() = 0;
};

// Who waits for messages to a token.
struct CallbackRecord {
  RunId run;
  TaskKey task;
  std::string secret;
  Timestamp now;  // By the store's clock.
};

struct CallbackDelivery {
  std::string token;
  std::string id;      // The same when a sender sends it again.
  std::string sha256;  // Of the body as it came.
  JsonObject body;
};

enum class CallbackReply : std::uint8_t {
  kAccepted,
  kRepeated,  // It had come before, by its id or what it says.
  kOccupied,  // Another one had.
  kTooLate,   // The task has ended, failed or waited for too long.
};

// What tasks are told that wait for a message. An unknown token is NotFound; a
// body that does not fit the task's schema is InvalidArgument and changes
// nothing.
class CallbackControl {
 public:
  virtual ~CallbackControl() = default;

  // Costs one read by key.
  virtual absl::StatusOr<CallbackRecord> FindCallback(
      const std::string& token) = 0;
  // Durable when this returns; a task that waits is then claimable.
  virtual absl::StatusOr<CallbackReply> Deliver(
      const CallbackDelivery& delivery) = 0;
  // The same by someone who may, without an address. FailedPrecondition when
  // the task waits for no message.
  virtual absl::Status Answer(RunId run, TaskKey task,
                              const JsonObject& body) = 0;
};

// A version of a stored workflow.
struct WorkflowVersion {
  std::string name;
  int version = 1;
  std::string digest;  // Workflow::digest.
  std::string description;
  std::shared_ptr<const Workflow> workflow;  // Not in lists.
  std::string base_dir;
  Timestamp created_at;
};

struct PutWorkflowRequest {
  std::shared_ptr<const Workflow> workflow;
  // What its relative paths are relative to; empty leaves what was.
  std::string base_dir;
  // The latest version that the caller knows of, 0 for none: the put is refused
  // when there is a later one.
  std::optional<int> expected_version;
};

struct WorkflowFilter {
  std::string name = {};   // Part of it; empty: all.
  std::string after = {};  // For pages: names behind this one.
  int limit = 50;
};

// Workflows kept under their names, to be submitted by them. Versions are
// numbered from 1, without gaps and for good: a number is not given again after
// a deletion. An unknown name or version is NotFound.
class WorkflowControl {
 public:
  virtual ~WorkflowControl() = default;

  // Becomes the latest version of its name. One that equals the latest makes no
  // new version, so that repeating it is harmless. FailedPrecondition when the
  // latest is not the expected one.
  virtual absl::StatusOr<WorkflowVersion> PutWorkflow(
      const PutWorkflowRequest& request) = 0;
  // The latest without a version.
  virtual absl::StatusOr<WorkflowVersion> GetWorkflow(
      const std::string& name, std::optional<int> version) = 0;
  // The latest version of each, by name.
  virtual absl::StatusOr<std::vector<WorkflowVersion>> ListWorkflows(
      const WorkflowFilter& filter) = 0;
  // Newest first.
  virtual absl::StatusOr<std::vector<WorkflowVersion>> ListWorkflowVersions(
      const std::string& name) = 0;
  // All versions. Runs and schedules have their own copy.
  virtual absl::Status DeleteWorkflow(const std::string& name) = 0;
};

struct PruneRequest {
  Duration older_than;  // Since their end; positive.
  RunId after;          // Where to go on; from the reply before.
  enum class Mode : std::uint8_t { kDelete, kDryRun };
  Mode mode = Mode::kDelete;
};

struct PruneReply {
  std::int64_t runs = 0;  // Deleted, or those that would have been.
  // Missing when all has been looked at.
  std::optional<RunId> next;
};

// How long what has ended is kept.
class HistoryControl {
 public:
  virtual ~HistoryControl() = default;

  // Deletes runs that ended longer ago, with their attempts, results, dead
  // letters and idempotency keys; a run and its sub-runs go together, when all
  // have. With the last of them go cached results that are older. Looks at a
  // few hundred runs and returns; call it until there is no next. Objects in a
  // result store remain, for a collection to find. Any number may prune at
  // once.
  virtual absl::StatusOr<PruneReply> Prune(const PruneRequest& request) = 0;
};

struct RunRecord {
  RunId id;
  std::string workflow;
  RunState state = RunState::kRunning;
  Json params;
  JsonObject labels;
  Timestamp created_at;
  std::optional<Timestamp> started_at;  // First claim.
  std::optional<Timestamp> finished_at;
  int attempt = 1;
  std::string reason;  // Why it was cancelled or timed out; mostly empty.
  std::optional<RunId> parent;
  std::string idempotency_key;
};

struct TaskRecord {
  TaskKey key;
  std::string id;  // Of the spec, without index.
  std::string type;
  TaskState state = TaskState::kPending;
  int attempt = 0;                      // 0: none yet.
  std::optional<Timestamp> started_at;  // Of the last attempt.
  std::optional<Timestamp> finished_at;
  std::optional<Duration> run_time;
  std::string executor;
  std::optional<ResultEnvelope> result;
  std::optional<TaskError> error;  // Of the last failed attempt, or the reason.
  std::optional<double> progress;
  std::string progress_message;
  std::optional<Timestamp> due_at;  // kScheduled
  // For a callback, until due_at.
  std::optional<Timestamp> waiting_since;
  std::string cached_from;
  int item_count = -1;  // Of a mapped task whose items are known.
};

struct AttemptRecord {
  TaskKey key;
  int attempt = 0;
  AttemptOutcome outcome = AttemptOutcome::kSucceeded;
  Timestamp started_at;
  Timestamp finished_at;
  std::string executor;
  std::optional<TaskError> error;
};

// Where each task of a run stands, cheap enough to ask ten times a second.
struct NodeProgress {
  TaskState state = TaskState::kPending;  // kRunning: released and not ended.
  int items = -1;  // Of a mapped task: instances, by state below.
  int succeeded = 0;
  int failed = 0;
  int skipped = 0;
  int cancelled = 0;
};

struct RunProgressRecord {
  RunState state = RunState::kRunning;
  std::vector<NodeProgress> nodes;  // By place in Workflow::tasks.
};

struct RunFilter {
  std::optional<RunState> state;
  std::string workflow;
  std::optional<RunId> before;  // For pages: ids below this one.
  int limit = 50;
};

struct DeadLetterRecord {
  std::int64_t id = 0;
  RunId run;
  std::string workflow;
  TaskKey task;
  std::string task_id;
  std::string type;
  int attempts = 0;
  Timestamp failed_at;
  TaskError error;
};

struct ExecutorRecord {
  ExecutorId id;
  ExecutorInfo info;
  Timestamp started_at;
  Timestamp last_heartbeat;
  int busy_slots = 0;
  bool draining = false;
  bool alive = true;  // False: it was declared dead within the last hour.
};

struct QueueRecord {
  std::string name;
  bool paused = false;
  std::int64_t ready = 0;
  std::int64_t running = 0;
  std::int64_t scheduled = 0;
  std::optional<Timestamp> oldest_ready;
};

// A key of `concurrency` or `rate_limit` that is in use or was of late.
struct LimitRecord {
  enum class Kind : std::uint8_t { kConcurrency, kRate };
  Kind kind = Kind::kConcurrency;
  std::string key;
  int limit = 1;
  Duration period{0};        // kRate
  std::optional<int> burst;  // kRate: of a token bucket.
  // Attempts under way, or starts within the last period, or tokens that are
  // missing in the bucket; all with those of tasks that have been let go and
  // not been started yet.
  std::int64_t in_use = 0;
  std::int64_t waiting = 0;          // Tasks.
  std::optional<Timestamp> next_at;  // kRate: of the first that waits.
  // kConcurrency: of one that finds out how much it may allow.
  struct Adaptation {
    int allowed = 1;  // At present, between `minimum` and `limit`.
    int minimum = 1;
    std::optional<Duration> target_latency;
  };
  std::optional<Adaptation> adaptive;
};

// What an adaptive `concurrency` allows at present.
struct AdaptiveLimitRecord {
  std::string key;
  int allowed = 1;
  int limit = 1;
};

enum class CircuitState : std::uint8_t { kClosed, kHalfOpen, kOpen };

// A key of `circuit_breaker` that is in use or was of late.
struct CircuitRecord {
  std::string key;
  CircuitState state = CircuitState::kClosed;
  int failures = 0;  // In a row.
  int failure_threshold = 1;
  Duration open_for{0};
  int probes = 1;            // At most at a time.
  std::int64_t probing = 0;  // Under way, or let go and not started yet.
  std::int64_t waiting = 0;  // Tasks.
  std::optional<Timestamp> open_until;  // Not kClosed.
};

// Reading. Results are a consistent view of one moment per call.
class RunQueries {
 public:
  virtual ~RunQueries() = default;

  virtual absl::StatusOr<RunRecord> GetRun(RunId run) = 0;
  virtual absl::StatusOr<std::shared_ptr<const RunInfo>> GetRunInfo(
      RunId run) = 0;
  virtual absl::StatusOr<RunProgressRecord> GetProgress(RunId run) = 0;
  virtual absl::StatusOr<std::vector<RunRecord>> ListRuns(
      const RunFilter& filter) = 0;
  // Tasks by place in the workflow, each mapped task before its instances.
  virtual absl::StatusOr<std::vector<TaskRecord>> ListTasks(RunId run) = 0;
  virtual absl::StatusOr<TaskRecord> GetTask(RunId run, TaskKey task) = 0;
  // Results of a mapped task's instances by index; nullopt where there is none.
  virtual absl::StatusOr<std::vector<std::optional<ResultEnvelope>>>
  ListInstanceResults(RunId run, int node) = 0;
  // The items a mapped task was expanded with.
  virtual absl::StatusOr<ResultEnvelope> GetItems(RunId run, int node) = 0;
  virtual absl::StatusOr<std::vector<AttemptRecord>> ListAttempts(
      RunId run) = 0;
};

struct RunCounts {
  std::int64_t running = 0;  // Or paused.
  std::int64_t succeeded = 0;
  std::int64_t failed = 0;
  std::int64_t cancelled = 0;

  bool operator==(const RunCounts&) const = default;
};

class FleetQueries {
 public:
  virtual ~FleetQueries() = default;

  virtual absl::StatusOr<std::vector<DeadLetterRecord>> ListDeadLetters(
      const DeadLetterFilter& filter) = 0;
  virtual absl::StatusOr<std::vector<ExecutorRecord>> ListExecutors() = 0;
  virtual absl::StatusOr<std::vector<QueueRecord>> ListQueues() = 0;
  virtual absl::StatusOr<std::vector<LimitRecord>> ListLimits() = 0;
  // Of those, what changes by itself. Does not look at who waits.
  virtual absl::StatusOr<std::vector<AdaptiveLimitRecord>>
  ListAdaptiveLimits() = 0;
  virtual absl::StatusOr<std::vector<CircuitRecord>> ListCircuits() = 0;
  // Costs the same however many there are, as ListQueues() does.
  virtual absl::StatusOr<RunCounts> CountRuns() = 0;
};

// Tells that something may have become ready, or that a command waits. A hint:
// it may come without cause, and its absence proves nothing.
class WakeSignal {
 public:
  virtual ~WakeSignal() = default;

  // True when there was a signal, false after `timeout` or a stop request.
  // Signals that came since the last call count.
  virtual bool Wait(Duration timeout, std::stop_token stop) = 0;

  // Whether signals of other machines are heard at present, so that who waits
  // need not look by himself often. May change at any time; a change for the
  // worse is a signal.
  virtual bool reliable() const { return false; }
};

// What people and programs need, whether they have the store itself or a server
// in front of it.
class Client : public RunControl,
               public FleetControl,
               public ScheduleControl,
               public WorkflowControl,
               public RunQueries,
               public FleetQueries {
 public:
  // The store's clock.
  virtual absl::StatusOr<Timestamp> Now() = 0;
};

class Store : public Client,
              public TaskStore,
              public ExecutorRegistry,
              public CallbackControl,
              public HistoryControl {
 public:
  // Each listener has its own.
  virtual absl::StatusOr<std::unique_ptr<WakeSignal>> Listen() = 0;

  // Tells this store's data from any other's that may share a result store: a
  // segment of object keys. Empty for a store that shares with nobody.
  virtual absl::StatusOr<std::string> Identity() { return std::string(); }
};

}  // namespace windlass

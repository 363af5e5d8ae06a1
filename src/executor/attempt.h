// One attempt while it is executed: what its handler sees of it, and what may
// stop it from outside.
#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"
#include "executor/lease_queue.h"
#include "executor/permit_desk.h"
#include "executor/progress_writer.h"
#include "executor/redactor.h"
#include "executor/scratch_space.h"
#include "executor/upstream.h"
#include "model/trace.h"
#include "results/result_io.h"
#include "windlass/executor.h"
#include "windlass/handler.h"

namespace windlass {

// What attempts work with; all borrowed.
struct AttemptParts {
  TaskStore* store = nullptr;
  ResultIo* results = nullptr;
  Upstream* upstream = nullptr;
  ProgressWriter* progress = nullptr;
  PermitDesk* permits = nullptr;
  ScratchSpace* scratch = nullptr;
  EventSink* events = nullptr;
  Clock* clock = nullptr;
  const ExecutorConfig* config = nullptr;
  TracePolicy traces = {};
};

// Owned by shared_ptr: the slot that executes it, the monitor that watches it
// and the progress writer have it at the same time, and an abandoned handler
// keeps it beyond all of them. Thread-safe once Prepare...() are done.
class Attempt : public TaskContext,
                public ProgressOwner,
                public std::enable_shared_from_this<Attempt> {
 public:
  // Started at `now`, on the steady clock.
  Attempt(const AttemptParts& parts, const EpochLease& lease, Duration now);
  ~Attempt() override;

  Epoch epoch() const { return epoch_; }
  const Occupancy& occupancy() const { return occupancy_; }
  // To come, where a limit lets it begin a little later: BeginAt().
  Duration started_at() const {
    return Duration(started_at_.load(std::memory_order_relaxed));
  }
  // Until `now`; zero before it begins.
  Duration RunTime(Duration now) const {
    return std::max(now - started_at(), Duration::zero());
  }
  // Since its run was submitted, if the task waits for nothing else; otherwise
  // since the claim.
  Duration waited() const { return waited_; }

  // --- before the handler runs, on its thread
  // `params` is borrowed or owned.
  void PrepareParams(const Json* params) { params_ = params; }
  void PrepareParams(Json params);
  void PrepareIdempotencyKey(std::string key);
  // Its time counts from then on.
  void BeginAt(Duration at);
  // Under what its result is kept for others; empty: it is not.
  void PrepareCacheKey(std::string key) { cache_key_ = std::move(key); }
  const std::string& cache_key() const { return cache_key_; }
  Redactor& redactor() { return redactor_; }

  // Its handler is about to be called.
  void NoteBegun() { begun_.store(true, std::memory_order_relaxed); }
  bool begun() const { return begun_.load(std::memory_order_relaxed); }

  // --- stopping
  // Asks the handler to stop. The first reason counts, but for a lost lease.
  void RequestStop(StopReason reason);

  struct Check {
    std::optional<StopReason> stop;   // Its time is over: RequestStop() it.
    bool overdue = false;             // It ignored that for its grace period.
    Duration next = Duration::max();  // When to check again.
  };
  Check CheckTime(Duration now) const;

  // Who reports the end: true for the first caller only.
  bool ClaimEnd() { return !end_claimed_.exchange(true); }
  bool abandoned() const { return abandoned_.load(); }
  // The monitor's ClaimEnd().
  bool Abandon();
  // The parts are about to go away: from now on every method that needs them
  // fails. Waits for calls in progress.
  void CutOff();

  // --- after the handler
  // Runs the OnCleanup() hooks and removes the scratch folder. Says what went
  // wrong; an attempt does not fail for it.
  std::vector<std::string> CleanUp(AttemptOutcome outcome);
  // Heartbeat details that still wait are written when `keep`.
  enum class Pending : std::uint8_t { kWrite, kForget };
  void SettleProgress(Pending pending);

  WriteOptions WriteOptionsFor(std::string_view name) const;
  // To where results are kept, under `name`, as by WriteRedacted().
  absl::StatusOr<ResultEnvelope> Write(Content& content,
                                       std::string_view name) const;

  // --- TaskContext
  const Lease& lease() const override { return lease_; }
  const std::string& task_name() const override;
  const std::string& idempotency_key() const override;
  const Json& params() const override { return *params_; }
  absl::StatusOr<Json> Result(std::string_view task) override;
  absl::StatusOr<std::unique_ptr<ByteSource>> OpenResult(
      std::string_view task) override;
  void Progress(double fraction, std::string_view message) override;
  void Heartbeat(Json details) override;
  absl::StatusOr<Json> HeartbeatDetails() override;
  absl::Status Save(std::string_view name, Content content) override;
  absl::StatusOr<Json> Load(std::string_view name) override;
  void Log(LogLevel level, std::string_view message) override;
  void LogOutput(LogSource source, LogLevel level,
                 std::string_view lines) override;
  absl::StatusOr<ResultEnvelope> WriteResult(
      ByteSource& content, std::string_view media_type) override;
  absl::StatusOr<std::string> SignUrl(std::string_view uri,
                                      Duration lifetime) override;
  std::string traceparent() const override;
  std::string tracestate() const override;
  std::string CallTraceparent(int number) const override;
  void NoteCall(const ServiceCall& call) override;
  std::stop_token stop_token() const override;
  StopReason stop_reason() const override;
  std::optional<std::chrono::steady_clock::time_point> deadline()
      const override;
  Duration grace_period() const override;
  absl::StatusOr<std::string> ScratchDir() override;
  void OnCleanup(std::function<void(AttemptOutcome)> clean) override;

  // --- ProgressOwner
  void OnLeaseLost() override { RequestStop(StopReason::kLeaseLost); }

 private:
  // The parts may be used while one of these lives; false after CutOff().
  class Use;

  const TaskSpec& spec() const { return lease_.spec(); }
  absl::StatusOr<int> AncestorNode(std::string_view task) const;
  std::optional<TraceContext> Trace() const;
  ProgressUpdate NewUpdate() const;
  void Post(ProgressUpdate update);
  absl::StatusOr<SavedState> Saved();
  Duration GraceLocked() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const AttemptParts parts_;
  const Lease lease_;
  const Epoch epoch_;
  const Occupancy occupancy_;
  std::atomic<Duration::rep> started_at_;
  const Duration waited_;
  // schedule_to_close of the task, on the steady clock.
  const std::optional<Duration> close_at_;

  // Constant once prepared.
  const Json* params_;
  Json own_params_;
  std::string cache_key_;
  Redactor redactor_;

  std::atomic<bool> end_claimed_ = false;
  std::atomic<bool> abandoned_ = false;
  std::atomic<bool> begun_ = false;
  std::atomic<Duration::rep> last_sign_of_life_;
  std::atomic<bool> posted_ = false;
  mutable std::atomic<int> contents_written_ = 0;

  // Calls into the parts hold it shared, also while they do I/O; CutOff() takes
  // it alone.
  std::shared_mutex use_;
  bool cut_off_ = false;  // Guarded by use_.

  mutable Mutex mutex_;
  StopReason reason_ ABSL_GUARDED_BY(mutex_) = StopReason::kNone;
  Duration stop_requested_at_ ABSL_GUARDED_BY(mutex_){0};
  // Made when first asked for: most handlers never do.
  mutable std::optional<std::stop_source> stop_ ABSL_GUARDED_BY(mutex_);
  mutable std::string name_ ABSL_GUARDED_BY(mutex_);
  mutable std::string idempotency_key_ ABSL_GUARDED_BY(mutex_);
  std::string scratch_dir_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::function<void(AttemptOutcome)>> cleanups_
      ABSL_GUARDED_BY(mutex_);
  std::optional<SavedState> earlier_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::pair<std::string, ResultEnvelope>> saved_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace windlass

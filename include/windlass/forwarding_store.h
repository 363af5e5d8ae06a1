// A store that passes everything on to another: the base of those that add to
// some of its calls. Borrows the other one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "windlass/store.h"

namespace windlass {

class ForwardingStore : public Store {
 public:
  explicit ForwardingStore(Store& real) : real_(real) {}

  absl::StatusOr<ClaimReply> Claim(const ClaimRequest& request) override {
    return real_.Claim(request);
  }
  absl::StatusOr<FinishReply> Finish(std::span<const AttemptEnd> ends,
                                     const ClaimRequest& next) override {
    return real_.Finish(ends, next);
  }
  absl::StatusOr<std::vector<bool>> SaveProgress(
      std::span<const ProgressUpdate> updates) override {
    return real_.SaveProgress(updates);
  }
  absl::StatusOr<SavedState> LoadSaved(const Lease& lease) override {
    return real_.LoadSaved(lease);
  }
  absl::StatusOr<CacheDecision> BeginCached(
      const Lease& lease, const std::string& key,
      std::optional<Duration> max_age) override {
    return real_.BeginCached(lease, key, max_age);
  }
  absl::StatusOr<std::vector<PermitAnswer>> AcquirePermits(
      std::span<const PermitRequest> requests) override {
    return real_.AcquirePermits(requests);
  }
  absl::StatusOr<CallbackProgress> OpenCallback(
      const Lease& lease, const CallbackAddress& fresh) override {
    return real_.OpenCallback(lease, fresh);
  }

  absl::StatusOr<ExecutorId> Register(const ExecutorInfo& info) override {
    return real_.Register(info);
  }
  absl::StatusOr<HeartbeatReply> Heartbeat(ExecutorId executor,
                                           int busy_slots) override {
    return real_.Heartbeat(executor, busy_slots);
  }
  absl::StatusOr<HeartbeatReply> Commands(ExecutorId executor) override {
    return real_.Commands(executor);
  }
  absl::Status Deregister(ExecutorId executor) override {
    return real_.Deregister(executor);
  }
  absl::StatusOr<SweepReport> Sweep() override { return real_.Sweep(); }

  absl::StatusOr<std::vector<SubmittedRun>> Submit(
      std::span<const SubmitRequest> requests) override {
    return real_.Submit(requests);
  }
  absl::Status Cancel(RunId run, const std::string& reason) override {
    return real_.Cancel(run, reason);
  }
  absl::Status Pause(RunId run) override { return real_.Pause(run); }
  absl::Status Resume(RunId run) override { return real_.Resume(run); }
  absl::Status Retry(RunId run, RetryScope scope) override {
    return real_.Retry(run, scope);
  }
  absl::StatusOr<int> Requeue(const DeadLetterFilter& filter) override {
    return real_.Requeue(filter);
  }
  absl::StatusOr<int> Discard(const DeadLetterFilter& filter) override {
    return real_.Discard(filter);
  }

  absl::Status PauseQueue(const std::string& queue) override {
    return real_.PauseQueue(queue);
  }
  absl::Status ResumeQueue(const std::string& queue) override {
    return real_.ResumeQueue(queue);
  }
  absl::Status Drain(const std::string& executor_name) override {
    return real_.Drain(executor_name);
  }
  absl::Status ResetCircuit(const std::string& key) override {
    return real_.ResetCircuit(key);
  }

  absl::StatusOr<PruneReply> Prune(const PruneRequest& request) override {
    return real_.Prune(request);
  }

  absl::StatusOr<ScheduleRecord> PutSchedule(
      const ScheduleRequest& request) override {
    return real_.PutSchedule(request);
  }
  absl::Status PauseSchedule(const std::string& workflow) override {
    return real_.PauseSchedule(workflow);
  }
  absl::Status ResumeSchedule(const std::string& workflow) override {
    return real_.ResumeSchedule(workflow);
  }
  absl::Status RemoveSchedule(const std::string& workflow) override {
    return real_.RemoveSchedule(workflow);
  }
  absl::StatusOr<std::vector<ScheduleRecord>> ListSchedules() override {
    return real_.ListSchedules();
  }

  absl::StatusOr<CallbackRecord> FindCallback(
      const std::string& token) override {
    return real_.FindCallback(token);
  }
  absl::StatusOr<CallbackReply> Deliver(
      const CallbackDelivery& delivery) override {
    return real_.Deliver(delivery);
  }
  absl::Status Answer(RunId run, TaskKey task,
                      const JsonObject& body) override {
    return real_.Answer(run, task, body);
  }

  absl::StatusOr<WorkflowVersion> PutWorkflow(
      const PutWorkflowRequest& request) override {
    return real_.PutWorkflow(request);
  }
  absl::StatusOr<WorkflowVersion> GetWorkflow(
      const std::string& name, std::optional<int> version) override {
    return real_.GetWorkflow(name, version);
  }
  absl::StatusOr<std::vector<WorkflowVersion>> ListWorkflows(
      const WorkflowFilter& filter) override {
    return real_.ListWorkflows(filter);
  }
  absl::StatusOr<std::vector<WorkflowVersion>> ListWorkflowVersions(
      const std::string& name) override {
    return real_.ListWorkflowVersions(name);
  }
  absl::Status DeleteWorkflow(const std::string& name) override {
    return real_.DeleteWorkflow(name);
  }

  absl::StatusOr<RunRecord> GetRun(RunId run) override {
    return real_.GetRun(run);
  }
  absl::StatusOr<std::shared_ptr<const RunInfo>> GetRunInfo(
      RunId run) override {
    return real_.GetRunInfo(run);
  }
  absl::StatusOr<RunProgressRecord> GetProgress(RunId run) override {
    return real_.GetProgress(run);
  }
  absl::StatusOr<std::vector<RunRecord>> ListRuns(
      const RunFilter& filter) override {
    return real_.ListRuns(filter);
  }
  absl::StatusOr<std::vector<TaskRecord>> ListTasks(RunId run) override {
    return real_.ListTasks(run);
  }
  absl::StatusOr<TaskRecord> GetTask(RunId run, TaskKey task) override {
    return real_.GetTask(run, task);
  }
  absl::StatusOr<std::vector<std::optional<ResultEnvelope>>>
  ListInstanceResults(RunId run, int node) override {
    return real_.ListInstanceResults(run, node);
  }
  absl::StatusOr<ResultEnvelope> GetItems(RunId run, int node) override {
    return real_.GetItems(run, node);
  }
  absl::StatusOr<std::vector<AttemptRecord>> ListAttempts(RunId run) override {
    return real_.ListAttempts(run);
  }

  absl::StatusOr<std::vector<DeadLetterRecord>> ListDeadLetters(
      const DeadLetterFilter& filter) override {
    return real_.ListDeadLetters(filter);
  }
  absl::StatusOr<std::vector<ExecutorRecord>> ListExecutors() override {
    return real_.ListExecutors();
  }
  absl::StatusOr<std::vector<QueueRecord>> ListQueues() override {
    return real_.ListQueues();
  }
  absl::StatusOr<std::vector<LimitRecord>> ListLimits() override {
    return real_.ListLimits();
  }
  absl::StatusOr<std::vector<AdaptiveLimitRecord>> ListAdaptiveLimits()
      override {
    return real_.ListAdaptiveLimits();
  }
  absl::StatusOr<std::vector<CircuitRecord>> ListCircuits() override {
    return real_.ListCircuits();
  }
  absl::StatusOr<RunCounts> CountRuns() override { return real_.CountRuns(); }

  absl::StatusOr<std::unique_ptr<WakeSignal>> Listen() override {
    return real_.Listen();
  }
  absl::StatusOr<Timestamp> Now() override { return real_.Now(); }
  absl::StatusOr<std::string> Identity() override { return real_.Identity(); }

 protected:
  Store& real() { return real_; }

 private:
  Store& real_;
};

}  // namespace windlass

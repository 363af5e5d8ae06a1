#include "store/sql/sql_store.h"

#include <utility>

#include "store/sql/attempt_logs.h"
#include "store/sql/callbacks.h"
#include "store/sql/fleet.h"
#include "store/sql/history.h"
#include "store/sql/notices.h"
#include "store/sql/registry.h"
#include "store/sql/run_control.h"
#include "store/sql/run_queries.h"
#include "store/sql/schedules.h"
#include "store/sql/self_check.h"
#include "store/sql/tasks.h"
#include "store/sql/workflows.h"
#include "windlass/load.h"

namespace windlass::sql {
namespace {

// Each kind of caller's interface is a class of its own over the shared ledger;
// this only puts them together.
class SqlStore final : public Store,
                       public AttemptLogStore,
                       public NoticeStore,
                       public SelfCheck,
                       public SelfDiagnosing {
 public:
  explicit SqlStore(std::unique_ptr<Ledger> ledger)
      : ledger_(std::move(ledger)) {}

  // TaskStore
  absl::StatusOr<ClaimReply> Claim(const ClaimRequest& request) override {
    return tasks_.Claim(request);
  }
  absl::StatusOr<FinishReply> Finish(std::span<const AttemptEnd> ends,
                                     const ClaimRequest& next) override {
    return tasks_.Finish(ends, next);
  }
  absl::StatusOr<std::vector<bool>> SaveProgress(
      std::span<const ProgressUpdate> updates) override {
    return tasks_.SaveProgress(updates);
  }
  absl::StatusOr<SavedState> LoadSaved(const Lease& lease) override {
    return tasks_.LoadSaved(lease);
  }
  absl::StatusOr<CacheDecision> BeginCached(
      const Lease& lease, const std::string& key,
      std::optional<Duration> max_age) override {
    return tasks_.BeginCached(lease, key, max_age);
  }
  absl::StatusOr<std::vector<PermitAnswer>> AcquirePermits(
      std::span<const PermitRequest> requests) override {
    return tasks_.AcquirePermits(requests);
  }
  absl::StatusOr<CallbackProgress> OpenCallback(
      const Lease& lease, const CallbackAddress& fresh) override {
    return tasks_.OpenCallback(lease, fresh);
  }

  // ExecutorRegistry
  absl::StatusOr<ExecutorId> Register(const ExecutorInfo& info) override {
    return registry_.Register(info);
  }
  absl::StatusOr<HeartbeatReply> Heartbeat(ExecutorId executor,
                                           int busy_slots) override {
    return registry_.Heartbeat(executor, busy_slots);
  }
  absl::StatusOr<HeartbeatReply> Commands(ExecutorId executor) override {
    return registry_.Commands(executor);
  }
  absl::Status Deregister(ExecutorId executor) override {
    return registry_.Deregister(executor);
  }
  absl::StatusOr<SweepReport> Sweep() override { return registry_.Sweep(); }

  // RunControl
  absl::StatusOr<std::vector<SubmittedRun>> Submit(
      std::span<const SubmitRequest> requests) override {
    return control_.Submit(requests);
  }
  absl::Status Cancel(RunId run, const std::string& reason) override {
    return control_.Cancel(run, reason);
  }
  absl::Status Pause(RunId run) override { return control_.Pause(run); }
  absl::Status Resume(RunId run) override { return control_.Resume(run); }
  absl::Status Retry(RunId run, RetryScope scope) override {
    return control_.Retry(run, scope);
  }
  absl::StatusOr<int> Requeue(const DeadLetterFilter& filter) override {
    return control_.Requeue(filter);
  }
  absl::StatusOr<int> Discard(const DeadLetterFilter& filter) override {
    return control_.Discard(filter);
  }

  // FleetControl
  absl::Status PauseQueue(const std::string& queue) override {
    return fleet_.PauseQueue(queue);
  }
  absl::Status ResumeQueue(const std::string& queue) override {
    return fleet_.ResumeQueue(queue);
  }
  absl::Status Drain(const std::string& executor_name) override {
    return fleet_.Drain(executor_name);
  }
  absl::Status ResetCircuit(const std::string& key) override {
    return fleet_.ResetCircuit(key);
  }

  // ScheduleControl
  absl::StatusOr<ScheduleRecord> PutSchedule(
      const ScheduleRequest& request) override {
    return schedules_.PutSchedule(request);
  }
  absl::Status PauseSchedule(const std::string& workflow) override {
    return schedules_.PauseSchedule(workflow);
  }
  absl::Status ResumeSchedule(const std::string& workflow) override {
    return schedules_.ResumeSchedule(workflow);
  }
  absl::Status RemoveSchedule(const std::string& workflow) override {
    return schedules_.RemoveSchedule(workflow);
  }
  absl::StatusOr<std::vector<ScheduleRecord>> ListSchedules() override {
    return schedules_.ListSchedules();
  }

  // CallbackControl
  absl::StatusOr<CallbackRecord> FindCallback(
      const std::string& token) override {
    return callbacks_.FindCallback(token);
  }
  absl::StatusOr<CallbackReply> Deliver(
      const CallbackDelivery& delivery) override {
    return callbacks_.Deliver(delivery);
  }
  absl::Status Answer(RunId run, TaskKey task,
                      const JsonObject& body) override {
    return callbacks_.Answer(run, task, body);
  }

  // WorkflowControl
  absl::StatusOr<WorkflowVersion> PutWorkflow(
      const PutWorkflowRequest& request) override {
    return workflows_.PutWorkflow(request);
  }
  absl::StatusOr<WorkflowVersion> GetWorkflow(
      const std::string& name, std::optional<int> version) override {
    return workflows_.GetWorkflow(name, version);
  }
  absl::StatusOr<std::vector<WorkflowVersion>> ListWorkflows(
      const WorkflowFilter& filter) override {
    return workflows_.ListWorkflows(filter);
  }
  absl::StatusOr<std::vector<WorkflowVersion>> ListWorkflowVersions(
      const std::string& name) override {
    return workflows_.ListWorkflowVersions(name);
  }
  absl::Status DeleteWorkflow(const std::string& name) override {
    return workflows_.DeleteWorkflow(name);
  }

  // HistoryControl
  absl::StatusOr<PruneReply> Prune(const PruneRequest& request) override {
    return history_.Prune(request);
  }

  // RunQueries
  absl::StatusOr<RunRecord> GetRun(RunId run) override {
    return queries_.GetRun(run);
  }
  absl::StatusOr<std::shared_ptr<const RunInfo>> GetRunInfo(
      RunId run) override {
    return queries_.GetRunInfo(run);
  }
  absl::StatusOr<RunProgressRecord> GetProgress(RunId run) override {
    return queries_.GetProgress(run);
  }
  absl::StatusOr<std::vector<RunRecord>> ListRuns(
      const RunFilter& filter) override {
    return queries_.ListRuns(filter);
  }
  absl::StatusOr<std::vector<TaskRecord>> ListTasks(RunId run) override {
    return queries_.ListTasks(run);
  }
  absl::StatusOr<TaskRecord> GetTask(RunId run, TaskKey task) override {
    return queries_.GetTask(run, task);
  }
  absl::StatusOr<std::vector<std::optional<ResultEnvelope>>>
  ListInstanceResults(RunId run, int node) override {
    return queries_.ListInstanceResults(run, node);
  }
  absl::StatusOr<ResultEnvelope> GetItems(RunId run, int node) override {
    return queries_.GetItems(run, node);
  }
  absl::StatusOr<std::vector<AttemptRecord>> ListAttempts(RunId run) override {
    return queries_.ListAttempts(run);
  }

  // FleetQueries
  absl::StatusOr<std::vector<DeadLetterRecord>> ListDeadLetters(
      const DeadLetterFilter& filter) override {
    return fleet_.ListDeadLetters(filter);
  }
  absl::StatusOr<std::vector<ExecutorRecord>> ListExecutors() override {
    return fleet_.ListExecutors();
  }
  absl::StatusOr<std::vector<QueueRecord>> ListQueues() override {
    return fleet_.ListQueues();
  }
  absl::StatusOr<std::vector<LimitRecord>> ListLimits() override {
    return fleet_.ListLimits();
  }
  absl::StatusOr<std::vector<AdaptiveLimitRecord>> ListAdaptiveLimits()
      override {
    return fleet_.ListAdaptiveLimits();
  }
  absl::StatusOr<std::vector<CircuitRecord>> ListCircuits() override {
    return fleet_.ListCircuits();
  }
  absl::StatusOr<RunCounts> CountRuns() override { return fleet_.CountRuns(); }

  // AttemptLogStore
  absl::Status AppendLogs(std::span<const AttemptLogAppend> appends) override {
    return logs_.AppendLogs(appends);
  }
  absl::StatusOr<std::vector<AttemptLogEnd>> ListLogs(RunId run) override {
    return logs_.ListLogs(run);
  }
  absl::StatusOr<std::vector<AttemptLogChunk>> ReadLog(RunId run, TaskKey task,
                                                       int attempt,
                                                       AttemptLogPlace from,
                                                       int limit) override {
    return logs_.ReadLog(run, task, attempt, from, limit);
  }

  // NoticeStore
  absl::Status WantNotices(Duration how_long) override {
    return notices_.WantNotices(how_long);
  }
  absl::StatusOr<std::vector<Notice>> TakeNotices(int limit,
                                                  Duration hold) override {
    return notices_.TakeNotices(limit, hold);
  }
  absl::Status DropNotices(std::span<const std::int64_t> ids) override {
    return notices_.DropNotices(ids);
  }
  absl::Status ReturnNotices(std::span<const std::int64_t> ids,
                             Duration wait) override {
    return notices_.ReturnNotices(ids, wait);
  }

  // SelfCheck
  absl::StatusOr<std::vector<Contradiction>> FindContradictions() override {
    return checks_.FindContradictions();
  }

  // SelfDiagnosing
  std::vector<Finding> Diagnose() override { return ledger_->Diagnose(); }

  absl::StatusOr<std::unique_ptr<WakeSignal>> Listen() override {
    return ledger_->Listen();
  }
  absl::StatusOr<Timestamp> Now() override { return ledger_->Now(); }
  absl::StatusOr<std::string> Identity() override {
    std::string identity;
    const auto body = [&](Connection& connection, Timestamp) {
      Rows rows = connection.Read(Query::kSelectIdentity);
      if (rows.Next()) identity = rows.Text(0);
      return absl::OkStatus();
    };
    if (auto status = ledger_->Read(body); !status.ok()) return status;
    return identity;
  }

 private:
  const std::unique_ptr<Ledger> ledger_;
  Tasks tasks_{*ledger_};
  Registry registry_{*ledger_};
  Control control_{*ledger_};
  Queries queries_{*ledger_};
  Fleet fleet_{*ledger_};
  Schedules schedules_{*ledger_};
  Callbacks callbacks_{*ledger_};
  Workflows workflows_{*ledger_};
  History history_{*ledger_};
  Logs logs_{*ledger_};
  Notices notices_{*ledger_};
  Checks checks_{*ledger_};
};

}  // namespace

std::unique_ptr<Store> MakeSqlStore(std::unique_ptr<Ledger> ledger) {
  return std::make_unique<SqlStore>(std::move(ledger));
}

absl::StatusOr<std::shared_ptr<const Workflow>> ParsePinned(
    const Json& document) {
  LoadOptions options;
  options.file = "pinned definition";
  LoadedWorkflow loaded = ParseWorkflow(document, options);
  if (loaded.ok()) return loaded.workflow;
  return absl::DataLossError(loaded.problems.empty()
                                 ? "it does not parse"
                                 : FormatProblem(loaded.problems[0]));
}

}  // namespace windlass::sql

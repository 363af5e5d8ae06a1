#include "store/sqlite/sqlite_store.h"

#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "store/sqlite/fleet.h"
#include "store/sqlite/ledger.h"
#include "store/sqlite/registry.h"
#include "store/sqlite/run_control.h"
#include "store/sqlite/run_queries.h"
#include "store/sqlite/tasks.h"
#include "windlass/load.h"

namespace windlass {
namespace {

// Each kind of caller's interface is a class of its own over the shared ledger;
// this only puts them together.
class SqliteStore : public Store {
 public:
  explicit SqliteStore(std::unique_ptr<sqlite::Ledger> ledger)
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
  absl::StatusOr<std::int64_t> CountUnfinishedRuns() override {
    return fleet_.CountUnfinishedRuns();
  }

  absl::StatusOr<std::unique_ptr<WakeSignal>> Listen() override {
    return ledger_->bell().Listen();
  }
  absl::StatusOr<Timestamp> Now() override { return ledger_->Now(); }

 private:
  const std::unique_ptr<sqlite::Ledger> ledger_;
  sqlite::Tasks tasks_{*ledger_};
  sqlite::Registry registry_{*ledger_};
  sqlite::Control control_{*ledger_};
  sqlite::Queries queries_{*ledger_};
  sqlite::Fleet fleet_{*ledger_};
};

absl::Status MakeParent(const std::string& path) {
  const auto folder = std::filesystem::path(path).parent_path();
  if (folder.empty()) return absl::OkStatus();
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (!error) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat(
      "create the folder ", folder.string(), ": ", error.message()));
}

// A definition was checked before it was pinned, but perhaps by a Windlass that
// knew other task types: any name will do here.
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

}  // namespace

absl::StatusOr<std::unique_ptr<Store>> OpenSqliteStore(
    SqliteStoreOptions options) {
  if (options.path.empty()) {
    return absl::InvalidArgumentError("the path of the store is empty");
  }
  if (auto status = MakeParent(options.path); !status.ok()) return status;
  if (!options.parser) options.parser = &ParsePinned;
  auto ledger = sqlite::Ledger::Open(std::move(options));
  if (!ledger.ok()) return ledger.status();
  return std::make_unique<SqliteStore>(*std::move(ledger));
}

}  // namespace windlass

// Reading runs.
#pragma once

#include <memory>
#include <vector>

#include "store/sql/ledger.h"
#include "windlass/store.h"

namespace windlass::sql {

// Thread-safe.
class Queries : public RunQueries {
 public:
  explicit Queries(Ledger& ledger) : ledger_(ledger) {}

  absl::StatusOr<RunRecord> GetRun(RunId run) override;
  absl::StatusOr<std::shared_ptr<const RunInfo>> GetRunInfo(RunId run) override;
  absl::StatusOr<RunProgressRecord> GetProgress(RunId run) override;
  absl::StatusOr<std::vector<RunRecord>> ListRuns(
      const RunFilter& filter) override;
  absl::StatusOr<std::vector<TaskRecord>> ListTasks(RunId run) override;
  absl::StatusOr<TaskRecord> GetTask(RunId run, TaskKey task) override;
  absl::StatusOr<std::vector<std::optional<ResultEnvelope>>>
  ListInstanceResults(RunId run, int node) override;
  absl::StatusOr<ResultEnvelope> GetItems(RunId run, int node) override;
  absl::StatusOr<std::vector<AttemptRecord>> ListAttempts(RunId run) override;

 private:
  // Runs `read`, which yields a StatusOr, on one consistent view.
  template <typename T, typename Body>
  absl::StatusOr<T> Read(const Body& read);

  Ledger& ledger_;
};

}  // namespace windlass::sql

// Queues, executors and dead letters.
#pragma once

#include <string>
#include <vector>

#include "store/sql/ledger.h"
#include "windlass/store.h"

namespace windlass::sql {

// Thread-safe.
class Fleet : public FleetControl, public FleetQueries {
 public:
  explicit Fleet(Ledger& ledger) : ledger_(ledger) {}

  absl::Status PauseQueue(const std::string& queue) override;
  absl::Status ResumeQueue(const std::string& queue) override;
  absl::Status Drain(const std::string& executor_name) override;
  absl::Status ResetCircuit(const std::string& key) override;

  absl::StatusOr<std::vector<DeadLetterRecord>> ListDeadLetters(
      const DeadLetterFilter& filter) override;
  // The living, and those that ended within the last hour.
  absl::StatusOr<std::vector<ExecutorRecord>> ListExecutors() override;
  absl::StatusOr<std::vector<QueueRecord>> ListQueues() override;
  absl::StatusOr<std::vector<LimitRecord>> ListLimits() override;
  absl::StatusOr<std::vector<AdaptiveLimitRecord>> ListAdaptiveLimits()
      override;
  absl::StatusOr<std::vector<CircuitRecord>> ListCircuits() override;
  absl::StatusOr<RunCounts> CountRuns() override;

 private:
  Ledger& ledger_;
};

}  // namespace windlass::sql

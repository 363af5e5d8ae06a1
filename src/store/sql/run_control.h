// What people and programs do to runs.
#pragma once

#include <string>
#include <vector>

#include "store/sql/ledger.h"
#include "windlass/store.h"

namespace windlass::sql {

// Thread-safe.
class Control : public RunControl {
 public:
  explicit Control(Ledger& ledger) : ledger_(ledger) {}

  absl::StatusOr<std::vector<SubmittedRun>> Submit(
      std::span<const SubmitRequest> requests) override;
  absl::Status Cancel(RunId run, const std::string& reason) override;
  absl::Status Pause(RunId run) override;
  absl::Status Resume(RunId run) override;
  absl::Status Retry(RunId run, RetryScope scope) override;
  absl::StatusOr<int> Requeue(const DeadLetterFilter& filter) override;
  absl::StatusOr<int> Discard(const DeadLetterFilter& filter) override;

 private:
  Ledger& ledger_;
};

}  // namespace windlass::sql

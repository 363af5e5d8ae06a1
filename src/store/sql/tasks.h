// What executors do with tasks.
#pragma once

#include "store/sql/claim.h"
#include "store/sql/doubts.h"
#include "store/sql/ledger.h"
#include "windlass/store.h"

namespace windlass::sql {

// Thread-safe.
class Tasks : public TaskStore {
 public:
  explicit Tasks(Ledger& ledger) : ledger_(ledger) {}

  absl::StatusOr<ClaimReply> Claim(const ClaimRequest& request) override;
  absl::StatusOr<FinishReply> Finish(std::span<const AttemptEnd> ends,
                                     const ClaimRequest& next) override;
  absl::StatusOr<std::vector<bool>> SaveProgress(
      std::span<const ProgressUpdate> updates) override;
  absl::StatusOr<SavedState> LoadSaved(const Lease& lease) override;
  absl::StatusOr<CacheDecision> BeginCached(
      const Lease& lease, const std::string& key,
      std::optional<Duration> max_age) override;
  absl::StatusOr<std::vector<PermitAnswer>> AcquirePermits(
      std::span<const PermitRequest> requests) override;
  absl::StatusOr<CallbackProgress> OpenCallback(
      const Lease& lease, const CallbackAddress& fresh) override;

 private:
  Ledger& ledger_;
  Doubts doubts_;
  LatestClaims latest_;
};

}  // namespace windlass::sql

// Who is alive.
#pragma once

#include "store/sql/ledger.h"
#include "windlass/store.h"

namespace windlass::sql {

// Thread-safe.
class Registry : public ExecutorRegistry {
 public:
  explicit Registry(Ledger& ledger) : ledger_(ledger) {}

  absl::StatusOr<ExecutorId> Register(const ExecutorInfo& info) override;
  absl::StatusOr<HeartbeatReply> Heartbeat(ExecutorId executor,
                                           int busy_slots) override;
  absl::StatusOr<HeartbeatReply> Commands(ExecutorId executor) override;
  absl::Status Deregister(ExecutorId executor) override;
  absl::StatusOr<SweepReport> Sweep() override;

 private:
  Ledger& ledger_;
};

}  // namespace windlass::sql

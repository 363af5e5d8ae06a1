// What attempts print and log.
#pragma once

#include <vector>

#include "store/sql/ledger.h"
#include "windlass/attempt_log.h"

namespace windlass::sql {

// Thread-safe.
class Logs : public AttemptLogStore {
 public:
  explicit Logs(Ledger& ledger) : ledger_(ledger) {}

  absl::Status AppendLogs(std::span<const AttemptLogAppend> appends) override;
  absl::StatusOr<std::vector<AttemptLogEnd>> ListLogs(RunId run) override;
  absl::StatusOr<std::vector<AttemptLogChunk>> ReadLog(RunId run, TaskKey task,
                                                       int attempt,
                                                       AttemptLogPlace from,
                                                       int limit) override;

 private:
  Ledger& ledger_;
};

}  // namespace windlass::sql

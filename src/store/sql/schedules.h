// Schedules as they are kept, and what people do to them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/schedule.h"
#include "store/sql/ledger.h"
#include "windlass/store.h"

namespace windlass::sql {

// A row of the table `schedule` without its key.
struct ScheduleRow {
  std::int64_t definition = 0;
  std::int64_t input = 0;
  bool paused = false;
  ScheduleState state;
  std::optional<Timestamp> last_at;
  std::optional<RunId> last_run;
  Timestamp created_at;
};

// From the first columns of lock_schedule.sql and its like.
ScheduleRow ReadScheduleRow(const Rows& rows);

// Thread-safe.
class Schedules : public ScheduleControl {
 public:
  explicit Schedules(Ledger& ledger) : ledger_(ledger) {}

  absl::StatusOr<ScheduleRecord> PutSchedule(
      const ScheduleRequest& request) override;
  absl::Status PauseSchedule(const std::string& workflow) override;
  absl::Status ResumeSchedule(const std::string& workflow) override;
  absl::Status RemoveSchedule(const std::string& workflow) override;
  absl::StatusOr<std::vector<ScheduleRecord>> ListSchedules() override;

 private:
  Ledger& ledger_;
};

}  // namespace windlass::sql

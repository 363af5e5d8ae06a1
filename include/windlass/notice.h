// What operators are to be told of: runs that failed, dead letters, executors
// that died. A store writes notices down with what they are about, in the same
// transaction, and keeps them until someone says they have been told.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "windlass/json.h"
#include "windlass/time.h"

namespace windlass {

// Of a notice's body, as "event".
namespace notice_event {
inline constexpr std::string_view kRunFailed = "run_failed";
inline constexpr std::string_view kDeadLetter = "dead_letter";
inline constexpr std::string_view kExecutorLost = "executor_lost";
}  // namespace notice_event

struct Notice {
  // Never used again in this store.
  std::int64_t id = 0;
  Timestamp at;  // By the store's clock.
  // How often it has been taken, this time included.
  int tries = 1;
  // event, and
  //   of run_failed: run_id, workflow, attempt, failed_tasks (their ids, ten at
  //     most), reason and labels where there are some; of sub-workflows nothing
  //     is said, their parents fail by themselves;
  //   of dead_letter: run_id, workflow, task, attempts, error {type, message};
  //   of executor_lost: executor, host, pid, tasks (how many it was running).
  JsonObject body;
};

// Thread-safe.
class NoticeStore {
 public:
  virtual ~NoticeStore() = default;

  // From now on notices are written, for this long: without readers they would
  // only pile up. To be called again before that has passed.
  virtual absl::Status WantNotices(Duration how_long) = 0;

  // At most `limit`, the oldest first. Until `hold` has passed they are the
  // caller's, and somebody else's afterwards: whoever dies with them has lost
  // none.
  virtual absl::StatusOr<std::vector<Notice>> TakeNotices(int limit,
                                                          Duration hold) = 0;

  // They have been told, or are given up. Unknown ids are ignored.
  virtual absl::Status DropNotices(std::span<const std::int64_t> ids) = 0;

  // Could not be told: they may be taken again once `wait` has passed.
  virtual absl::Status ReturnNotices(std::span<const std::int64_t> ids,
                                     Duration wait) = 0;
};

}  // namespace windlass

// What operators are to be told of; see windlass/notice.h.
#pragma once

#include <span>
#include <vector>

#include "store/sql/ledger.h"
#include "store/sql/transaction.h"
#include "windlass/notice.h"

namespace windlass::sql {

// Each writes a notice, if there is anyone to read it.
void NoteRunFailed(Transaction& tx, const LiveRun& run);
void NoteDeadLetter(Transaction& tx, const LiveRun& run, TaskKey task,
                    int attempts, const TaskError& error);
void NoteExecutorLost(Transaction& tx, ExecutorId executor, std::size_t tasks);

// Thread-safe.
class Notices : public NoticeStore {
 public:
  explicit Notices(Ledger& ledger) : ledger_(ledger) {}

  absl::Status WantNotices(Duration how_long) override;
  absl::StatusOr<std::vector<Notice>> TakeNotices(int limit,
                                                  Duration hold) override;
  absl::Status DropNotices(std::span<const std::int64_t> ids) override;
  absl::Status ReturnNotices(std::span<const std::int64_t> ids,
                             Duration wait) override;

 private:
  absl::StatusOr<bool> AnyDue();

  Ledger& ledger_;
};

}  // namespace windlass::sql

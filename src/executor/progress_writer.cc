#include "executor/progress_writer.h"

#include <iterator>
#include <utility>
#include <vector>

#include "windlass/clock.h"

namespace windlass {
namespace {

// Puts `later` on top of `earlier`.
void Merge(ProgressUpdate& earlier, ProgressUpdate later) {
  if (later.fraction) earlier.fraction = later.fraction;
  if (later.message) earlier.message = std::move(later.message);
  if (later.heartbeat_details) {
    earlier.heartbeat_details = std::move(later.heartbeat_details);
  }
  earlier.saved.insert(earlier.saved.end(),
                       std::make_move_iterator(later.saved.begin()),
                       std::make_move_iterator(later.saved.end()));
}

}  // namespace

ProgressWriter::ProgressWriter(TaskStore& store, Clock& clock,
                               EventSink& events)
    : ThreadService("wl-progress"),
      store_(store),
      clock_(clock),
      events_(events),
      errors_("save progress", events) {}

void ProgressWriter::Post(ProgressUpdate update,
                          std::weak_ptr<ProgressOwner> owner) {
  MutexLock lock(mutex_);
  auto [place, is_new] = waiting_.try_emplace(update.token.value);
  if (is_new) {
    place->second = {std::move(update), std::move(owner)};
    if (waiting_.size() == 1) posted_.notify_one();
  } else {
    Merge(place->second.update, std::move(update));
  }
}

absl::Status ProgressWriter::Save(ProgressUpdate update) {
  MutexLock writing(writing_);
  ProgressUpdate merged = TakeMerged(std::move(update));
  absl::StatusOr<std::vector<bool>> written = store_.SaveProgress({&merged, 1});
  if (!written.ok()) return written.status();
  if (!written->front()) {
    events_.OnProgressRefused(1);
    return absl::FailedPreconditionError(
        "nothing is saved: the lease of this attempt has ended");
  }
  return absl::OkStatus();
}

ProgressUpdate ProgressWriter::TakeMerged(ProgressUpdate update) {
  MutexLock lock(mutex_);
  auto waiting = waiting_.find(update.token.value);
  if (waiting == waiting_.end()) return update;
  ProgressUpdate merged = std::move(waiting->second.update);
  waiting_.erase(waiting);
  Merge(merged, std::move(update));
  return merged;
}

void ProgressWriter::Settle(LeaseToken token) {
  MutexLock writing(writing_);
  ProgressUpdate update;
  {
    MutexLock lock(mutex_);
    auto waiting = waiting_.find(token.value);
    if (waiting == waiting_.end()) return;
    update = std::move(waiting->second.update);
    waiting_.erase(waiting);
  }
  if (!update.heartbeat_details) return;
  // Details are a convenience: without them the next attempt starts afresh.
  absl::StatusOr<std::vector<bool>> written = store_.SaveProgress({&update, 1});
  if (written.ok() && !written->front()) events_.OnProgressRefused(1);
}

void ProgressWriter::Forget(LeaseToken token) {
  MutexLock lock(mutex_);
  waiting_.erase(token.value);
}

void ProgressWriter::Run(std::stop_token stop) {
  while (true) {
    {
      MutexLock lock(mutex_);
      bool any = posted_.wait(mutex_, stop, [this] {
        mutex_.AssertHeld();
        return !waiting_.empty();
      });
      if (!any) return;
    }
    clock_.SleepFor(kInterval, stop);
    WriteWaiting();
    if (stop.stop_requested()) return;
  }
}

void ProgressWriter::WriteWaiting() {
  MutexLock writing(writing_);
  WaitingByToken taken;
  {
    MutexLock lock(mutex_);
    taken.swap(waiting_);
  }
  if (taken.empty()) return;
  std::vector<ProgressUpdate> updates;
  updates.reserve(taken.size());
  for (auto& [token, waiting] : taken) updates.push_back(waiting.update);
  absl::StatusOr<std::vector<bool>> written = store_.SaveProgress(updates);
  errors_.Note(written.status());
  if (!written.ok()) return PutBack(std::move(taken));
  std::size_t i = 0;
  int refused = 0;
  for (auto& [token, waiting] : taken) {
    if ((*written)[i++]) continue;
    ++refused;
    if (auto owner = waiting.owner.lock()) owner->OnLeaseLost();
  }
  if (refused > 0) events_.OnProgressRefused(refused);
}

void ProgressWriter::PutBack(WaitingByToken&& unwritten) {
  MutexLock lock(mutex_);
  for (auto& [token, waiting] : unwritten) {
    auto [place, is_new] = waiting_.try_emplace(token);
    if (is_new) {
      place->second = std::move(waiting);
      continue;
    }
    ProgressUpdate later =
        std::exchange(place->second.update, std::move(waiting.update));
    Merge(place->second.update, std::move(later));
  }
}

}  // namespace windlass

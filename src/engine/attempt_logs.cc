#include "engine/attempt_logs.h"

#include <utility>

namespace windlass {
namespace {

// Whether the same call may succeed later.
bool MayPass(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsAborted(status) || absl::IsResourceExhausted(status);
}

}  // namespace

AttemptLogs::AttemptLogs(AttemptLogStore& store, Clock& clock, EventSink& told,
                         Options options)
    : ThreadService("wl-logs"),
      store_(store),
      clock_(clock),
      errors_("write logs", told),
      options_(options) {}

void AttemptLogs::OnLog(const Lease& lease, LogLevel level,
                        std::string_view message) {
  OnOutput(lease, LogSource::kHandler, level, message);
}

void AttemptLogs::OnOutput(const Lease& lease, LogSource source, LogLevel level,
                           std::string_view lines) {
  bool is_first = false;
  {
    MutexLock lock(mutex_);
    if (stopped_) return;
    auto found = logs_.find(lease.token);
    if (found == logs_.end()) {
      is_first = logs_.empty();
      found =
          logs_
              .emplace(lease.token, Log{.run = lease.run->id,
                                        .task = lease.task,
                                        .attempt = lease.attempt,
                                        .buffer = LogBuffer(options_.limit)})
              .first;
      open_count_.fetch_add(1, std::memory_order_relaxed);
    }
    LogBuffer& buffer = found->second.buffer;
    held_ -= buffer.size();
    if (held_ + lines.size() > kMaximumHeld) {
      buffer.Skip(lines.size());
    } else {
      buffer.Append(source, level, lines);
    }
    held_ += buffer.size();
    if (!std::exchange(changed_since_, true)) changed_.notify_one();
  }
  if (is_first) Start();
}

void AttemptLogs::OnAttemptEnded(const Lease& lease, const AttemptEnd& end) {
  (void)end;
  if (open_count_.load(std::memory_order_relaxed) == 0) return;
  MutexLock lock(mutex_);
  auto found = logs_.find(lease.token);
  if (found == logs_.end()) return;
  found->second.ended = true;
  if (!std::exchange(changed_since_, true)) changed_.notify_one();
}

void AttemptLogs::Run(std::stop_token stop) {
  while (!stop.stop_requested()) {
    {
      MutexLock lock(mutex_);
      changed_.wait(mutex_, stop, [this] {
        mutex_.AssertHeld();
        return changed_since_;
      });
    }
    // Gathers what comes together.
    clock_.SleepFor(kInterval, stop);
    if (!stop.stop_requested()) WriteUntilDone(When::kDue);
  }
  {
    // What comes now has nobody to write it.
    MutexLock lock(mutex_);
    stopped_ = true;
  }
  WriteUntilDone(When::kNow);
}

void AttemptLogs::WriteUntilDone(When when) {
  while (WriteBatch(when)) {
  }
}

bool AttemptLogs::WriteBatch(When when) {
  if (unwritten_.empty()) unwritten_ = TakeBatch(when);
  if (unwritten_.empty()) return false;
  std::size_t bytes = 0;
  for (const AttemptLogAppend& append : unwritten_) bytes += append.text.size();
  const absl::Status status = store_.AppendLogs(unwritten_);
  errors_.Note(status);
  if (!status.ok() && MayPass(status)) {
    // Chunks that are there already are no trouble, so the same batch is tried
    // again as it is.
    MutexLock lock(mutex_);
    changed_since_ = true;
    return false;
  }
  unwritten_.clear();
  return when == When::kNow || bytes >= kBatchBytes;
}

std::vector<AttemptLogAppend> AttemptLogs::TakeBatch(When when) {
  const Duration now = clock_.Steady();
  std::vector<AttemptLogAppend> batch;
  std::size_t bytes = 0;
  MutexLock lock(mutex_);
  changed_since_ = false;
  // In turn, so that those who print much do not hide others.
  auto next = logs_.upper_bound(last_taken_);
  for (std::size_t left = logs_.size(); left > 0 && bytes < kBatchBytes;
       --left) {
    if (next == logs_.end()) next = logs_.begin();
    auto& [token, log] = *next;
    const std::size_t size = log.buffer.size();
    if (size == 0 && !log.ended) {
      ++next;
      continue;
    }
    if (when == When::kDue && !log.ended && log.not_before > now) {
      changed_since_ = true;
      ++next;
      continue;
    }
    Take(log, token, batch);
    if (log.buffer.is_full()) log.not_before = now + kTailInterval;
    held_ -= size;
    bytes += size;
    last_taken_ = token;
    if (log.ended) {
      open_count_.fetch_sub(1, std::memory_order_relaxed);
      next = logs_.erase(next);
    } else {
      ++next;
    }
  }
  return batch;
}

void AttemptLogs::Take(Log& log, LeaseToken token,
                       std::vector<AttemptLogAppend>& batch) {
  LogBuffer::Taken taken = log.buffer.Take();
  // That it has ended is to be told, too, when there is nothing else to tell.
  if (taken.pieces.empty()) taken.pieces.push_back({log.buffer.end(), ""});
  for (LogBuffer::Piece& piece : taken.pieces) {
    AttemptLogAppend append;
    append.run = log.run;
    append.task = log.task;
    append.attempt = log.attempt;
    append.place = {token, piece.offset};
    append.text = std::move(piece.text);
    batch.push_back(std::move(append));
  }
  AttemptLogAppend& newest = batch.back();
  newest.last = log.ended;
  newest.drop_from = taken.drop_from;
  newest.drop_before = taken.drop_before;
}

}  // namespace windlass

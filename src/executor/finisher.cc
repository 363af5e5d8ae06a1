#include "executor/finisher.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "windlass/clock.h"

namespace windlass {
namespace {

// Below this a batch is not worth waiting for.
constexpr std::size_t kLoad = 16;

// The same call may work later, with the same arguments.
bool IsTransient(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsAborted(status) || absl::IsResourceExhausted(status) ||
         absl::IsCancelled(status);
}

// In place of an end that the store cannot take.
AttemptEnd Unrecordable(const AttemptEnd& end, const absl::Status& status) {
  AttemptEnd failed;
  failed.run = end.run;
  failed.task = end.task;
  failed.token = end.token;
  failed.outcome = AttemptOutcome::kFailed;
  failed.run_time = end.run_time;
  TaskError error;
  error.type = "NotRecorded";
  error.message = "the store refused the outcome: " + status.ToString();
  error.category = ErrorCategory::kInternal;
  failed.error = std::move(error);
  return failed;
}

}  // namespace

Finisher::Finisher(Parts parts)
    : ThreadService("wl-finisher"),
      parts_(std::move(parts)),
      errors_("finish", *parts_.events),
      backoff_({.initial = std::chrono::milliseconds(20),
                .maximum = std::chrono::seconds(1)},
               Random(RandomSeed())) {}

void Finisher::Add(AttemptEnd end, Epoch epoch) {
  bool wake = false;
  {
    MutexLock lock(mutex_);
    ended_.push_back({std::move(end), epoch});
    wake = waiting_ && ended_.size() >= enough_;
    if (wake) waiting_ = false;
  }
  if (wake) added_.notify_one();
}

void Finisher::Release(const std::vector<Lease>& leases, Epoch epoch) {
  for (const Lease& lease : leases) {
    AttemptEnd end;
    end.run = lease.run->id;
    end.task = lease.task;
    end.token = lease.token;
    end.outcome = AttemptOutcome::kReleased;
    end.started = false;
    Add(std::move(end), epoch);
  }
}

void Finisher::Run(std::stop_token stop) {
  while (Gather(stop)) {
    turn_.Begin(parts_.clock->Steady());
    Record(stop);
    turn_.End();
  }
}

// Fills batch_; false when stopped and there is nothing left.
bool Finisher::Gather(const std::stop_token& stop) {
  const auto limit = static_cast<std::size_t>(
      std::max(parts_.config->maximum_finish_batch, 1));
  MutexLock lock(mutex_);
  auto enough = [this] {
    mutex_.AssertHeld();
    return ended_.size() >= enough_;
  };
  enough_ = 1;
  if (ended_.empty()) {
    waiting_ = true;
    added_.wait(mutex_, stop, enough);
    waiting_ = false;
  }
  const std::size_t half = std::min(last_size_ / 2, limit);
  if (last_size_ >= kLoad && ended_.size() < half && parts_.queue->busy() > 0) {
    enough_ = half;
    waiting_ = true;
    // Real time: this bounds the use of a processor, not a promise to anyone.
    added_.wait_for(mutex_, stop, parts_.config->maximum_finish_delay, enough);
    waiting_ = false;
  }
  batch_.clear();
  if (ended_.size() <= limit) {
    batch_.swap(ended_);
  } else {
    auto end = ended_.begin() + static_cast<std::ptrdiff_t>(limit);
    batch_.assign(std::make_move_iterator(ended_.begin()),
                  std::make_move_iterator(end));
    ended_.erase(ended_.begin(), end);
  }
  last_size_ = batch_.size();
  return !batch_.empty();
}

void Finisher::Record(std::stop_token stop) {
  // The process may have been stopped or the machine suspended just now.
  parts_.registration->FenceIfOverdue(parts_.clock->Steady());
  std::optional<Registration::Membership> membership =
      parts_.registration->current();
  ends_.clear();
  for (Ended& ended : batch_) {
    if (membership.has_value() && ended.epoch == membership->epoch) {
      ends_.push_back(std::move(ended.end));
    }
  }
  if (ends_.size() < batch_.size()) parts_.queue->Recorded(0, 0);
  if (!ends_.empty()) Send(*membership, std::move(stop));
}

LeaseWish Finisher::Wish() const {
  if (!claiming_.load()) return {};
  int look_ahead =
      parts_.throughput->LookAhead(parts_.config->slots, parts_.clock->Steady(),
                                   parts_.config->maximum_look_ahead);
  return parts_.queue->Wanted(look_ahead);
}

bool Finisher::Send(Registration::Membership membership, std::stop_token stop) {
  while (parts_.queue->epoch() == membership.epoch) {
    const LeaseWish wish = Wish();
    const ClaimRequest next = parts_.claim.For(wish, membership.id);
    std::int64_t claim = parts_.queue->ClaimBegins();
    Duration began = parts_.clock->Steady();
    turn_.Begin(began);  // A try that failed is progress too.
    absl::StatusOr<FinishReply> reply = parts_.store->Finish(ends_, next);
    errors_.Note(reply.status());
    if (reply.ok()) {
      backoff_.Reset();
      Delivered(membership, claim, wish, *std::move(reply), began);
      return true;
    }
    if (absl::IsNotFound(reply.status())) {
      parts_.registration->Fence(membership.epoch,
                                 "the executor was declared dead");
      return false;
    }
    if (!IsTransient(reply.status())) {
      if (ends_.size() > 1) {
        SendOneByOne(membership, stop);
        return true;
      }
      ends_.front() = Unrecordable(ends_.front(), reply.status());
    }
    // The end stays ours until the fence, but nobody waits for that at exit.
    if (!parts_.clock->SleepFor(backoff_.Next(), stop)) return false;
  }
  return false;
}

// One end that the store cannot take must not hold up the others.
void Finisher::SendOneByOne(Registration::Membership membership,
                            std::stop_token stop) {
  std::vector<AttemptEnd> all = std::move(ends_);
  for (AttemptEnd& end : all) {
    ends_.clear();
    ends_.push_back(std::move(end));
    if (!Send(membership, stop)) return;
  }
}

void Finisher::Delivered(Registration::Membership membership,
                         std::int64_t claim, const LeaseWish& wish,
                         FinishReply reply, Duration began) {
  Duration now = parts_.clock->Steady();
  Duration busy{0};
  for (const AttemptEnd& end : ends_) busy += end.run_time;
  parts_.throughput->Add(static_cast<std::int64_t>(ends_.size()), busy,
                         now - began, now);
  auto stale = std::count(reply.accepted.begin(), reply.accepted.end(), false);
  parts_.events->OnFinished(static_cast<int>(ends_.size()),
                            static_cast<int>(stale), now - began);
  if (!reply.leases.empty()) {
    const auto claimed = static_cast<int>(reply.leases.size());
    parts_.events->OnClaimed(claimed, "handoff", now - began);
    std::vector<Lease> refused =
        parts_.accept(std::move(reply.leases), membership.epoch);
    Release(refused, membership.epoch);
    // Else this was all there is, and there will be a signal for more.
    if (claimed >= wish.limit) parts_.on_handoff();
  } else if (wish.limit > 0 && reply.looked_everywhere &&
             parts_.claim.AsksForAll(wish)) {
    parts_.queue->ClaimFoundNothing(claim);
  }
  parts_.queue->Recorded(ends_.size(), membership.epoch);
}

}  // namespace windlass

#include "executor/claim_loop.h"

#include <utility>

#include "windlass/clock.h"

namespace windlass {
namespace {

// How often to look whether a lost registration is back.
constexpr Duration kUnregisteredWait = std::chrono::milliseconds(20);

}  // namespace

ClaimLoop::ClaimLoop(Parts parts)
    : ThreadService("wl-claim"),
      parts_(std::move(parts)),
      errors_("claim", *parts_.events),
      backoff_({.initial = std::chrono::milliseconds(50),
                .maximum = std::chrono::seconds(5)},
               Random(RandomSeed())),
      refused_({.initial = std::chrono::milliseconds(20),
                .maximum = std::chrono::seconds(1)},
               Random(RandomSeed())) {}

void ClaimLoop::ClaimNow() {
  std::stop_source call(std::nostopstate);
  {
    MutexLock lock(mutex_);
    now_ = true;
    call = call_;
  }
  call.request_stop();
}

void ClaimLoop::Run(std::stop_token stop) {
  while (!stop.stop_requested()) {
    if (!parts_.queue->WaitForRoom(stop)) continue;
    std::optional<Registration::Membership> membership =
        parts_.registration->current();
    if (!membership.has_value()) {
      parts_.clock->SleepFor(kUnregisteredWait, stop);
      continue;
    }
    turn_.Begin(parts_.clock->Steady());
    Turn(*membership, stop);
    turn_.End();
  }
}

void ClaimLoop::Turn(Registration::Membership membership,
                     const std::stop_token& stop) {
  const LeaseWish wish = parts_.queue->Wanted(
      parts_.throughput->LookAhead(parts_.config->slots, parts_.clock->Steady(),
                                   parts_.config->maximum_look_ahead));
  if (wish.limit == 0) return;
  const ClaimRequest request = parts_.claim.For(wish, membership.id);

  const std::int64_t claim = parts_.queue->ClaimBegins();
  const Duration began = parts_.clock->Steady();
  absl::StatusOr<ClaimReply> reply = Ask(request, stop);
  if (absl::IsCancelled(reply.status())) return;
  errors_.Note(reply.status());
  failing_.store(!reply.ok(), std::memory_order_relaxed);
  if (absl::IsNotFound(reply.status())) {
    parts_.registration->Fence(membership.epoch,
                               "the executor was declared dead");
    return;
  }
  if (!reply.ok()) {
    parts_.clock->SleepFor(backoff_.Next(), stop);
    return;
  }
  backoff_.Reset();
  // What could not be asked for now can be: the source need not be idle first.
  if (!parts_.claim.AsksForAll(wish) && parts_.queue->HasRoomForAny()) {
    activity_.store(true, std::memory_order_relaxed);
  }
  parts_.events->OnClaimed(
      static_cast<int>(reply->leases.size()), parts_.source->claimed_by(),
      parts_.source->claim_took().value_or(parts_.clock->Steady() - began));
  if (reply->leases.empty()) {
    if (reply->looked_everywhere && parts_.claim.AsksForAll(wish)) {
      parts_.queue->ClaimFoundNothing(claim);
    }
    return;
  }
  const std::size_t claimed = reply->leases.size();
  std::vector<Lease> refused =
      parts_.accept(std::move(reply->leases), membership.epoch);
  parts_.release(refused, membership.epoch);
  if (refused.size() == claimed) {
    parts_.clock->SleepFor(refused_.Next(), stop);
  } else {
    refused_.Reset();
  }
}

// Cancelled when the call was interrupted, so that an empty reply always means
// that a claim found nothing.
absl::StatusOr<ClaimReply> ClaimLoop::Ask(const ClaimRequest& request,
                                          const std::stop_token& stop) {
  std::stop_source call;
  bool note = activity_.exchange(false, std::memory_order_relaxed);
  {
    MutexLock lock(mutex_);
    call_ = call;
    if (std::exchange(now_, false)) note = true;
  }
  if (note) parts_.source->NoteActivity();
  std::stop_callback link(stop, [&call] { call.request_stop(); });
  absl::StatusOr<ClaimReply> reply =
      parts_.source->Next(request, call.get_token());
  {
    MutexLock lock(mutex_);
    call_ = std::stop_source(std::nostopstate);
  }
  if (reply.ok() && reply->leases.empty() && call.stop_requested()) {
    return absl::CancelledError("the claim was interrupted");
  }
  return reply;
}

}  // namespace windlass

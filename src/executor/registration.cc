#include "executor/registration.h"

#include <utility>

#include "windlass/clock.h"

namespace windlass {
namespace {

// Leases are given up this long before they run out, so that attempts have
// stopped when someone else may start them.
Duration Margin(Duration lease_ttl) { return lease_ttl / 5; }

Duration RenewInterval(Duration lease_ttl) { return lease_ttl / 3; }

// Soon enough for several more tries before the fence.
Duration RetryInterval(Duration lease_ttl) { return lease_ttl / 15; }

}  // namespace

Registration::Registration(ExecutorInfo info, Parts parts)
    : ThreadService("wl-heartbeat"),
      info_(std::move(info)),
      parts_(std::move(parts)),
      alarm_(*parts_.clock),
      tried_at_(parts_.clock->Steady()) {}

absl::Status Registration::Register() {
  // Counted from before the call: the store's clock starts later, never sooner.
  Duration sent = parts_.clock->Steady();
  absl::StatusOr<ExecutorId> id = parts_.registry->Register(info_);
  NoteTry(id.status());
  if (!id.ok()) return id.status();
  {
    MutexLock lock(mutex_);
    id_ = *id;
    renewed_at_ = sent;
  }
  parts_.on_renewed();
  return absl::OkStatus();
}

std::optional<Registration::Membership> Registration::current() const {
  MutexLock lock(mutex_);
  if (!id_.has_value()) return std::nullopt;
  return Membership{*id_, epoch_};
}

Duration Registration::FenceAt() const {
  MutexLock lock(mutex_);
  if (!id_.has_value()) return Duration::max();
  return renewed_at_ + info_.lease_ttl - Margin(info_.lease_ttl);
}

void Registration::Fence(Epoch epoch, std::string_view reason) {
  Epoch next = 0;
  {
    MutexLock lock(mutex_);
    if (!id_.has_value() || epoch_ != epoch) return;
    id_.reset();
    next = ++epoch_;
  }
  parts_.on_fence(next, reason);
  alarm_.Ring();
}

void Registration::FenceIfOverdue(Duration now) {
  std::optional<Membership> membership = current();
  if (!membership.has_value() || now < FenceAt()) return;
  Fence(membership->epoch, "the lease could not be renewed in time");
}

void Registration::StopReregistering() {
  MutexLock lock(mutex_);
  reregister_ = false;
}

Duration Registration::Age(Duration now) const {
  MutexLock lock(mutex_);
  return now - tried_at_;
}

bool Registration::renewed() const {
  MutexLock lock(mutex_);
  return renewed_;
}

void Registration::NoteTry(const absl::Status& status) {
  const Duration now = parts_.clock->Steady();
  MutexLock lock(mutex_);
  tried_at_ = now;
  renewed_ = status.ok();
}

void Registration::Run(std::stop_token stop) {
  Duration wait = RenewInterval(info_.lease_ttl);
  while (!stop.stop_requested()) {
    alarm_.Wait(wait, stop);
    if (stop.stop_requested()) return;
    std::optional<Membership> membership = current();
    wait = membership.has_value() ? Renew(*membership) : RegisterAgain();
  }
}

Duration Registration::Renew(Membership membership) {
  Duration sent = parts_.clock->Steady();
  absl::StatusOr<HeartbeatReply> reply =
      parts_.registry->Heartbeat(membership.id, parts_.busy_slots());
  NoteTry(reply.status());
  parts_.events->OnHeartbeat(reply.status());
  if (absl::IsNotFound(reply.status())) {
    Fence(membership.epoch, "the executor was declared dead");
    return Duration::zero();
  }
  if (!reply.ok()) return RetryInterval(info_.lease_ttl);
  {
    MutexLock lock(mutex_);
    if (epoch_ != membership.epoch) return Duration::zero();
    renewed_at_ = sent;
  }
  parts_.on_reply(*reply);
  return RenewInterval(info_.lease_ttl);
}

Duration Registration::RegisterAgain() {
  {
    MutexLock lock(mutex_);
    if (!reregister_) {
      tried_at_ = parts_.clock->Steady();
      return RenewInterval(info_.lease_ttl);
    }
  }
  absl::Status registered = Register();
  parts_.events->OnHeartbeat(registered);
  return registered.ok() ? RenewInterval(info_.lease_ttl)
                         : RetryInterval(info_.lease_ttl);
}

}  // namespace windlass

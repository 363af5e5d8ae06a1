#include "executor/command_watch.h"

#include <algorithm>
#include <utility>

#include "windlass/clock.h"

namespace windlass {
namespace {

// Signals come with every submit; asking for each would be a load of its own.
constexpr Duration kRest = std::chrono::milliseconds(50);

// Where signals are heard this is for one that was lost: its sender may have
// died before it was sent.
constexpr Duration kBackstopBusy = std::chrono::seconds(2);
constexpr Duration kBackstopIdle = std::chrono::seconds(15);

}  // namespace

CommandWatch::CommandWatch(Parts parts)
    : ThreadService("wl-commands"),
      parts_(std::move(parts)),
      errors_("ask for commands", *parts_.events) {}

void CommandWatch::Run(std::stop_token stop) {
  std::unique_ptr<WakeSignal> signal;
  while (!stop.stop_requested()) {
    if (signal == nullptr) {
      auto listening = parts_.store->Listen();
      if (listening.ok()) signal = *std::move(listening);
    }
    const bool reliable = signal != nullptr && signal->reliable();
    const Duration backstop = parts_.busy() ? kBackstopBusy : kBackstopIdle;
    bool signalled = false;
    if (signal != nullptr) {
      signalled = signal->Wait(parts_.interval, stop);
    } else {
      parts_.clock->SleepFor(parts_.interval, stop);
    }
    if (stop.stop_requested()) return;
    const Duration now = parts_.clock->Steady();
    if (signalled || !reliable || now - asked_at_ >= backstop) {
      asked_at_ = now;
      Ask();
    }
    parts_.on_turn();
    parts_.clock->SleepFor(std::min(kRest, parts_.interval), stop);
  }
}

void CommandWatch::Ask() {
  std::optional<Registration::Membership> membership =
      parts_.registration->current();
  if (!membership.has_value()) return;
  absl::StatusOr<HeartbeatReply> reply = parts_.store->Commands(membership->id);
  errors_.Note(reply.status());
  if (reply.ok()) {
    parts_.on_reply(*reply);
  } else if (absl::IsNotFound(reply.status())) {
    parts_.registration->Fence(membership->epoch,
                               "the executor was declared dead");
  }
}

}  // namespace windlass

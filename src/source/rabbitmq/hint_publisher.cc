#include "source/rabbitmq/hint_publisher.h"

#include <algorithm>
#include <utility>

#include "base/random.h"
#include "source/rabbitmq/hint.h"
#include "source/rabbitmq/topology.h"

namespace windlass::rabbitmq {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

// All of these together fit into what a socket holds, so that a publish never
// waits for a broker that reads no more.
constexpr std::size_t kMostOutstanding = 256;
constexpr seconds kConfirmPatience{5};
constexpr seconds kFlushPatience{2};

// Of one queue at a time: each wakes an executor, which tells on if it leaves
// some.
constexpr std::int64_t kMostHintsAtOnce = 8;
constexpr std::size_t kMostQueues = 10'000;

constexpr milliseconds kBetweenLooks{50};
constexpr seconds kBetweenDeclares{5};
constexpr milliseconds kTurn{1000};
constexpr milliseconds kShortTurn = kBetweenLooks;

}  // namespace

HintPublisher::HintPublisher(const BrokerUrl& url, Parts parts)
    : Link("wl-hints-out", "windlass publisher", url, parts.on_change),
      parts_(std::move(parts)) {}

void HintPublisher::Tell(const std::string& queue, std::int64_t tasks) {
  {
    const MutexLock lock(mutex_);
    if (waiting_.size() >= kMostQueues && !waiting_.contains(queue)) {
      ++counts_.hints_dropped;
      return;
    }
    waiting_[queue] += tasks;
  }
  changed_.notify_all();
  waker().Wake();
}

void HintPublisher::TellWhatIsReady() {
  {
    const MutexLock lock(mutex_);
    if (look_) return;
    look_ = true;
  }
  changed_.notify_all();
  waker().Wake();
}

void HintPublisher::Nudge() {
  {
    const MutexLock lock(mutex_);
    nudge_ = true;
  }
  changed_.notify_all();
  waker().Wake();
}

void HintPublisher::AddTo(BrokerStatus& status) const {
  {
    const MutexLock lock(mutex_);
    status = counts_;
  }
  status.publishing = Link::status();
}

bool HintPublisher::WaitForWork(const std::stop_token& stop) {
  if (Link::status().connects > 0 && !stop.stop_requested()) return true;
  const MutexLock lock(mutex_);
  changed_.wait(mutex_, stop, [this] {
    mutex_.AssertHeld();
    return look_ || nudge_ || !waiting_.empty();
  });
  return look_ || nudge_ || !waiting_.empty();
}

absl::Status HintPublisher::Serve(Connection& connection,
                                  const std::stop_token& stop) {
  blocked_ = false;
  if (auto status = Prepare(connection); !status.ok()) return status;
  NoteUp(connection);
  std::optional<Moment> flush_ends;
  while (true) {
    LookAround(stop);
    if (stop.stop_requested()) {
      if (!flush_ends) flush_ends = steady_clock::now() + kFlushPatience;
      if (IsDone() || steady_clock::now() > *flush_ends) break;
    }
    if (auto status = PublishWaiting(connection); !status.ok()) return status;
    auto event = connection.Next(UntilNextTurn(stop), waker());
    if (!event.ok()) return event.status();
    if (*event) {
      auto status = Handle(connection, **event);
      if (!status.ok()) return status;
    }
    if (!outstanding_.empty() && !blocked_ &&
        steady_clock::now() - outstanding_.begin()->second > kConfirmPatience) {
      DropOutstanding();
      return absl::UnavailableError("broker: hints are not confirmed");
    }
  }
  DropOutstanding();
  return absl::OkStatus();
}

// Of a new channel.
absl::Status HintPublisher::Prepare(Connection& connection) {
  DropOutstanding();
  last_tag_ = 0;
  next_declare_ = steady_clock::now() + kBetweenDeclares;
  auto status = DeclareExchanges(connection);
  return status.ok() ? connection.SelectConfirms() : status;
}

void HintPublisher::LookAround(const std::stop_token& stop) {
  if (!NeedsToLook(stop)) return;
  next_look_ = steady_clock::now() + kBetweenLooks;
  for (const auto& [queue, tasks] : parts_.look()) Tell(queue, tasks);
}

bool HintPublisher::NeedsToLook(const std::stop_token& stop) {
  const MutexLock lock(mutex_);
  // Under load everybody tells all the time. What comes last is told at a stop.
  if (steady_clock::now() < next_look_ && !stop.stop_requested()) return false;
  return std::exchange(look_, false);
}

Duration HintPublisher::UntilNextTurn(const std::stop_token& stop) const {
  if (stop.stop_requested()) return kShortTurn;
  const MutexLock lock(mutex_);
  return look_ || !outstanding_.empty() ? kShortTurn : kTurn;
}

std::map<std::string, std::int64_t> HintPublisher::TakeWaiting(
    std::size_t limit) {
  const MutexLock lock(mutex_);
  std::map<std::string, std::int64_t> taken;
  while (!waiting_.empty() && taken.size() < limit) {
    taken.insert(waiting_.extract(waiting_.begin()));
  }
  return taken;
}

absl::Status HintPublisher::PublishWaiting(Connection& connection) {
  if (blocked_ || outstanding_.size() >= kMostOutstanding) {
    return absl::OkStatus();
  }
  if (auto status = PublishNudge(connection); !status.ok()) return status;
  for (const auto& [queue, tasks] : TakeWaiting(
           (kMostOutstanding - outstanding_.size()) / kMostHintsAtOnce + 1)) {
    const auto hints = std::clamp<std::int64_t>(tasks, 1, kMostHintsAtOnce);
    for (std::int64_t i = 0; i < hints; ++i) {
      auto status = Publish(connection, queue);
      if (!status.ok()) return status;
    }
  }
  return absl::OkStatus();
}

absl::Status HintPublisher::Publish(Connection& connection,
                                    const std::string& queue) {
  Properties properties;
  properties.type = kHintType;
  properties.message_id = RandomToken(8);
  const Hint hint{queue, std::chrono::time_point_cast<Duration>(
                             std::chrono::system_clock::now())};
  auto status = connection.Publish(kDispatchExchange, HintKey(queue),
                                   properties, FormatHint(hint));
  if (status.ok()) NoteSent();
  return status;
}

// To nobody, if nobody listens.
absl::Status HintPublisher::PublishNudge(Connection& connection) {
  {
    const MutexLock lock(mutex_);
    if (!std::exchange(nudge_, false)) return absl::OkStatus();
  }
  Properties properties;
  properties.type = kNudgeType;
  auto status = connection.Publish(kControlExchange, "", properties,
                                   "{\"v\":1}", Connection::Routing::kOptional);
  if (status.ok()) NoteSent();
  return status;
}

void HintPublisher::NoteSent() {
  outstanding_[++last_tag_] = steady_clock::now();
  const MutexLock lock(mutex_);
  ++counts_.hints_unconfirmed;
}

absl::Status HintPublisher::Handle(Connection& connection,
                                   const BrokerEvent& event) {
  if (const auto* confirm = std::get_if<Confirm>(&event)) {
    Settle(*confirm);
  } else if (const auto* blocked = std::get_if<Blocked>(&event)) {
    blocked_ = blocked->blocked;
    NoteBlocked(blocked_);
    for (auto& [tag, since] : outstanding_) since = steady_clock::now();
  } else if (std::holds_alternative<ChannelClosed>(event)) {
    // The exchange is gone, mostly.
    auto status = connection.Reopen();
    if (status.ok()) status = Prepare(connection);
    if (status.ok() && parts_.on_unroutable) parts_.on_unroutable();
    return status;
  } else if (std::holds_alternative<Returned>(event)) {
    {
      const MutexLock lock(mutex_);
      ++counts_.hints_unroutable;
    }
    if (steady_clock::now() < next_declare_) return absl::OkStatus();
    next_declare_ = steady_clock::now() + kBetweenDeclares;
    if (parts_.on_unroutable) parts_.on_unroutable();
    return DeclareExchanges(connection);
  }
  return absl::OkStatus();
}

void HintPublisher::Settle(const Confirm& confirm) {
  const auto last = outstanding_.upper_bound(confirm.tag);
  auto first =
      confirm.multiple ? outstanding_.begin() : outstanding_.find(confirm.tag);
  if (first == outstanding_.end()) return;
  const auto count = std::distance(first, last);
  outstanding_.erase(first, last);
  const MutexLock lock(mutex_);
  counts_.hints_unconfirmed -= count;
  (confirm.accepted ? counts_.hints_published : counts_.hints_rejected) +=
      count;
}

bool HintPublisher::IsDone() const {
  const MutexLock lock(mutex_);
  return outstanding_.empty() && waiting_.empty() && !nudge_;
}

void HintPublisher::DropOutstanding() {
  const MutexLock lock(mutex_);
  counts_.hints_dropped += static_cast<std::int64_t>(outstanding_.size());
  counts_.hints_unconfirmed = 0;
  if (!outstanding_.empty()) look_ = true;  // To tell it again.
  outstanding_.clear();
}

}  // namespace windlass::rabbitmq

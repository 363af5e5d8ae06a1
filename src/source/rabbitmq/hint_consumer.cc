#include "source/rabbitmq/hint_consumer.h"

#include <algorithm>
#include <utility>

#include "base/concat.h"
#include "source/rabbitmq/hint.h"
#include "source/rabbitmq/topology.h"

namespace windlass::rabbitmq {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// A hint that nobody here has asked for within this is somebody else's.
constexpr milliseconds kHoldUnwanted{25};
constexpr milliseconds kTurn{1000};
constexpr std::chrono::seconds kBetweenBinds{10};

}  // namespace

class HintConsumer::Signal : public WakeSignal {
 public:
  explicit Signal(HintConsumer& consumer) : consumer_(consumer) {}
  bool Wait(Duration timeout, std::stop_token stop) override {
    return consumer_.WaitForHint(timeout, std::move(stop));
  }
  bool reliable() const override {
    const MutexLock lock(consumer_.mutex_);
    return consumer_.listening_;
  }

 private:
  HintConsumer& consumer_;
};

HintConsumer::HintConsumer(const BrokerUrl& url,
                           std::vector<std::string> queues, int prefetch,
                           OnChange on_change, std::function<void()> on_nudge)
    : Link("wl-hints-in", "windlass executor", url, std::move(on_change)),
      queues_(std::move(queues)),
      prefetch_(std::clamp(prefetch, 1, 32)),
      on_nudge_(std::move(on_nudge)) {}

std::unique_ptr<WakeSignal> HintConsumer::Listen() {
  return std::make_unique<Signal>(*this);
}

void HintConsumer::Want() {
  const MutexLock lock(mutex_);
  // A claim made for another reason answers what there is as well.
  taken_ = last_;
  if (!std::exchange(wanted_, true)) waker().Wake();
}

bool HintConsumer::Decided(Claim claim, int tasks) {
  const MutexLock lock(mutex_);
  wanted_ = false;
  const bool hinted = taken_ > decided_;
  if (claim == Claim::kMade && hinted) {
    decided_ = taken_;
    ++counts_.claims_hinted;
    counts_.tasks_hinted += tasks;
    if (tasks == 0) ++counts_.claims_empty;
  }
  // The next claim answers them, or somebody else's.
  if (claim != Claim::kMade) taken_ = decided_;
  if (last_ > acked_) {
    held_since_ = steady_clock::now();
    waker().Wake();
  }
  return hinted;
}

void HintConsumer::DeclareAgain() {
  {
    const MutexLock lock(mutex_);
    declare_ = true;
  }
  waker().Wake();
}

BrokerStatus::Consuming HintConsumer::consuming() const {
  BrokerStatus::Consuming consuming;
  {
    const MutexLock lock(mutex_);
    consuming = counts_;
  }
  consuming.link = Link::status();
  return consuming;
}

bool HintConsumer::WaitForHint(Duration timeout, std::stop_token stop) {
  const MutexLock lock(mutex_);
  changed_.wait_for(mutex_, stop, timeout, [this] {
    mutex_.AssertHeld();
    return woken_ || last_ > decided_;
  });
  const bool signalled = std::exchange(woken_, false) || last_ > decided_;
  if (stop.stop_requested()) return false;
  taken_ = last_;
  return signalled;
}

void HintConsumer::Wake() {
  const MutexLock lock(mutex_);
  woken_ = true;
  changed_.notify_all();
}

absl::Status HintConsumer::Serve(Connection& connection,
                                 const std::stop_token& stop) {
  auto status = Prepare(connection);
  // Who waits for work is heard first: a queue may be there and not work.
  if (status.ok()) status = Obey(connection);
  if (status.ok()) NoteUp(connection);
  while (status.ok() && !stop.stop_requested()) {
    auto event = connection.Next(UntilNextTurn(), waker());
    status = event.status();
    if (status.ok() && *event) status = Handle(connection, **event);
    if (status.ok()) status = Obey(connection);
    if (status.ok()) status = KeepBound(connection);
  }
  {
    const MutexLock lock(mutex_);
    listening_ = false;
  }
  Wake();
  return status;
}

std::vector<std::string> HintConsumer::HintQueues() const {
  if (queues_.empty()) return {HintQueue("")};
  std::vector<std::string> names;
  for (const std::string& queue : queues_) names.push_back(HintQueue(queue));
  return names;
}

// Of a new channel: nothing is held, nothing is listened to. What was said
// while there was none has been missed.
absl::Status HintConsumer::Prepare(Connection& connection) {
  {
    const MutexLock lock(mutex_);
    listening_ = false;
    last_ = taken_ = decided_ = acked_ = 0;
    declare_ = false;
  }
  next_bind_ = steady_clock::now() + kBetweenBinds;
  auto drifts = DeclareHintQueues(connection, queues_);
  if (!drifts.ok()) return drifts.status();
  auto status = ListenToNudges(connection);
  if (status.ok()) status = connection.Prefetch(prefetch_);
  if (!status.ok()) return status;
  {
    const MutexLock lock(mutex_);
    counts_.topology_drifts = *drifts;
  }
  Wake();
  on_nudge_();
  return absl::OkStatus();
}

Duration HintConsumer::UntilNextTurn() const {
  const MutexLock lock(mutex_);
  if (wanted_ || last_ == acked_) return kTurn;
  const auto left = std::chrono::ceil<milliseconds>(
      held_since_ + kHoldUnwanted - steady_clock::now());
  return std::clamp<milliseconds>(left, milliseconds(0), kTurn);
}

absl::Status HintConsumer::KeepBound(Connection& connection) {
  if (steady_clock::now() < next_bind_) return absl::OkStatus();
  next_bind_ = steady_clock::now() + kBetweenBinds;
  auto status = BindHintQueues(connection, queues_);
  if (!absl::IsNotFound(status)) return status;
  status = connection.Reopen();
  return status.ok() ? Prepare(connection) : status;
}

HintConsumer::Orders HintConsumer::TakeOrders() {
  const MutexLock lock(mutex_);
  Orders orders;
  if (decided_ > acked_) acked_ = orders.ack = decided_;
  if (!wanted_ && last_ > acked_ &&
      steady_clock::now() - held_since_ >= kHoldUnwanted) {
    orders.give_back = last_;
  }
  orders.listen = wanted_ && !listening_;
  orders.declare = std::exchange(declare_, false);
  return orders;
}

absl::Status HintConsumer::Obey(Connection& connection) {
  auto status = CarryOut(TakeOrders(), connection);
  // The broker may lose patience in the middle of that, and close the channel.
  if (!absl::IsFailedPrecondition(status) || !connection.HasLostChannel()) {
    return status;
  }
  status = connection.Reopen();
  return status.ok() ? Prepare(connection) : status;
}

absl::Status HintConsumer::CarryOut(const Orders& orders,
                                    Connection& connection) {
  absl::Status status;
  if (orders.ack > 0) status = connection.AckUpTo(orders.ack);
  if (status.ok() && orders.declare) {
    status = connection.Reopen();
    if (status.ok()) status = Prepare(connection);
    return status;
  }
  if (status.ok() && orders.give_back > 0) status = StopListening(connection);
  if (status.ok() && orders.listen) status = Listen(connection);
  return status;
}

absl::Status HintConsumer::Listen(Connection& connection) {
  for (const std::string& queue : HintQueues()) {
    auto status = connection.Consume(queue, queue);
    // Deleted since we declared it.
    if (absl::IsNotFound(status)) {
      status = connection.Reopen();
      if (status.ok()) status = Prepare(connection);
      return status;
    }
    if (!status.ok()) return status;
  }
  const MutexLock lock(mutex_);
  listening_ = true;
  return absl::OkStatus();
}

// And gives back what is held, whatever of it has come by now.
absl::Status HintConsumer::StopListening(Connection& connection) {
  for (const std::string& queue : HintQueues()) {
    auto status = connection.CancelConsumer(queue);
    if (!status.ok()) return status;
  }
  std::uint64_t last = 0;
  {
    const MutexLock lock(mutex_);
    listening_ = false;
    counts_.hints_returned += static_cast<std::int64_t>(last_ - acked_);
    last = acked_ = decided_ = taken_ = last_;
  }
  return connection.ReturnUpTo(last);
}

absl::Status HintConsumer::Handle(Connection& connection,
                                  const BrokerEvent& event) {
  if (const auto* delivery = std::get_if<Delivery>(&event)) {
    if (delivery->consumer != kNudgeConsumer) {
      return Take(connection, *delivery);
    }
    NoteNudge();
    return absl::OkStatus();
  }
  if (const auto* blocked = std::get_if<Blocked>(&event)) {
    NoteBlocked(blocked->blocked);
    return absl::OkStatus();
  }
  // The queue was deleted, or the broker closed the channel.
  if (std::holds_alternative<ConsumerCancelled>(event) ||
      std::holds_alternative<ChannelClosed>(event)) {
    auto status = connection.Reopen();
    return status.ok() ? Prepare(connection) : status;
  }
  return absl::OkStatus();
}

// Whatever it says, the store knows what the command is.
void HintConsumer::NoteNudge() {
  {
    const MutexLock lock(mutex_);
    ++counts_.nudges_received;
  }
  on_nudge_();
}

absl::Status HintConsumer::Take(Connection& connection,
                                const Delivery& delivery) {
  auto hint = ParseHint(delivery.body);
  if (!hint.ok()) {
    {
      const MutexLock lock(mutex_);
      ++counts_.hints_malformed;
    }
    return connection.Reject(delivery.tag);
  }
  const MutexLock lock(mutex_);
  ++counts_.hints_received;
  if (hint->at != Timestamp()) {
    counts_.hint_age = std::chrono::duration_cast<Duration>(
        std::chrono::system_clock::now() - hint->at);
  }
  if (last_ == acked_) held_since_ = steady_clock::now();
  last_ = delivery.tag;
  changed_.notify_all();
  return absl::OkStatus();
}

}  // namespace windlass::rabbitmq

#include "source/rabbitmq/ingest.h"

#include <algorithm>
#include <utility>

#include "source/rabbitmq/topology.h"

namespace windlass::rabbitmq {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int kPrefetch = 32;
constexpr milliseconds kTurn{1000};
constexpr std::size_t kLongestReason = 1000;

// Of clients that cannot set the property.
constexpr char kMessageIdHeader[] = "windlass-message-id";

std::string HeaderOf(const Properties& properties, std::string_view wanted) {
  for (const auto& [name, text] : properties.headers) {
    if (name == wanted) return text;
  }
  return "";
}

std::string MessageIdOf(const Properties& properties) {
  if (!properties.message_id.empty()) return properties.message_id;
  return HeaderOf(properties, kMessageIdHeader);
}

bool IsFinal(const absl::Status& status) {
  return absl::IsInvalidArgument(status) || absl::IsNotFound(status) ||
         absl::IsFailedPrecondition(status);
}

}  // namespace

Ingest::Ingest(const BrokerUrl& url, Submit submit, OnChange on_change)
    : Link("wl-ingest", "windlass ingest", url, std::move(on_change)),
      submit_(std::move(submit)),
      backoff_(
          {.initial = milliseconds(100), .maximum = std::chrono::seconds(5)},
          Random(RandomSeed())) {}

BrokerStatus::Ingest Ingest::ingest() const {
  BrokerStatus::Ingest ingest;
  {
    const MutexLock lock(mutex_);
    ingest = counts_;
  }
  ingest.link = Link::status();
  return ingest;
}

absl::Status Ingest::Serve(Connection& connection,
                           const std::stop_token& stop) {
  auto status = Prepare(connection);
  if (status.ok()) NoteUp(connection);
  while (status.ok() && !stop.stop_requested()) {
    auto event = connection.Next(UntilNextTurn(), waker());
    status = event.status();
    if (status.ok() && *event) status = Handle(connection, **event);
    if (status.ok()) status = WorkOff(connection);
  }
  return status;
}

absl::Status Ingest::Prepare(Connection& connection) {
  held_.clear();
  burying_ = returned_ = false;
  auto drifts = DeclareIngest(connection);
  auto status = drifts.status();
  if (status.ok()) status = connection.SelectConfirms();
  if (status.ok()) status = connection.Prefetch(kPrefetch);
  if (status.ok()) status = connection.Consume(kIngestQueue, kIngestQueue);
  return status;
}

Duration Ingest::UntilNextTurn() const {
  if (held_.empty() || burying_) return kTurn;
  const auto left =
      std::chrono::ceil<milliseconds>(retry_at_ - steady_clock::now());
  return std::clamp<milliseconds>(left, milliseconds(0), kTurn);
}

absl::Status Ingest::Handle(Connection& connection, const BrokerEvent& event) {
  if (const auto* delivery = std::get_if<Delivery>(&event)) {
    held_.push_back(*delivery);
  } else if (const auto* confirm = std::get_if<Confirm>(&event)) {
    if (burying_) return Settle(connection, confirm->accepted && !returned_);
  } else if (std::holds_alternative<Returned>(event)) {
    returned_ = true;
  } else if (const auto* blocked = std::get_if<Blocked>(&event)) {
    NoteBlocked(blocked->blocked);
  } else {
    // The queue was deleted, or the broker closed the channel.
    auto status = connection.Reopen();
    return status.ok() ? Prepare(connection) : status;
  }
  return absl::OkStatus();
}

absl::Status Ingest::WorkOff(Connection& connection) {
  if (held_.empty() || burying_ || steady_clock::now() < retry_at_) {
    return absl::OkStatus();
  }
  const Delivery& first = held_.front();
  const std::string message_id = MessageIdOf(first.properties);
  if (message_id.empty()) {
    return Bury(connection,
                "expected a message_id, by which a message that comes twice is "
                "known");
  }
  auto run = submit_({.id = message_id,
                      .body = first.body,
                      .traceparent = HeaderOf(first.properties, "traceparent"),
                      .tracestate = HeaderOf(first.properties, "tracestate")});
  if (run.ok()) {
    const MutexLock lock(mutex_);
    ++(run->created ? counts_.accepted : counts_.duplicates);
  }
  return Finish(connection, run.status());
}

absl::Status Ingest::Finish(Connection& connection,
                            const absl::Status& submitted) {
  if (IsFinal(submitted))
    return Bury(connection, std::string(submitted.message()));
  if (!submitted.ok()) {
    retry_at_ = steady_clock::now() + backoff_.Next();
    return absl::OkStatus();
  }
  backoff_.Reset();
  const std::uint64_t tag = held_.front().tag;
  held_.pop_front();
  return connection.Ack(tag);
}

// The broker's own dead-lettering has no place for a reason, so a copy with one
// is published, and the message acknowledged when the broker has it.
absl::Status Ingest::Bury(Connection& connection, std::string why) {
  {
    const MutexLock lock(mutex_);
    ++counts_.refused;
  }
  const Delivery& first = held_.front();
  Properties properties = first.properties;
  properties.message_id = MessageIdOf(properties);
  why.resize(std::min(why.size(), kLongestReason));
  properties.headers = {{"windlass-reason", std::move(why)}};
  burying_ = true;
  returned_ = false;
  return connection.Publish(kDeadLetterExchange, kDeadIngest, properties,
                            first.body);
}

absl::Status Ingest::Settle(Connection& connection, bool copied) {
  burying_ = false;
  const std::uint64_t tag = held_.front().tag;
  held_.pop_front();
  return copied ? connection.Ack(tag) : connection.Reject(tag);
}

}  // namespace windlass::rabbitmq

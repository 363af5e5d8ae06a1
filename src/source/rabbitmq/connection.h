// One connection to a broker: rabbitmq-c, made safe to use.
//
// rabbitmq-c has no thread of its own. Heartbeats are sent and missed only
// inside its calls, so whoever owns a connection calls Next() again and again,
// however little there is to do. Requests have deadlines: a broker that has
// just come back may be slow, and one that is gone is noticed by its
// heartbeats. After any error but those of a closed channel the connection is
// of no more use.
//
// Not thread-safe, but for Waker.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "source/rabbitmq/broker_url.h"
#include "windlass/time.h"

namespace windlass::rabbitmq {

// Interrupts the wait of a connection's owner. Thread-safe.
class Waker {
 public:
  Waker();
  ~Waker();
  Waker(const Waker&) = delete;
  Waker& operator=(const Waker&) = delete;

  void Wake() const;
  // The owner's side.
  void Clear() const;
  int descriptor() const { return descriptor_; }

 private:
  const int descriptor_;
};

// Message properties that we send or read. Empty ones are not sent.
struct Properties {
  std::string type;
  std::string message_id;
  std::string content_type = "application/json";
  // Texts only.
  std::vector<std::pair<std::string, std::string>> headers;
};

// What the broker said. Times of arrival are those of Next().
struct Delivery {
  std::uint64_t tag = 0;
  bool redelivered = false;
  std::string consumer;
  Properties properties;
  std::string body;
};
struct Confirm {
  std::uint64_t tag = 0;
  bool multiple = false;
  bool accepted = true;
};
struct Returned {
  std::string reason;  // "NO_ROUTE"
};
struct ConsumerCancelled {
  std::string consumer;
};
struct ChannelClosed {
  absl::Status why;
};
struct Blocked {
  bool blocked = true;
};
using BrokerEvent = std::variant<Delivery, Confirm, Returned, ConsumerCancelled,
                                 ChannelClosed, Blocked>;

// A text, a number, or a boolean.
using Argument = std::variant<std::string, std::int32_t, bool>;
using Arguments = std::vector<std::pair<std::string, Argument>>;

class Connection {
 public:
  // Connects, logs in, and opens the channel. `name` is shown by the broker.
  // After `stop` no request is waited for long. PermissionDenied: wrong
  // password, or no right to the vhost; Unavailable: all else.
  static absl::StatusOr<std::unique_ptr<Connection>> Open(
      const BrokerUrl& url, const std::string& name, std::stop_token stop = {});
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // "RabbitMQ 3.10.8"
  const std::string& server() const { return server_; }

  // Waits for what the broker says; nothing within `timeout`, or when `waker`
  // interrupts.
  absl::StatusOr<std::optional<BrokerEvent>> Next(Duration timeout,
                                                  const Waker& waker);

  // Each request below ends with DeadlineExceeded when the broker does not
  // answer it, though it may answer others, and with Unavailable when the
  // broker fails over it: queues without a leader do both.
  //
  // There is one channel at a time. The broker closes it over every request it
  // refuses: NotFound, FailedPrecondition (a queue exists with other
  // arguments), PermissionDenied. Reopen() makes a new one in place of it, on
  // which nothing is consumed and tags begin anew; what was not acknowledged on
  // the old one goes to others.
  absl::Status Reopen();
  // Whether the broker closed it, and the connection is still good.
  bool HasLostChannel() const;

  absl::Status DeclareExchange(const std::string& name,
                               const std::string& type);
  absl::Status DeclareQueue(const std::string& name,
                            const Arguments& arguments);
  // Nobody else can use it, and it goes with its consumer.
  absl::Status DeclareOwnQueue(const std::string& name);
  // Whether it exists, whatever its arguments; NotFound.
  absl::Status CheckQueue(const std::string& name);
  absl::Status Bind(const std::string& queue, const std::string& exchange,
                    const std::string& key);

  // Publishes are numbered from 1 on each channel and answered by Confirm.
  absl::Status SelectConfirms();
  // Durable. Of a message that needs a queue and gets none there is a Returned.
  enum class Routing : std::uint8_t { kNeeded, kOptional };
  absl::Status Publish(const std::string& exchange, const std::string& key,
                       const Properties& properties, std::string_view body,
                       Routing routing = Routing::kNeeded);

  absl::Status Prefetch(int messages);
  enum class Acks : std::uint8_t { kEach, kNone };
  absl::Status Consume(const std::string& queue, const std::string& consumer,
                       Acks acks = Acks::kEach);
  absl::Status CancelConsumer(const std::string& consumer);
  // All up to `tag`.
  absl::Status AckUpTo(std::uint64_t tag);
  absl::Status Ack(std::uint64_t tag);
  // To its dead-letter exchange.
  absl::Status Reject(std::uint64_t tag);
  // All up to `tag`, for other consumers.
  absl::Status ReturnUpTo(std::uint64_t tag);

 private:
  class Impl;
  explicit Connection(std::unique_ptr<Impl> impl);

  const std::unique_ptr<Impl> impl_;
  std::string server_;
};

}  // namespace windlass::rabbitmq

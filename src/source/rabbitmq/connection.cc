#include "source/rabbitmq/connection.h"

#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <deque>

#include "base/concat.h"

namespace windlass::rabbitmq {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int kFrameBytes = 131072;
// With a request: queues come back after the broker that has them, and RabbitMQ
// needs five seconds to delete one that does not.
constexpr std::chrono::seconds kPatience{10};
constexpr std::chrono::seconds kPatienceWhenStopped{2};
constexpr milliseconds kRequestTurn{100};
constexpr char kAuthorities[] = "/etc/ssl/certs/ca-certificates.crt";

timeval TimeOf(Duration duration) {
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(duration);
  return {static_cast<time_t>(seconds.count()),
          static_cast<suseconds_t>((duration - seconds).count())};
}

amqp_bytes_t Bytes(std::string_view text) {
  amqp_bytes_t bytes;
  bytes.len = text.size();
  bytes.bytes = const_cast<char*>(text.data());
  return bytes;
}

std::string Text(amqp_bytes_t bytes) {
  return {static_cast<const char*>(bytes.bytes), bytes.len};
}

absl::Status LibraryError(std::string_view what, int code) {
  return absl::UnavailableError(
      Concat("broker: ", what, ": ", amqp_error_string2(code)));
}

// The broker's reply codes are HTTP's where they can be.
absl::Status ServerError(std::string_view what, int code, amqp_bytes_t text) {
  const std::string message = Concat("broker: ", what, ": ", Text(text));
  switch (code) {
    case AMQP_ACCESS_REFUSED:
      return absl::PermissionDeniedError(message);
    case AMQP_NOT_FOUND:
    case AMQP_NOT_ALLOWED:  // No such vhost, mostly.
      return absl::NotFoundError(message);
    case AMQP_PRECONDITION_FAILED:
    case AMQP_RESOURCE_LOCKED:
      return absl::FailedPreconditionError(message);
    default:
      return absl::UnavailableError(message);
  }
}

amqp_table_entry_t Entry(std::string_view key, std::string_view text) {
  amqp_table_entry_t entry;
  entry.key = Bytes(key);
  entry.value.kind = AMQP_FIELD_KIND_UTF8;
  entry.value.value.bytes = Bytes(text);
  return entry;
}

amqp_table_entry_t Entry(std::string_view key, bool value) {
  amqp_table_entry_t entry;
  entry.key = Bytes(key);
  entry.value.kind = AMQP_FIELD_KIND_BOOLEAN;
  entry.value.value.boolean = value ? 1 : 0;
  return entry;
}

amqp_table_entry_t Entry(std::string_view key, std::int32_t value) {
  amqp_table_entry_t entry;
  entry.key = Bytes(key);
  entry.value.kind = AMQP_FIELD_KIND_I32;
  entry.value.value.i32 = value;
  return entry;
}

// Borrows the entries.
amqp_table_t Table(std::vector<amqp_table_entry_t>& entries) {
  return {static_cast<int>(entries.size()), entries.data()};
}

std::vector<amqp_table_entry_t> EntriesOf(const Arguments& arguments) {
  std::vector<amqp_table_entry_t> entries;
  for (const auto& [key, argument] : arguments) {
    std::visit(
        [&, &name = key](const auto& value) {
          entries.push_back(Entry(name, value));
        },
        argument);
  }
  return entries;
}

Properties PropertiesOf(const amqp_basic_properties_t& from) {
  Properties properties;
  properties.content_type.clear();
  if ((from._flags & AMQP_BASIC_CONTENT_TYPE_FLAG) != 0) {
    properties.content_type = Text(from.content_type);
  }
  if ((from._flags & AMQP_BASIC_TYPE_FLAG) != 0) {
    properties.type = Text(from.type);
  }
  if ((from._flags & AMQP_BASIC_MESSAGE_ID_FLAG) != 0) {
    properties.message_id = Text(from.message_id);
  }
  if ((from._flags & AMQP_BASIC_HEADERS_FLAG) == 0) return properties;
  for (int i = 0; i < from.headers.num_entries; ++i) {
    const amqp_table_entry_t& entry = from.headers.entries[i];
    if (entry.value.kind != AMQP_FIELD_KIND_UTF8) continue;
    properties.headers.emplace_back(Text(entry.key),
                                    Text(entry.value.value.bytes));
  }
  return properties;
}

absl::Status AddTls(amqp_socket_t* socket, const BrokerUrl& url) {
  // Peer and host name are verified unless someone says otherwise.
  const std::string file = url.ca_file.empty() ? kAuthorities : url.ca_file;
  const int trusted = amqp_ssl_socket_set_cacert(socket, file.c_str());
  if (trusted != AMQP_STATUS_OK) {
    return absl::InvalidArgumentError(
        Concat("broker: read the authorities of ", file,
               ": not a readable PEM file; name one with cacertfile="));
  }
  if (url.cert_file.empty()) return absl::OkStatus();
  if (amqp_ssl_socket_set_key(socket, url.cert_file.c_str(),
                              url.key_file.c_str()) == AMQP_STATUS_OK) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      Concat("broker: read the certificate ", url.cert_file, " and its key ",
             url.key_file, ": not readable PEM files that belong together"));
}

// What was sent and is not acknowledged by the other machine for this long has
// been sent into nothing.
void SetSocketLimits(int descriptor, Duration timeout) {
  const int on = 1;
  const auto limit = static_cast<unsigned>(timeout.count() / 1000);
  setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit, sizeof limit);
}

}  // namespace

Waker::Waker() : descriptor_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

Waker::~Waker() { close(descriptor_); }

void Waker::Wake() const {
  const std::uint64_t one = 1;
  // Full means that it is awake.
  [[maybe_unused]] const ssize_t written = write(descriptor_, &one, sizeof one);
}

void Waker::Clear() const {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t taken =
      read(descriptor_, &count, sizeof count);
}

class Connection::Impl {
 public:
  explicit Impl(std::stop_token stop)
      : stop_(std::move(stop)), handle_(amqp_new_connection()) {}
  ~Impl() {
    if (handle_ == nullptr) return;
    // The broker's answer is not waited for long.
    timeval patience = TimeOf(milliseconds(500));
    amqp_set_rpc_timeout(handle_, &patience);
    if (usable_) amqp_connection_close(handle_, AMQP_REPLY_SUCCESS);
    amqp_destroy_connection(handle_);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  absl::Status Connect(const BrokerUrl& url) {
    if (handle_ == nullptr) return absl::ResourceExhaustedError("no memory");
    amqp_socket_t* socket =
        url.tls ? amqp_ssl_socket_new(handle_) : amqp_tcp_socket_new(handle_);
    if (socket == nullptr) return absl::ResourceExhaustedError("no memory");
    if (url.tls) {
      if (auto status = AddTls(socket, url); !status.ok()) return status;
    }
    timeval timeout = TimeOf(url.timeout);
    const int opened =
        amqp_socket_open_noblock(socket, url.host.c_str(), url.port, &timeout);
    const std::string what = Concat("connect ", url.host, ":", url.port);
    if (opened != AMQP_STATUS_OK) return LibraryError(what, opened);
    SetSocketLimits(amqp_get_sockfd(handle_), url.timeout);
    amqp_set_handshake_timeout(handle_, &timeout);
    amqp_set_rpc_timeout(handle_, &timeout);
    return absl::OkStatus();
  }

  // Without these capabilities the broker does not say that it takes no more,
  // nor that a queue we listen to is gone.
  absl::Status Login(const BrokerUrl& url, const std::string& name) {
    std::vector<amqp_table_entry_t> capabilities{
        Entry("consumer_cancel_notify", true),
        Entry("connection.blocked", true), Entry("basic.nack", true),
        Entry("publisher_confirms", true)};
    std::vector<amqp_table_entry_t> properties{
        Entry("product", std::string_view("Windlass")),
        Entry("connection_name", std::string_view(name))};
    amqp_table_entry_t able;
    able.key = Bytes("capabilities");
    able.value.kind = AMQP_FIELD_KIND_TABLE;
    able.value.value.table = Table(capabilities);
    properties.push_back(able);
    const amqp_table_t table = Table(properties);
    return Answer("log in", amqp_login_with_properties(
                                handle_, url.vhost.c_str(), 0, kFrameBytes,
                                static_cast<int>(url.heartbeat.count()), &table,
                                AMQP_SASL_METHOD_PLAIN, url.user.c_str(),
                                url.password.c_str()));
  }

  std::string Server() const {
    std::string product;
    std::string version;
    const amqp_table_t* table = amqp_get_server_properties(handle_);
    for (int i = 0; i < table->num_entries; ++i) {
      const amqp_table_entry_t& entry = table->entries[i];
      if (entry.value.kind != AMQP_FIELD_KIND_UTF8) continue;
      if (Text(entry.key) == "product") product = Text(entry.value.value.bytes);
      if (Text(entry.key) == "version") version = Text(entry.value.value.bytes);
    }
    return Concat(product, " ", version);
  }

  absl::Status OpenChannel() {
    if (auto status = CloseChannel(); !status.ok()) return status;
    // Of the old channel; what concerns the connection stays.
    std::erase_if(pending_, [](const BrokerEvent& event) {
      return !std::holds_alternative<Blocked>(event);
    });
    ++channel_;
    amqp_channel_open_t open{};
    auto status = Request("open a channel", AMQP_CHANNEL_OPEN_METHOD, open,
                          AMQP_CHANNEL_OPEN_OK_METHOD);
    channel_open_ = status.ok();
    return status;
  }

  // Sends a request and waits for its answer; what else comes meanwhile is kept
  // for Next(). A refused request leaves no channel.
  template <typename Method>
  absl::Status Request(std::string_view what, amqp_method_number_t id,
                       Method& method, amqp_method_number_t answer) {
    auto status = Sent(what, amqp_send_method(handle_, channel_, id, &method));
    if (status.ok()) status = WaitForAnswer(what, answer);
    amqp_maybe_release_buffers(handle_);
    return status;
  }

  absl::Status Answer(std::string_view what, amqp_rpc_reply_t reply) {
    switch (reply.reply_type) {
      case AMQP_RESPONSE_NORMAL:
        return absl::OkStatus();
      case AMQP_RESPONSE_LIBRARY_EXCEPTION:
        return Broken(LibraryError(what, reply.library_error));
      case AMQP_RESPONSE_SERVER_EXCEPTION:
        return Closed(what, channel_, reply.reply);
      default:
        return Broken(absl::UnavailableError(
            Concat("broker: ", what, ": the connection ended")));
    }
  }

  absl::Status Sent(std::string_view what, int result) {
    if (result == AMQP_STATUS_OK) return absl::OkStatus();
    return Broken(LibraryError(what, result));
  }

  absl::StatusOr<std::optional<BrokerEvent>> Next(Duration timeout,
                                                  const Waker& waker) {
    if (!pending_.empty()) {
      BrokerEvent event = std::move(pending_.front());
      pending_.pop_front();
      return event;
    }
    amqp_frame_t frame;
    auto there = ReadFrame(frame, Duration::zero());
    if (there.ok() && !*there) {
      amqp_maybe_release_buffers(handle_);
      Wait(timeout, waker);
      there = ReadFrame(frame, Duration::zero());
    }
    if (!there.ok()) return there.status();
    if (!*there) return std::nullopt;
    auto event = EventOf(frame);
    amqp_maybe_release_buffers(handle_);
    return event;
  }

  absl::StatusOr<std::optional<BrokerEvent>> EventOf(
      const amqp_frame_t& frame) {
    if (frame.frame_type != AMQP_FRAME_METHOD) return std::nullopt;
    const amqp_method_t& method = frame.payload.method;
    // What was under way when we gave up a channel.
    const bool is_late = frame.channel != 0 && frame.channel != channel_;
    if (is_late && method.id != AMQP_CHANNEL_CLOSE_METHOD) return std::nullopt;
    switch (method.id) {
      case AMQP_BASIC_DELIVER_METHOD:
        return ReadDelivery(
            *static_cast<const amqp_basic_deliver_t*>(method.decoded));
      case AMQP_BASIC_RETURN_METHOD:
        return ReadReturned(
            *static_cast<const amqp_basic_return_t*>(method.decoded));
      case AMQP_BASIC_ACK_METHOD: {
        const auto& ack = *static_cast<const amqp_basic_ack_t*>(method.decoded);
        return Confirm{ack.delivery_tag, ack.multiple != 0, true};
      }
      case AMQP_BASIC_NACK_METHOD: {
        const auto& nack =
            *static_cast<const amqp_basic_nack_t*>(method.decoded);
        return Confirm{nack.delivery_tag, nack.multiple != 0, false};
      }
      case AMQP_BASIC_CANCEL_METHOD: {
        const auto& cancel =
            *static_cast<const amqp_basic_cancel_t*>(method.decoded);
        return ConsumerCancelled{Text(cancel.consumer_tag)};
      }
      case AMQP_CONNECTION_BLOCKED_METHOD:
        return Blocked{true};
      case AMQP_CONNECTION_UNBLOCKED_METHOD:
        return Blocked{false};
      case AMQP_CHANNEL_CLOSE_METHOD: {
        absl::Status why = Closed("channel", frame.channel, method);
        if (is_late) return std::nullopt;
        return ChannelClosed{why};
      }
      case AMQP_CONNECTION_CLOSE_METHOD:
        return Closed("connection", 0, method);
      default:
        return std::nullopt;
    }
  }

  bool HasLostChannel() const { return usable_ && !channel_open_; }
  amqp_connection_state_t handle() const { return handle_; }
  amqp_channel_t channel() const { return channel_; }

 private:
  absl::Status CloseChannel() {
    if (!channel_open_) return absl::OkStatus();
    amqp_channel_close_t close{};
    close.reply_code = AMQP_REPLY_SUCCESS;
    auto status = Request("close a channel", AMQP_CHANNEL_CLOSE_METHOD, close,
                          AMQP_CHANNEL_CLOSE_OK_METHOD);
    // Closed by both sides at once is closed, too.
    if (!channel_open_ && usable_) return absl::OkStatus();
    channel_open_ = false;
    return status;
  }

  absl::Status WaitForAnswer(std::string_view what,
                             amqp_method_number_t answer) {
    const auto began = steady_clock::now();
    while (!IsOverdue(began)) {
      amqp_frame_t frame;
      auto there = ReadFrame(frame, kRequestTurn);
      if (!there.ok()) return there.status();
      if (!*there) continue;
      if (frame.frame_type == AMQP_FRAME_METHOD && frame.channel == channel_) {
        const amqp_method_t& method = frame.payload.method;
        if (method.id == answer) return absl::OkStatus();
        if (method.id == AMQP_CHANNEL_CLOSE_METHOD) {
          return Closed(what, channel_, method);
        }
      }
      auto event = EventOf(frame);
      if (!event.ok()) return event.status();
      if (*event) pending_.push_back(**std::move(event));
    }
    return absl::DeadlineExceededError(
        Concat("broker: ", what, ": it did not answer"));
  }

  bool IsOverdue(steady_clock::time_point began) {
    const auto now = steady_clock::now();
    if (stop_.stop_requested() && !stopped_at_) stopped_at_ = now;
    return now - began > kPatience ||
           (stopped_at_ && now - *stopped_at_ > kPatienceWhenStopped);
  }

  // Sends and misses heartbeats, too. False when there is nothing within
  // `timeout`.
  absl::StatusOr<bool> ReadFrame(amqp_frame_t& frame, Duration timeout) {
    const timeval time = TimeOf(timeout);
    const int result = amqp_simple_wait_frame_noblock(handle_, &frame, &time);
    if (result == AMQP_STATUS_OK) return true;
    if (result == AMQP_STATUS_TIMEOUT) return false;
    return Broken(LibraryError("read", result));
  }

  void Wait(Duration timeout, const Waker& waker) {
    pollfd waits[2] = {{amqp_get_sockfd(handle_), POLLIN, 0},
                       {waker.descriptor(), POLLIN, 0}};
    poll(waits, 2, static_cast<int>((timeout.count() + 999) / 1000));
    if (waits[1].revents != 0) waker.Clear();
  }

  absl::Status Broken(absl::Status why) {
    usable_ = false;
    return why;
  }

  // A broker that loses patience over two deliveries closes the channel twice
  // (3.10), and the connection over a second answer.
  void AnswerClose(amqp_channel_t channel) {
    if (std::exchange(close_answered_, channel) == channel) return;
    amqp_channel_close_ok_t ok{};
    amqp_send_method(handle_, channel, AMQP_CHANNEL_CLOSE_OK_METHOD, &ok);
  }

  // Until the close is answered, a quorum queue keeps its deliveries locked.
  absl::Status Closed(std::string_view what, amqp_channel_t channel,
                      const amqp_method_t& method) {
    if (method.id == AMQP_CHANNEL_CLOSE_METHOD) {
      const auto& close = *static_cast<amqp_channel_close_t*>(method.decoded);
      absl::Status why = ServerError(what, close.reply_code, close.reply_text);
      AnswerClose(channel);
      if (channel == channel_) channel_open_ = false;
      return why;
    }
    const auto& close = *static_cast<amqp_connection_close_t*>(method.decoded);
    absl::Status why = ServerError(what, close.reply_code, close.reply_text);
    amqp_connection_close_ok_t ok{};
    amqp_send_method(handle_, 0, AMQP_CONNECTION_CLOSE_OK_METHOD, &ok);
    return Broken(why);
  }

  absl::Status ReadContent(amqp_message_t& message) {
    return Answer("read a message",
                  amqp_read_message(handle_, channel_, &message, 0));
  }

  absl::StatusOr<std::optional<BrokerEvent>> ReadDelivery(
      const amqp_basic_deliver_t& deliver) {
    Delivery delivery;
    delivery.tag = deliver.delivery_tag;
    delivery.redelivered = deliver.redelivered != 0;
    delivery.consumer = Text(deliver.consumer_tag);
    amqp_message_t message{};
    if (auto status = ReadContent(message); !status.ok()) return status;
    delivery.properties = PropertiesOf(message.properties);
    delivery.body = Text(message.body);
    amqp_destroy_message(&message);
    return delivery;
  }

  absl::StatusOr<std::optional<BrokerEvent>> ReadReturned(
      const amqp_basic_return_t& back) {
    Returned returned{Text(back.reply_text)};
    amqp_message_t message{};
    if (auto status = ReadContent(message); !status.ok()) return status;
    amqp_destroy_message(&message);
    return returned;
  }

  const std::stop_token stop_;
  const amqp_connection_state_t handle_;
  std::optional<steady_clock::time_point> stopped_at_;
  std::deque<BrokerEvent> pending_;  // Came while a request was answered.
  amqp_channel_t channel_ = 0;
  bool channel_open_ = false;
  amqp_channel_t close_answered_ = 0;  // The last such channel.
  bool usable_ = true;
};

Connection::Connection(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {
  server_ = impl_->Server();
}
Connection::~Connection() = default;

absl::StatusOr<std::unique_ptr<Connection>> Connection::Open(
    const BrokerUrl& url, const std::string& name, std::stop_token stop) {
  auto impl = std::make_unique<Impl>(std::move(stop));
  if (auto status = impl->Connect(url); !status.ok()) return status;
  if (auto status = impl->Login(url, name); !status.ok()) return status;
  if (auto status = impl->OpenChannel(); !status.ok()) return status;
  return std::unique_ptr<Connection>(new Connection(std::move(impl)));
}

absl::StatusOr<std::optional<BrokerEvent>> Connection::Next(
    Duration timeout, const Waker& waker) {
  return impl_->Next(timeout, waker);
}

absl::Status Connection::Reopen() { return impl_->OpenChannel(); }

bool Connection::HasLostChannel() const { return impl_->HasLostChannel(); }

absl::Status Connection::DeclareExchange(const std::string& name,
                                         const std::string& type) {
  amqp_exchange_declare_t declare{};
  declare.exchange = Bytes(name);
  declare.type = Bytes(type);
  declare.durable = 1;
  return impl_->Request(Concat("declare exchange ", name),
                        AMQP_EXCHANGE_DECLARE_METHOD, declare,
                        AMQP_EXCHANGE_DECLARE_OK_METHOD);
}

absl::Status Connection::DeclareQueue(const std::string& name,
                                      const Arguments& arguments) {
  auto entries = EntriesOf(arguments);
  amqp_queue_declare_t declare{};
  declare.queue = Bytes(name);
  declare.durable = 1;
  declare.arguments = Table(entries);
  return impl_->Request(Concat("declare queue ", name),
                        AMQP_QUEUE_DECLARE_METHOD, declare,
                        AMQP_QUEUE_DECLARE_OK_METHOD);
}

absl::Status Connection::DeclareOwnQueue(const std::string& name) {
  amqp_queue_declare_t declare{};
  // Said, because the default of the vhost may be one that cannot be exclusive.
  std::vector<amqp_table_entry_t> classic{
      Entry("x-queue-type", std::string_view("classic"))};
  declare.queue = Bytes(name);
  declare.exclusive = 1;
  declare.auto_delete = 1;
  declare.arguments = Table(classic);
  return impl_->Request(Concat("declare queue ", name),
                        AMQP_QUEUE_DECLARE_METHOD, declare,
                        AMQP_QUEUE_DECLARE_OK_METHOD);
}

absl::Status Connection::CheckQueue(const std::string& name) {
  amqp_queue_declare_t check{};
  check.queue = Bytes(name);
  check.passive = 1;
  return impl_->Request(Concat("look at queue ", name),
                        AMQP_QUEUE_DECLARE_METHOD, check,
                        AMQP_QUEUE_DECLARE_OK_METHOD);
}

absl::Status Connection::Bind(const std::string& queue,
                              const std::string& exchange,
                              const std::string& key) {
  amqp_queue_bind_t bind{};
  bind.queue = Bytes(queue);
  bind.exchange = Bytes(exchange);
  bind.routing_key = Bytes(key);
  return impl_->Request(Concat("bind queue ", queue, " to ", exchange),
                        AMQP_QUEUE_BIND_METHOD, bind,
                        AMQP_QUEUE_BIND_OK_METHOD);
}

absl::Status Connection::SelectConfirms() {
  amqp_confirm_select_t select{};
  return impl_->Request("ask for confirms", AMQP_CONFIRM_SELECT_METHOD, select,
                        AMQP_CONFIRM_SELECT_OK_METHOD);
}

absl::Status Connection::Publish(const std::string& exchange,
                                 const std::string& key,
                                 const Properties& properties,
                                 std::string_view body, Routing routing) {
  std::vector<amqp_table_entry_t> headers;
  for (const auto& [name, text] : properties.headers) {
    headers.push_back(Entry(name, std::string_view(text)));
  }
  amqp_basic_properties_t sent{};
  sent._flags = AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_APP_ID_FLAG |
                AMQP_BASIC_TIMESTAMP_FLAG | AMQP_BASIC_CONTENT_TYPE_FLAG;
  sent.delivery_mode = AMQP_DELIVERY_PERSISTENT;
  sent.app_id = Bytes("windlass");
  sent.timestamp = static_cast<std::uint64_t>(std::time(nullptr));
  sent.content_type = Bytes(properties.content_type);
  if (!properties.type.empty()) {
    sent._flags |= AMQP_BASIC_TYPE_FLAG;
    sent.type = Bytes(properties.type);
  }
  if (!properties.message_id.empty()) {
    sent._flags |= AMQP_BASIC_MESSAGE_ID_FLAG;
    sent.message_id = Bytes(properties.message_id);
  }
  if (!headers.empty()) {
    sent._flags |= AMQP_BASIC_HEADERS_FLAG;
    sent.headers = Table(headers);
  }
  const amqp_boolean_t mandatory = routing == Routing::kNeeded ? 1 : 0;
  return impl_->Sent(
      "publish",
      amqp_basic_publish(impl_->handle(), impl_->channel(), Bytes(exchange),
                         Bytes(key), mandatory, 0, &sent, Bytes(body)));
}

absl::Status Connection::Prefetch(int messages) {
  amqp_basic_qos_t limit{};
  limit.prefetch_count =
      static_cast<std::uint16_t>(std::clamp(messages, 1, 65535));
  return impl_->Request("set the prefetch", AMQP_BASIC_QOS_METHOD, limit,
                        AMQP_BASIC_QOS_OK_METHOD);
}

absl::Status Connection::Consume(const std::string& queue,
                                 const std::string& consumer, Acks acks) {
  amqp_basic_consume_t consume{};
  consume.queue = Bytes(queue);
  consume.consumer_tag = Bytes(consumer);
  consume.no_ack = acks == Acks::kNone ? 1 : 0;
  return impl_->Request(Concat("listen to queue ", queue),
                        AMQP_BASIC_CONSUME_METHOD, consume,
                        AMQP_BASIC_CONSUME_OK_METHOD);
}

absl::Status Connection::CancelConsumer(const std::string& consumer) {
  amqp_basic_cancel_t cancel{};
  cancel.consumer_tag = Bytes(consumer);
  return impl_->Request("stop listening", AMQP_BASIC_CANCEL_METHOD, cancel,
                        AMQP_BASIC_CANCEL_OK_METHOD);
}

absl::Status Connection::AckUpTo(std::uint64_t tag) {
  return impl_->Sent("acknowledge",
                     amqp_basic_ack(impl_->handle(), impl_->channel(), tag, 1));
}

absl::Status Connection::Ack(std::uint64_t tag) {
  return impl_->Sent("acknowledge",
                     amqp_basic_ack(impl_->handle(), impl_->channel(), tag, 0));
}

absl::Status Connection::Reject(std::uint64_t tag) {
  return impl_->Sent(
      "reject", amqp_basic_reject(impl_->handle(), impl_->channel(), tag, 0));
}

absl::Status Connection::ReturnUpTo(std::uint64_t tag) {
  return impl_->Sent(
      "return messages",
      amqp_basic_nack(impl_->handle(), impl_->channel(), tag, 1, 1));
}

}  // namespace windlass::rabbitmq

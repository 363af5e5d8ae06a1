#include "source/rabbitmq/topology.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "base/concat.h"
#include "base/random.h"
#include "base/sha256.h"

namespace windlass::rabbitmq {
namespace {

constexpr char kHintQueue[] = "windlass.hints.v2";
constexpr char kDeadLetterQueue[] = "windlass.dlq.v1.";

// Of 255 bytes; the rest is for the queue's prefix.
constexpr std::size_t kLongestKey = 200;

// More would say no more than these: there is work.
constexpr std::int32_t kMostHints = 1000;
constexpr std::int32_t kMostIngested = 1'000'000;
constexpr std::int32_t kMostDead = 100'000;
// A queue that nobody listens to for this long goes, with hints that nobody
// wants. Whoever listens next polls first.
constexpr std::int32_t kUnusedMilliseconds = 3'600'000;

// What became of a queue.
enum class Declared { kAsOurs, kDiffers };

// A positive limit is needed: without one a message that kills its readers
// would come back for ever; -1 means none before 4.0.
Arguments QuorumQueueArguments(std::int32_t most) {
  return {{"x-queue-type", "quorum"},
          {"x-delivery-limit", 20},
          {"x-max-length", most}};
}

Arguments WithDeadLetters(Arguments arguments, const char* key) {
  arguments.insert(arguments.end(),
                   {{"x-overflow", "reject-publish"},
                    {"x-dead-letter-exchange", kDeadLetterExchange},
                    {"x-dead-letter-routing-key", key}});
  return arguments;
}

// A classic queue: it forwards a message without writing it to the disk first,
// and comes back at once with its broker. What it loses is no loss.
Arguments HintQueueArguments() {
  return WithDeadLetters({{"x-queue-type", "classic"},
                          {"x-max-length", kMostHints},
                          {"x-expires", kUnusedMilliseconds}},
                         kDeadHints);
}

Arguments IngestQueueArguments() {
  Arguments arguments =
      WithDeadLetters(QuorumQueueArguments(kMostIngested), kDeadIngest);
  arguments.emplace_back("x-dead-letter-strategy", "at-least-once");
  return arguments;
}

// A refused declaration closes the channel.
absl::StatusOr<Declared> Declare(Connection& connection,
                                 const std::string& queue,
                                 const Arguments& arguments) {
  auto status = connection.DeclareQueue(queue, arguments);
  if (status.ok()) return Declared::kAsOurs;
  if (!absl::IsFailedPrecondition(status)) return status;
  if (status = connection.Reopen(); !status.ok()) return status;
  if (status = connection.CheckQueue(queue); !status.ok()) return status;
  return Declared::kDiffers;
}

absl::StatusOr<int> DeclareDeadLetters(Connection& connection,
                                       const char* key) {
  const std::string queue = Concat(kDeadLetterQueue, key);
  Arguments arguments = QuorumQueueArguments(kMostDead);
  arguments.emplace_back("x-overflow", "drop-head");
  auto declared = Declare(connection, queue, arguments);
  if (!declared.ok()) return declared.status();
  auto status = connection.Bind(queue, kDeadLetterExchange, key);
  if (!status.ok()) return status;
  return *declared == Declared::kDiffers ? 1 : 0;
}

absl::StatusOr<int> DeclareHintQueue(Connection& connection,
                                     const std::string& name,
                                     const std::string& key) {
  auto declared = Declare(connection, name, HintQueueArguments());
  if (!declared.ok()) return declared.status();
  auto status = connection.Bind(name, kDispatchExchange, key);
  if (!status.ok()) return status;
  return *declared == Declared::kDiffers ? 1 : 0;
}

}  // namespace

std::string HintKey(std::string_view queue) {
  std::string key;
  for (const char c : queue) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' ||
        c == '_' || c == '.') {
      key += c;
    } else {
      key += absl::StrFormat("%%%02x", static_cast<unsigned char>(c));
    }
  }
  if (key.size() <= kLongestKey) return key;
  return Concat("sha256-", Sha256Hex(queue));
}

std::string HintQueue(std::string_view queue) {
  return queue.empty() ? kHintQueue : Concat(kHintQueue, ".", HintKey(queue));
}

absl::Status DeclareExchanges(Connection& connection) {
  auto status = connection.DeclareExchange(kDispatchExchange, "topic");
  if (status.ok()) {
    status = connection.DeclareExchange(kControlExchange, "fanout");
  }
  if (!status.ok()) return status;
  return connection.DeclareExchange(kDeadLetterExchange, "direct");
}

absl::Status ListenToNudges(Connection& connection) {
  const std::string queue = Concat(kControlExchange, ".", RandomToken(8));
  auto status = connection.DeclareOwnQueue(queue);
  if (status.ok()) status = connection.Bind(queue, kControlExchange, "");
  if (!status.ok()) return status;
  return connection.Consume(queue, kNudgeConsumer, Connection::Acks::kNone);
}

absl::StatusOr<int> DeclareHintQueues(Connection& connection,
                                      const std::vector<std::string>& queues) {
  auto status = DeclareExchanges(connection);
  if (!status.ok()) return status;
  auto drifts = DeclareDeadLetters(connection, kDeadHints);
  if (!drifts.ok()) return drifts;
  if (queues.empty()) {
    auto differs = DeclareHintQueue(connection, kHintQueue, "#");
    if (!differs.ok()) return differs;
    return *drifts + *differs;
  }
  for (const std::string& queue : queues) {
    auto differs =
        DeclareHintQueue(connection, HintQueue(queue), HintKey(queue));
    if (!differs.ok()) return differs;
    *drifts += *differs;
  }
  return drifts;
}

absl::Status BindHintQueues(Connection& connection,
                            const std::vector<std::string>& queues) {
  auto status = DeclareExchanges(connection);
  if (status.ok() && queues.empty()) {
    status = connection.Bind(kHintQueue, kDispatchExchange, "#");
  }
  for (const std::string& queue : queues) {
    if (!status.ok()) break;
    status =
        connection.Bind(HintQueue(queue), kDispatchExchange, HintKey(queue));
  }
  return status;
}

absl::StatusOr<int> DeclareIngest(Connection& connection) {
  auto status = connection.DeclareExchange(kIngestExchange, "fanout");
  if (!status.ok()) return status;
  status = connection.DeclareExchange(kDeadLetterExchange, "direct");
  if (!status.ok()) return status;
  auto drifts = DeclareDeadLetters(connection, kDeadIngest);
  if (!drifts.ok()) return drifts;
  auto declared = Declare(connection, kIngestQueue, IngestQueueArguments());
  if (!declared.ok()) return declared.status();
  status = connection.Bind(kIngestQueue, kIngestExchange, "");
  if (!status.ok()) return status;
  return *drifts + (*declared == Declared::kDiffers ? 1 : 0);
}

}  // namespace windlass::rabbitmq

// What we have on the broker, and how it comes to be there.
//
//   exchange windlass.dispatch (topic)  hints, by the name of the tasks' queue
//     queue windlass.hints.v2           for executors of every queue
//     queue windlass.hints.v2.<QUEUE>   for executors of some
//   exchange windlass.control (fanout)  nudges: there may be a command
//     queue windlass.control.<RANDOM>   of each executor, gone with it
//   exchange windlass.ingest (fanout)   work of foreign programs
//     queue windlass.ingest.v1
//   exchange windlass.dlx (direct)      what nobody can read
//     queue windlass.dlq.v1.hints, windlass.dlq.v1.ingest
//
// All but those of control are durable, with arguments that RabbitMQ 3.10 to 4
// take: classic queues for hints, which are worth nothing, quorum queues for
// work and dead letters. Arguments of a queue never change: other ones get
// another version in the name. See docs/decisions/0011.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "source/rabbitmq/connection.h"

namespace windlass::rabbitmq {

inline constexpr char kDispatchExchange[] = "windlass.dispatch";
inline constexpr char kControlExchange[] = "windlass.control";
inline constexpr char kIngestExchange[] = "windlass.ingest";
inline constexpr char kIngestQueue[] = "windlass.ingest.v1";
inline constexpr char kDeadLetterExchange[] = "windlass.dlx";
inline constexpr char kDeadHints[] = "hints";  // Routing keys of the above.
inline constexpr char kDeadIngest[] = "ingest";

// What deliveries of nudges name as their consumer.
inline constexpr char kNudgeConsumer[] = "windlass.nudges";

// The routing key of hints about tasks of this queue: without what means
// something in a topic, and not too long for AMQP.
std::string HintKey(std::string_view queue);
// The queue that hints for it wait in; of an empty name, those for all.
std::string HintQueue(std::string_view queue);

// What publishers need.
absl::Status DeclareExchanges(Connection& connection);

// Each returns how many queues exist with other arguments than ours: they are
// used as they are. The channel may be another one afterwards.
absl::StatusOr<int> DeclareHintQueues(Connection& connection,
                                      const std::vector<std::string>& queues);
// Binds queues that exist once more: a deleted exchange takes its bindings
// along, and nobody says so. NotFound when a queue is gone, too.
absl::Status BindHintQueues(Connection& connection,
                            const std::vector<std::string>& queues);
absl::StatusOr<int> DeclareIngest(Connection& connection);
// A queue of our own for nudges, and listens to it.
absl::Status ListenToNudges(Connection& connection);

}  // namespace windlass::rabbitmq

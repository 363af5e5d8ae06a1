// What is known about the message broker, for health checks, metrics and
// people.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "windlass/time.h"

namespace windlass {

// One connection to the broker. A process has two at most, so that a broker
// that stops taking messages still gives them out.
struct BrokerLink {
  bool connected = false;
  // The broker said that it takes no messages for now, being short of memory
  // or disk.
  bool blocked = false;
  std::string server;         // "RabbitMQ 3.10.8", once it was connected.
  std::string last_error;     // Why it is not connected; empty when it is.
  std::int64_t connects = 0;  // One more than it was lost.
};

// Counts are since the process began.
struct BrokerStatus {
  // Tells others that there is work.
  BrokerLink publishing;
  std::int64_t hints_published = 0;    // Confirmed by the broker.
  std::int64_t hints_dropped = 0;      // Not sent: no connection, too many.
  std::int64_t hints_unroutable = 0;   // Nobody has a queue for them.
  std::int64_t hints_rejected = 0;     // Refused: the queue is full.
  std::int64_t hints_unconfirmed = 0;  // Sent, and no word yet.

  // Hears of work; missing where no executor listens to the broker.
  struct Consuming {
    BrokerLink link;
    std::int64_t hints_received = 0;
    std::int64_t hints_malformed = 0;
    std::int64_t hints_returned = 0;   // For others: no slot was free in time.
    std::int64_t nudges_received = 0;  // Commands may wait.
    std::int64_t claims_hinted = 0;    // Claims after a hint ...
    std::int64_t claims_empty = 0;     // ... those of them that found nothing,
    std::int64_t tasks_hinted = 0;     // ... and the tasks the others took.
    std::int64_t topology_drifts =
        0;  // Queues that are not as we declare them.
    // Of the last hint that had a time, by the clocks of two machines.
    std::optional<Duration> hint_age;
  };
  std::optional<Consuming> consuming;

  // Work that foreign programs published; missing where none is taken in.
  struct Ingest {
    BrokerLink link;
    std::int64_t accepted = 0;    // Runs submitted.
    std::int64_t duplicates = 0;  // Messages whose run there was already.
    std::int64_t refused = 0;     // To the dead-letter queue.
  };
  std::optional<Ingest> ingest;
};

}  // namespace windlass

// Takes in work that foreign programs publish.
#pragma once

#include <deque>
#include <functional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "base/backoff.h"
#include "base/mutex.h"
#include "source/rabbitmq/link.h"
#include "windlass/broker.h"
#include "windlass/store.h"

namespace windlass::rabbitmq {

// What a program has published.
struct IngestMessage {
  std::string id;
  std::string body;
  // Headers: the trace context of who published it.
  std::string traceparent;
  std::string tracestate;
};

// A message is acknowledged once its run is in the store. One that never can be
// a run goes to the dead-letter queue, with why in the header windlass-reason;
// while the store cannot be asked, messages are held and tried again. A message
// that comes twice is the same run, by its message_id. Thread-safe.
class Ingest : public Link {
 public:
  // Submits the run that a message asks for, once per its id. Called on
  // the thread of the ingest. InvalidArgument, NotFound and FailedPrecondition
  // mean that it never will be one.
  using Submit =
      std::function<absl::StatusOr<SubmittedRun>(const IngestMessage&)>;
  Ingest(const BrokerUrl& url, Submit submit, OnChange on_change);
  ~Ingest() override { Stop(); }

  BrokerStatus::Ingest ingest() const;

 protected:
  absl::Status Serve(Connection& connection,
                     const std::stop_token& stop) override;

 private:
  using Moment = std::chrono::steady_clock::time_point;

  absl::Status Prepare(Connection& connection);
  absl::Status Handle(Connection& connection, const BrokerEvent& event);
  absl::Status WorkOff(Connection& connection);
  absl::Status Finish(Connection& connection, const absl::Status& submitted);
  absl::Status Bury(Connection& connection, std::string why);
  // Once the broker has the copy.
  absl::Status Settle(Connection& connection, bool copied);
  Duration UntilNextTurn() const;

  const Submit submit_;

  mutable Mutex mutex_;
  BrokerStatus::Ingest counts_ ABSL_GUARDED_BY(mutex_);

  // Of the thread alone.
  std::deque<Delivery> held_;
  bool burying_ = false;  // The first one's copy is on its way.
  bool returned_ = false;
  Moment retry_at_;
  Backoff backoff_;
};

}  // namespace windlass::rabbitmq

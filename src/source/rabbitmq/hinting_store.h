// A store that tells the broker what its callers have made ready.
#pragma once

#include <functional>
#include <memory>

#include "source/rabbitmq/hint_publisher.h"
#include "source/rabbitmq/nudges.h"
#include "windlass/forwarding_store.h"

namespace windlass::rabbitmq {

// Tells after the store has committed, and only what may have work for others:
// what an executor has taken by itself needs no hint. Submits say which queues;
// of everything else the publisher looks at the counts the store keeps. Nudges
// executors over cancels and drains; its signals hear nudges, too.
//
// The publisher and the nudges must outlive it.
class HintingStore : public ForwardingStore {
 public:
  HintingStore(std::unique_ptr<Store> real, HintPublisher& publisher,
               Nudges& nudges);
  ~HintingStore() override;

  // For the publisher.
  static ReadyQueues LookAt(Store& store);

  absl::StatusOr<ClaimReply> Claim(const ClaimRequest& request) override;
  absl::StatusOr<FinishReply> Finish(std::span<const AttemptEnd> ends,
                                     const ClaimRequest& next) override;
  absl::Status Deregister(ExecutorId executor) override;
  absl::StatusOr<SweepReport> Sweep() override;
  absl::StatusOr<std::vector<SubmittedRun>> Submit(
      std::span<const SubmitRequest> requests) override;
  absl::Status Cancel(RunId run, const std::string& reason) override;
  absl::Status Resume(RunId run) override;
  absl::Status Retry(RunId run, RetryScope scope) override;
  absl::StatusOr<int> Requeue(const DeadLetterFilter& filter) override;
  absl::StatusOr<int> Discard(const DeadLetterFilter& filter) override;
  absl::StatusOr<CallbackReply> Deliver(
      const CallbackDelivery& delivery) override;
  absl::Status Answer(RunId run, TaskKey task, const JsonObject& body) override;
  absl::Status ResumeQueue(const std::string& queue) override;
  absl::Status Drain(const std::string& executor_name) override;
  absl::StatusOr<std::unique_ptr<WakeSignal>> Listen() override;

 private:
  // Passes `status` on.
  absl::Status Tell(absl::Status status);

  const std::unique_ptr<Store> owned_;
  HintPublisher& publisher_;
  Nudges& nudges_;
};

}  // namespace windlass::rabbitmq

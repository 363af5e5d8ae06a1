#include "source/rabbitmq/hinting_store.h"

#include <map>
#include <string>
#include <utility>

namespace windlass::rabbitmq {
namespace {

// Whether this claim leaves nothing that anybody could take.
bool TakesEverything(const ClaimRequest& request, std::size_t taken) {
  return taken < static_cast<std::size_t>(request.limit) &&
         request.queues.empty() && request.types.empty() && !request.root;
}

// The queues of the tasks that a new run can start with.
std::map<std::string, std::int64_t> FirstQueues(const Workflow& workflow) {
  std::map<std::string, std::int64_t> queues;
  for (const TaskSpec& task : workflow.tasks) {
    if (task.depends_on.empty()) ++queues[task.queue];
  }
  return queues;
}

}  // namespace

HintingStore::HintingStore(std::unique_ptr<Store> real,
                           HintPublisher& publisher, Nudges& nudges)
    : ForwardingStore(*real),
      owned_(std::move(real)),
      publisher_(publisher),
      nudges_(nudges) {}

HintingStore::~HintingStore() = default;

ReadyQueues HintingStore::LookAt(Store& store) {
  ReadyQueues ready;
  auto queues = store.ListQueues();
  // Who does not hear of work looks for it.
  if (!queues.ok()) return ready;
  for (const QueueRecord& queue : *queues) {
    if (queue.ready > 0 && !queue.paused) {
      ready.emplace_back(queue.name, queue.ready);
    }
  }
  return ready;
}

absl::Status HintingStore::Tell(absl::Status status) {
  if (status.ok()) publisher_.TellWhatIsReady();
  return status;
}

// An executor that got all it asked for may have left some for others.
absl::StatusOr<ClaimReply> HintingStore::Claim(const ClaimRequest& request) {
  auto reply = real().Claim(request);
  if (reply.ok() && !reply->leases.empty() &&
      !TakesEverything(request, reply->leases.size())) {
    publisher_.TellWhatIsReady();
  }
  return reply;
}

absl::StatusOr<FinishReply> HintingStore::Finish(
    std::span<const AttemptEnd> ends, const ClaimRequest& next) {
  auto reply = real().Finish(ends, next);
  if (reply.ok() && !TakesEverything(next, reply->leases.size())) {
    publisher_.TellWhatIsReady();
  }
  return reply;
}

absl::Status HintingStore::Deregister(ExecutorId executor) {
  return Tell(real().Deregister(executor));
}

absl::StatusOr<SweepReport> HintingStore::Sweep() {
  auto report = real().Sweep();
  if (report.ok() &&
      report->tasks_recovered + report->timers_fired + report->runs_started >
          0) {
    publisher_.TellWhatIsReady();
  }
  return report;
}

absl::StatusOr<std::vector<SubmittedRun>> HintingStore::Submit(
    std::span<const SubmitRequest> requests) {
  auto runs = real().Submit(requests);
  if (!runs.ok()) return runs;
  std::map<std::string, std::int64_t> ready;
  for (const SubmitRequest& request : requests) {
    for (const auto& [queue, tasks] : FirstQueues(*request.workflow)) {
      ready[queue] += tasks * request.copies;
    }
  }
  for (const auto& [queue, tasks] : ready) publisher_.Tell(queue, tasks);
  return runs;
}

absl::Status HintingStore::Cancel(RunId run, const std::string& reason) {
  auto status = real().Cancel(run, reason);
  if (status.ok()) publisher_.Nudge();
  return Tell(status);
}

absl::Status HintingStore::Drain(const std::string& executor_name) {
  auto status = real().Drain(executor_name);
  if (status.ok()) publisher_.Nudge();
  return status;
}

absl::StatusOr<std::unique_ptr<WakeSignal>> HintingStore::Listen() {
  auto signal = real().Listen();
  if (!signal.ok()) return signal;
  return nudges_.AddTo(*std::move(signal));
}

absl::Status HintingStore::Resume(RunId run) {
  return Tell(real().Resume(run));
}

absl::Status HintingStore::Retry(RunId run, RetryScope scope) {
  return Tell(real().Retry(run, scope));
}

absl::StatusOr<int> HintingStore::Requeue(const DeadLetterFilter& filter) {
  auto count = real().Requeue(filter);
  if (count.ok() && *count > 0) publisher_.TellWhatIsReady();
  return count;
}

absl::StatusOr<int> HintingStore::Discard(const DeadLetterFilter& filter) {
  auto count = real().Discard(filter);
  if (count.ok() && *count > 0) publisher_.TellWhatIsReady();
  return count;
}

absl::StatusOr<CallbackReply> HintingStore::Deliver(
    const CallbackDelivery& delivery) {
  auto reply = real().Deliver(delivery);
  if (reply.ok() && *reply == CallbackReply::kAccepted) {
    publisher_.TellWhatIsReady();
  }
  return reply;
}

absl::Status HintingStore::Answer(RunId run, TaskKey task,
                                  const JsonObject& body) {
  return Tell(real().Answer(run, task, body));
}

absl::Status HintingStore::ResumeQueue(const std::string& queue) {
  return Tell(real().ResumeQueue(queue));
}

}  // namespace windlass::rabbitmq

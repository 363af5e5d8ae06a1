// Tells executors that listen to the broker that there is work.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"
#include "source/rabbitmq/link.h"
#include "windlass/broker.h"

namespace windlass::rabbitmq {

// Queues and how many tasks are ready in each.
using ReadyQueues = std::vector<std::pair<std::string, std::int64_t>>;

// Hints are sent after the fact, in the background, and none is worth an error:
// who hears none polls. What is told about a queue while it waits to be sent is
// one telling, so a burst is a few hints and an outage of the broker is none
// too many. Nudges, which concern executors and not tasks, go the same way and
// are counted as hints. Connects at the first of them. Thread-safe.
class HintPublisher : public Link {
 public:
  // `look` says which queues have ready tasks; called on the publisher's
  // thread. `on_unroutable`: nobody has a queue for what we said.
  struct Parts {
    std::function<ReadyQueues()> look;
    OnChange on_change;
    std::function<void()> on_unroutable;
  };
  HintPublisher(const BrokerUrl& url, Parts parts);
  // Sends what is waiting, if that takes no more than a second or two.
  ~HintPublisher() override { Stop(); }

  // So many tasks of this queue have become ready.
  void Tell(const std::string& queue, std::int64_t tasks);
  // Some have, of whatever queue.
  void TellWhatIsReady();

  // There may be a command for an executor.
  void Nudge();

  // Fills in what concerns publishing.
  void AddTo(BrokerStatus& status) const;

 protected:
  absl::Status Serve(Connection& connection,
                     const std::stop_token& stop) override;
  bool WaitForWork(const std::stop_token& stop) override;

 private:
  using Moment = std::chrono::steady_clock::time_point;

  absl::Status Prepare(Connection& connection);
  absl::Status PublishWaiting(Connection& connection);
  absl::Status Publish(Connection& connection, const std::string& queue);
  absl::Status PublishNudge(Connection& connection);
  void NoteSent();
  absl::Status Handle(Connection& connection, const BrokerEvent& event);
  void Settle(const Confirm& confirm);
  void LookAround(const std::stop_token& stop);
  bool NeedsToLook(const std::stop_token& stop);
  Duration UntilNextTurn(const std::stop_token& stop) const;
  bool IsDone() const;
  // Gives up what was sent and not confirmed.
  void DropOutstanding();
  std::map<std::string, std::int64_t> TakeWaiting(std::size_t limit);

  const Parts parts_;

  mutable Mutex mutex_;
  std::condition_variable_any changed_;
  std::map<std::string, std::int64_t> waiting_ ABSL_GUARDED_BY(mutex_);
  bool look_ ABSL_GUARDED_BY(mutex_) = false;
  bool nudge_ ABSL_GUARDED_BY(mutex_) = false;
  BrokerStatus counts_ ABSL_GUARDED_BY(mutex_);

  // Of the thread alone.
  std::uint64_t last_tag_ = 0;
  std::map<std::uint64_t, Moment> outstanding_;  // By tag: since when.
  bool blocked_ = false;
  Moment next_look_;
  Moment next_declare_;
};

}  // namespace windlass::rabbitmq

// Hears from the broker that there is work.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"
#include "source/rabbitmq/link.h"
#include "windlass/broker.h"
#include "windlass/store.h"

namespace windlass::rabbitmq {

// A hint is held until the claim it causes has been decided, and acknowledged
// then: one claim answers all that are held. Only while somebody waits for work
// are hints taken from the broker; those that come too late go back, for
// others. A hint is acknowledged over the connection it came by or not at all:
// the broker gives it to somebody else when a connection ends.
//
// Thread-safe; one caller claims at a time.
class HintConsumer : public Link {
 public:
  // Hints about tasks of these queues; of all when empty.
  // `on_nudge`: there may be a command for this executor.
  HintConsumer(const BrokerUrl& url, std::vector<std::string> queues,
               int prefetch, OnChange on_change,
               std::function<void()> on_nudge);
  ~HintConsumer() override { Stop(); }

  // From now on hints are wanted, until Decided().
  void Want();
  enum class Claim { kNotMade, kFailed, kMade };
  // What became of the claim, which took so many tasks; whether there was a
  // hint for it.
  bool Decided(Claim claim, int tasks);

  // Signalled by hints, and when the connection comes or goes. Reliable while
  // hints are listened for.
  std::unique_ptr<WakeSignal> Listen();

  // Our queues may be gone.
  void DeclareAgain();

  BrokerStatus::Consuming consuming() const;

 protected:
  absl::Status Serve(Connection& connection,
                     const std::stop_token& stop) override;

 private:
  class Signal;
  using Moment = std::chrono::steady_clock::time_point;
  // What the thread is to do next, decided under the lock.
  struct Orders {
    std::uint64_t ack = 0;  // Up to this tag.
    std::uint64_t give_back = 0;
    bool listen = false;
    bool declare = false;
  };

  bool WaitForHint(Duration timeout, std::stop_token stop);
  void Wake();
  absl::Status Prepare(Connection& connection);
  absl::Status Listen(Connection& connection);
  absl::Status StopListening(Connection& connection);
  absl::Status Obey(Connection& connection);
  absl::Status CarryOut(const Orders& orders, Connection& connection);
  absl::Status KeepBound(Connection& connection);
  Orders TakeOrders();
  absl::Status Handle(Connection& connection, const BrokerEvent& event);
  absl::Status Take(Connection& connection, const Delivery& delivery);
  void NoteNudge();
  std::vector<std::string> HintQueues() const;
  Duration UntilNextTurn() const;

  const std::vector<std::string> queues_;
  const int prefetch_;
  const std::function<void()> on_nudge_;

  mutable Mutex mutex_;
  std::condition_variable_any changed_;
  bool woken_ ABSL_GUARDED_BY(mutex_) = false;
  bool listening_ ABSL_GUARDED_BY(mutex_) = false;
  bool wanted_ ABSL_GUARDED_BY(mutex_) = false;
  bool declare_ ABSL_GUARDED_BY(mutex_) = false;
  // Of the channel there is now; 0: none. Held hints are those after `acked_`,
  // and the claim under way answers those up to `taken_`.
  std::uint64_t last_ ABSL_GUARDED_BY(mutex_) = 0;
  std::uint64_t taken_ ABSL_GUARDED_BY(mutex_) = 0;
  std::uint64_t decided_ ABSL_GUARDED_BY(mutex_) = 0;
  std::uint64_t acked_ ABSL_GUARDED_BY(mutex_) = 0;
  Moment held_since_ ABSL_GUARDED_BY(mutex_);
  BrokerStatus::Consuming counts_ ABSL_GUARDED_BY(mutex_);

  // Of the thread alone.
  Moment next_bind_;
};

}  // namespace windlass::rabbitmq

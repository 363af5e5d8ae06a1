// A connection that comes back: connects, is used until it breaks, waits,
// connects again.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"
#include "base/service.h"
#include "source/rabbitmq/broker_url.h"
#include "source/rabbitmq/connection.h"
#include "windlass/broker.h"

namespace windlass::rabbitmq {

// A subclass says what is done with the connection, and calls Stop() in its
// destructor. Thread-safe.
class Link : public ThreadService {
 public:
  // Told when status() has changed, on the link's thread.
  using OnChange = std::function<void()>;
  Link(const char* thread, std::string name, BrokerUrl url, OnChange on_change);

  BrokerLink status() const;

 protected:
  // Uses a new connection until it breaks, and returns why; OK when stopped.
  // Calls NoteUp() once it can be used.
  virtual absl::Status Serve(Connection& connection,
                             const std::stop_token& stop) = 0;
  // Whether to connect at all; waits until there is a reason to. By default
  // there is until a stop.
  virtual bool WaitForWork(const std::stop_token& stop);

  void NoteUp(const Connection& connection);
  void NoteBlocked(bool blocked);
  const Waker& waker() const { return waker_; }
  const BrokerUrl& url() const { return url_; }

  void Run(std::stop_token stop) final;

 private:
  absl::Status Connect(const std::stop_token& stop);
  void NoteDown(const absl::Status& why);
  bool LastedLong() const;
  void Pause(Duration pause, const std::stop_token& stop) const;

  const std::string name_;
  const BrokerUrl url_;
  const OnChange on_change_;
  const Waker waker_;

  mutable Mutex mutex_;
  BrokerLink status_ ABSL_GUARDED_BY(mutex_);

  // Of the thread alone.
  std::chrono::steady_clock::time_point up_since_;
};

}  // namespace windlass::rabbitmq

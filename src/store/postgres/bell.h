// Telling every process that uses the store that there may be something to do.
//
// Ringing never touches the transaction that makes work available: commits with
// a pending NOTIFY wait for one another. A thread of its own sends one NOTIFY
// for all that rang meanwhile, and another one listens. What is rung in this
// process is heard in it at once.
//
// Thread-safe.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"
#include "store/postgres/database.h"
#include "windlass/store.h"

namespace windlass::postgres {

class Bell {
 public:
  // Rings through `database`, which is borrowed; listens in a session of its
  // own as `listen` says.
  Bell(Database& database, SessionOptions listen);
  // Sends what was rung last.
  ~Bell();

  void Ring();
  // Starts to listen at the first call. Hears what is rung from now on.
  std::unique_ptr<WakeSignal> Listen();

 private:
  class Signal;

  void SendRings(std::stop_token stop);
  void HearRings(std::stop_token stop);
  // Until the session breaks or a stop is requested.
  void HearWith(Connection& connection, std::stop_token stop);
  void WakeAll();
  std::string NotifyText(const std::string& payload) const;

  Database& database_;
  const SessionOptions listen_;
  const std::string channel_;
  const std::string self_;  // Tells our own rings from others'.

  Mutex mutex_;
  std::condition_variable_any changed_;
  bool rung_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::weak_ptr<Signal>> signals_ ABSL_GUARDED_BY(mutex_);
  // Whether what others ring is heard at present: not behind a pooler in
  // transaction mode, nor while there is no connection. Listeners may outlive
  // us.
  const std::shared_ptr<std::atomic<bool>> hears_ =
      std::make_shared<std::atomic<bool>>(false);

  std::jthread listener_ ABSL_GUARDED_BY(mutex_);
  std::jthread sender_ ABSL_GUARDED_BY(mutex_);  // Since the first ring.
};

}  // namespace windlass::postgres
